"""The search space: knobs and their levels, and the one spelling of each candidate.

What the device does not support or the network does not have is dropped, and a note says so. Two spellings of one
network (sparsity 0 at any granularity; n:m between its steps) are one candidate.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hwsearch.hardware.device import HardwareProfile
from hwsearch.space.candidate import Candidate, snap
from hwsearch.study.sections import Space

Setting = dict[str, str | int]
"""A choice for every knob: a granularity's name, levels by index."""


@dataclass(frozen=True)
class SearchSpace:
    """Levels of every knob.

    Attributes:
        sparsity, granularity, weight_bits, timesteps: Levels, numbers rising.
        per_layer: Number of layers, where each has a sparsity and bits; 0: one choice for the network.
        notes: What was dropped, and why.
    """

    sparsity: tuple[float, ...]
    granularity: tuple[str, ...]
    weight_bits: tuple[int, ...]
    timesteps: tuple[int, ...]
    per_layer: int
    notes: tuple[str, ...] = ()

    @property
    def knobs(self) -> dict[str, tuple[str, ...] | int]:
        """Each knob's choices, or the number of its ordered levels."""
        knobs: dict[str, tuple[str, ...] | int] = {"granularity": self.granularity}
        for suffix in self._suffixes:
            knobs[f"sparsity{suffix}"] = len(self.sparsity)
            knobs[f"weight_bits{suffix}"] = len(self.weight_bits)
        knobs["timesteps"] = len(self.timesteps)
        return knobs

    @property
    def size(self) -> int:
        """Number of different candidates (several settings may spell one)."""
        return self._n_masks * _power(len(self.weight_bits), self._n_choices) * len(self.timesteps)

    def nth(self, index: int) -> Setting:
        """Return the setting of the index-th of the different candidates, worked out without listing them.

        Raises:
            ValueError: There are not so many.
        """
        if not 0 <= index < self.size:
            raise ValueError(f"the space has candidates 0 to {self.size - 1}; got {index}")
        index, timesteps = divmod(index, len(self.timesteps))
        mask, bits = divmod(index, _power(len(self.weight_bits), self._n_choices))
        granularity, sparsity = self._nth_mask(mask)
        setting: Setting = {"granularity": granularity, "timesteps": timesteps}
        for suffix, level in zip(self._suffixes, sparsity, strict=True):
            bits, setting[f"weight_bits{suffix}"] = divmod(bits, len(self.weight_bits))
            setting[f"sparsity{suffix}"] = level
        return {name: setting[name] for name in self.knobs}

    def _nth_mask(self, index: int) -> tuple[str, tuple[int, ...]]:
        """Return granularity and levels of sparsity: the unpruned first, then granularity by granularity."""
        unpruned = [name for name, levels in self._steps.items() if 0.0 in levels]
        if unpruned and index == 0:
            return unpruned[0], (self._steps[unpruned[0]][0.0],) * self._n_choices
        index -= bool(unpruned)
        for granularity, levels in self._steps.items():
            whole = 0.0 in levels  # its first combination is the unpruned one
            count = _power(len(levels), self._n_choices) - whole
            if index < count:
                digits, index = [], index + whole
                for _ in range(self._n_choices):
                    index, digit = divmod(index, len(levels))
                    digits.append(digit)
                first_levels = list(levels.values())
                return granularity, tuple(first_levels[digit] for digit in digits)
            index -= count
        raise ValueError("the space has not so many masks")

    @cached_property
    def _steps(self) -> dict[str, dict[float, int]]:
        """By granularity, the different sparsities that it can have, rising, and the first level that gives each."""
        steps: dict[str, dict[float, int]] = {granularity: {} for granularity in self.granularity}
        for granularity, levels in steps.items():
            for index, level in enumerate(self.sparsity):
                levels.setdefault(_snapped(granularity, level), index)
        return steps

    @property
    def _n_masks(self) -> int:
        counts = [_power(len(levels), self._n_choices) - (0.0 in levels) for levels in self._steps.values()]
        return sum(counts) + any(0.0 in levels for levels in self._steps.values())

    @property
    def _n_choices(self) -> int:
        return max(1, self.per_layer)

    @property
    def _suffixes(self) -> list[str]:
        """What the names of each choice's knobs end in."""
        return [f"_{layer + 1}" for layer in range(self.per_layer)] or [""]

    def candidate(self, setting: Mapping[str, str | int]) -> Candidate:
        """Return the candidate of a setting of the knobs (levels by index)."""
        granularity = str(setting["granularity"])
        sparsity = tuple(self.sparsity[int(setting[f"sparsity{s}"])] for s in self._suffixes)
        bits = tuple(self.weight_bits[int(setting[f"weight_bits{s}"])] for s in self._suffixes)
        timesteps = self.timesteps[int(setting["timesteps"])]
        return canonical(Candidate(sparsity, granularity, bits, timesteps))

    def setting(self, candidate: Candidate) -> Setting:
        """Return a setting of a candidate of this space; of another's, the nearest one."""
        pruned = any(candidate.sparsity) and candidate.granularity in self.granularity
        names = (candidate.granularity,) if pruned else self.granularity
        nearest = [self._nearest(name, candidate.sparsity) for name in names]
        _, granularity, levels = min(nearest, key=lambda found: found[0])
        bits = candidate.bits(self._n_choices)
        setting: Setting = {
            "granularity": granularity,
            "timesteps": self.timesteps.index(candidate.timesteps),
        }
        for suffix, level, width in zip(self._suffixes, levels, bits, strict=True):
            setting[f"sparsity{suffix}"] = level
            setting[f"weight_bits{suffix}"] = self.weight_bits.index(width)
        return {name: setting[name] for name in self.knobs}

    def _nearest(self, granularity: str, sparsity: tuple[float, ...]) -> tuple[float, str, list[int]]:
        """Return how far a granularity is from these sparsities, and its levels that come nearest."""
        wanted = sparsity * self._n_choices if len(sparsity) == 1 else sparsity
        steps = self._steps[granularity]
        nearest = [min(steps, key=lambda step: abs(step - value)) for value in wanted]
        gap = sum(abs(step - value) for step, value in zip(nearest, wanted, strict=True))
        return gap, granularity, [steps[step] for step in nearest]

    def draw(self, rng: np.random.Generator) -> Setting:
        """Return a setting drawn evenly over the knobs."""
        return {
            name: int(rng.integers(choices)) if isinstance(choices, int) else str(rng.choice(choices))
            for name, choices in self.knobs.items()
        }

    def neighbour(self, setting: Setting, rng: np.random.Generator) -> Setting:
        """Return a setting with one knob or two moved: by one or two levels, or to another granularity."""
        moved, knobs = dict(setting), self.knobs
        for name in rng.choice(list(knobs), int(rng.integers(1, 3)), replace=False):
            choices = knobs[str(name)]
            if isinstance(choices, int):
                step = int(rng.choice([-2, -1, 1, 2]))
                moved[str(name)] = min(max(int(setting[str(name)]) + step, 0), choices - 1)
            else:
                moved[str(name)] = str(rng.choice(choices))
        return moved


