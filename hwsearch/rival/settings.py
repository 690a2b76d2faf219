"""Which settings of a plain network are tried: the study's levels, spread over sizes, then neighbours of the good."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np

from hwsearch.plan.plan import Plan
from hwsearch.rival.inputs import bins_offered, flattened
from hwsearch.rival.network import Setting, Shape
from hwsearch.rival.price import ACTIVATION_BITS
from hwsearch.space.candidate import rounded_snap

_OF_CHANNELS = ("channel", "kernel")
"""Granularities that are not tried: the number of hidden neurons is searched, and filters it has none."""


def offered(plan: Plan, hidden: Sequence[int]) -> list[Setting]:
    """Return every setting of the study's levels of bits (8 at most), granularity and sparsity."""
    space = plan.space
    bits = [n for n in space.weight_bits if n <= ACTIVATION_BITS] or [ACTIVATION_BITS]
    cuts = {
        ("weight" if snapped == 0 else granularity, snapped)
        for granularity in space.granularity
        if granularity not in _OF_CHANNELS
        for level in space.sparsity
        if (snapped := rounded_snap(granularity, level)) < 1
    } or {("weight", 0.0)}
    return [
        Setting(Shape(frames, n), width, granularity, sparsity)
        for frames in bins_offered(plan.data)
        for n in hidden
        for width in bits
        for granularity, sparsity in sorted(cuts)
    ]


def spread(settings: Sequence[Setting], plan: Plan, n: int, rng: np.random.Generator) -> list[Setting]:
    """Return settings that are spread over sizes: by rising size, one of each of n equal shares, by chance."""
    ordered = sorted(settings, key=lambda setting: (_size(setting, plan), setting))
    return [
        part[rng.integers(len(part))] for part in np.array_split(np.array(ordered, object), n) if len(part)
    ]


def neighbours(
    settings: Sequence[Setting],
    good: Sequence[Setting],
    known: Collection[Setting],
    n: int,
    rng: np.random.Generator,
) -> list[Setting]:
    """Return settings that differ in one knob, by one level, from good ones: in turn one of each, the best first.

    Args:
        settings: All.
        good: Those to go from, best first.
        known: What was tried.
        n: How many.
        rng: Where chance comes from.
    """
    every, taken = set(settings), list[Setting]()
    around = [list(rng.permutation(np.array([*_next_to(s, settings)], object))) for s in good]
    while any(around) and len(taken) < n:
        for options in around:
            while options:
                option = options.pop()
                if option in every and option not in known and option not in taken:
                    taken.append(option)
                    break
    return taken[:n]


def _next_to(setting: Setting, settings: Sequence[Setting]) -> Iterator[Setting]:
    """Yield the settings one level of one knob away; of granularities every other is a neighbour."""
    shape = setting.shape
    of_shape = {s.shape for s in settings}
    for hidden in _beside(shape.hidden, {s.hidden for s in of_shape}):
        yield Setting(
            Shape(shape.frames, int(hidden)), setting.weight_bits, setting.granularity, setting.sparsity
        )
    for frames in _beside(shape.frames, {s.frames for s in of_shape}):
        yield Setting(
            Shape(int(frames), shape.hidden), setting.weight_bits, setting.granularity, setting.sparsity
        )
    for bits in _beside(setting.weight_bits, {s.weight_bits for s in settings}):
        yield Setting(shape, int(bits), setting.granularity, setting.sparsity)
    for granularity in sorted({s.granularity for s in settings}):
        levels = {s.sparsity for s in settings if s.granularity == granularity}
        nearest = _beside(setting.sparsity, levels)
        if granularity != setting.granularity:
            nearest = [min(levels, key=lambda level: abs(level - setting.sparsity))]
        for sparsity in nearest:
            yield Setting(shape, setting.weight_bits, granularity, sparsity)


def _beside(value: float, levels: Collection[float]) -> list[float]:
    """Return the next level below and the next above."""
    ordered = sorted(levels)
    return [
        *[level for level in ordered if level < value][-1:],
        *[level for level in ordered if level > value][:1],
    ]


def _size(setting: Setting, plan: Plan) -> float:
    """Return about how many bytes the weights take."""
    n_in = flattened(plan.data.x_train[:1], plan.data, setting.shape.frames).shape[1]
    hidden, classes = setting.shape.hidden, plan.data.classes
    n_weights: int = n_in * classes if hidden == 0 else hidden * (n_in + classes)
    return n_weights * (1 - setting.sparsity) * setting.weight_bits / 8