def canonical(candidate: Candidate) -> Candidate:
    """Return the one spelling of a candidate."""
    sparsity = tuple(_snapped(candidate.granularity, s) for s in candidate.sparsity)
    granularity = candidate.granularity if any(sparsity) else "weight"
    if len(set(sparsity)) == 1 and len(sparsity) > 1 and not any(sparsity):
        sparsity = sparsity[:1]
    bits = candidate.weight_bits
    return Candidate(sparsity, granularity, bits, candidate.timesteps)


def _power(base: int, exponent: int) -> int:
    return math.prod([base] * exponent)


def _snapped(granularity: str, sparsity: float) -> float:
    return round(snap(granularity, sparsity), 12)


def search_space(space: Space, profile: HardwareProfile, *, has_conv: bool, n_layers: int) -> SearchSpace:
    """Return what can be searched of a study's space on a device.

    Args:
        space: The study's section.
        profile: The device.
        has_conv: Whether the network has a conv layer.
        n_layers: Layers with weights.
    """
    notes = []
    granularity = list(space.granularity)
    if "kernel" in granularity and not has_conv:
        granularity.remove("kernel")
        notes.append("granularity kernel is not searched: the network has no conv layer")
    unsupported = [g for g in granularity if g not in profile.granularities]
    if unsupported:
        notes.append(
            f"granularity {', '.join(unsupported)} is not searched: {profile.id} does not support it"
        )
    bits_out = [b for b in space.weight_bits if b not in profile.weight_bits]
    if bits_out:
        listed = ", ".join(map(str, bits_out))
        notes.append(f"weight_bits {listed} is not searched: {profile.id} does not store it")
    return SearchSpace(
        sparsity=tuple(sorted(space.sparsity_levels)),
        granularity=tuple(g for g in granularity if g not in unsupported),
        weight_bits=tuple(sorted(b for b in space.weight_bits if b not in bits_out)),
        timesteps=tuple(sorted(space.timesteps)),
        per_layer=n_layers if space.per_layer else 0,
        notes=tuple(notes),
    )
