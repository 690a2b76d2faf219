"""What the mask of a candidate must leave, at least: counts of weights and channels, whichever they are.

Exactly k groups of weights are removed, and with them the channels that nothing reads or feeds any more. Not for what a
drawn mask leaves: that is more.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hwsearch.network.topology import LayerShape
from hwsearch.plan.plan import Plan
from hwsearch.space.candidate import Candidate

_MOST_ALLOCATIONS = 2048


@dataclass(frozen=True)
class Remainder:
    """What a mask must leave.

    Attributes:
        weights: In each layer, at least, between channels that stay.
        total: Of all layers together, at least.
        channels: Of each layer, at least.
        whole: Whether it is channels that go, and what is left has every weight.
    """

    weights: tuple[int, ...]
    total: int
    channels: tuple[int, ...]
    whole: bool = False


def least_remainders(plan: Plan, candidate: Candidate) -> Iterator[Remainder]:
    """Yield what a candidate's mask must leave; for channels, each way to share them out over the layers."""
    layers = plan.spec.layers
    sparsities = candidate.sparsity * len(layers) if len(candidate.sparsity) == 1 else candidate.sparsity
    apart = plan.study.space.scope == "layer" or len(candidate.sparsity) > 1
    if candidate.granularity != "channel":
        yield _remaining_weights(layers, candidate.granularity, sparsities, apart=apart)
        return
    sizes = [layer.out_channels for layer in layers[:-1]]
    if apart:
        ways = [tuple(max(1, n - _removed(s, n)) for n, s in zip(sizes, sparsities, strict=False))]
    else:
        ways = _allocations(sizes, sum(sizes) - _removed(sparsities[0], sum(sizes)))
    for hidden in ways:
        channels = (*hidden, layers[-1].out_channels)
        weights = tuple(
            n_weights(layer, *widths)
            for layer, widths in zip(layers, layer_widths(layers, channels), strict=True)
        )
        yield Remainder(weights, sum(weights), channels, whole=True)


def _remaining_weights(
    layers: Sequence[LayerShape], granularity: str, sparsities: Sequence[float], *, apart: bool
) -> Remainder:
    """Return what is left where groups of weights are removed, of each layer or of all together."""
    sizes = [math.prod(layer.weight_shape) for layer in layers]
    if granularity.startswith("nm:") or apart:
        pairs = zip(layers, sparsities, strict=True)
        gone = [_most_removed([layer], granularity, sparsity) for layer, sparsity in pairs]
        together = sum(gone)
    else:
        together = _most_removed(layers, granularity, sparsities[0])
        gone = [
            min(together, n) if _groups(layer, granularity) else 0
            for layer, n in zip(layers, sizes, strict=True)
        ]
    channels = _least_channels(layers, gone)
    blocks = [
        n_weights(layer, *widths)
        for layer, widths in zip(layers, layer_widths(layers, channels), strict=True)
    ]
    weights = tuple(max(0, n - out) for n, out in zip(blocks, gone, strict=True))
    return Remainder(weights, max(sum(weights), sum(blocks) - together), channels)


def _least_channels(layers: Sequence[LayerShape], gone: Sequence[int]) -> tuple[int, ...]:
    """Return the channels of each layer that must stay when so many weights of each layer are removed.

    A channel goes for good when no channel that stays reads it, or when none feeds it (`network.fold.shrink`): all
    weights between it and those must have been removed. Inputs and the readout's channels stay.
    """
    channels = [layer.out_channels for layer in layers]
    for place in reversed(range(len(layers) - 1)):
        after, layer = layers[place + 1], layers[place]
        fed_by = layer.in_channels if place == 0 else layer.fan_columns
        unread = gone[place + 1] // (channels[place + 1] * after.fan_columns * after.kernel**2)
        unfed = gone[place] // (fed_by * layer.kernel**2)
        channels[place] = max(1, channels[place] - unread - unfed)
    return tuple(channels)


def _groups(layer: LayerShape, granularity: str) -> dict[int, int]:
    """Return how many groups of each size a layer has; none where it is not pruned."""
    rows, columns = layer.out_channels, math.prod(layer.weight_shape[1:])
    if granularity == "weight":
        return {1: rows * columns}
    if granularity == "kernel":
        return {} if layer.kind == "fc" else {layer.kernel**2: rows * layer.in_channels}
    length = int(granularity.partition(":")[2])
    whole, tail = divmod(columns, length)
    return {length: rows * whole} | ({tail: rows} if tail else {})


def _most_removed(layers: Sequence[LayerShape], granularity: str, sparsity: float) -> int:
    """Return the most weights that a fraction of all groups of these layers can be (see `compress.masks`)."""
    kind, _, length = granularity.partition(":")
    if kind == "nm":
        stay = round((1 - sparsity) * int(length))
        return sum(
            count * (size - min(size, -(-stay * size // int(length))))
            for size, count in _all_groups(layers, granularity)
        )
    groups = sorted(_all_groups(layers, granularity), reverse=True)
    left, total = _removed(sparsity, sum(count for _, count in groups)), 0
    for size, count in groups:
        total += size * min(left, count)
        left -= min(left, count)
    return total


def _all_groups(layers: Sequence[LayerShape], granularity: str) -> list[tuple[int, int]]:
    """Return (size, how many) of the groups of several layers."""
    return [group for layer in layers for group in _groups(layer, granularity).items()]


def _removed(sparsity: float, n: int) -> int:
    """Return how many of n groups go, at most (see `compress.masks`)."""
    return math.floor(sparsity * n + 0.5)


def _allocations(sizes: Sequence[int], total: int) -> list[tuple[int, ...]]:
    """Return each way to share out channels over layers, or where there are too many, the least of each layer."""
    least = [max(1, total - sum(sizes) + n) for n in sizes]
    ranges = [range(low, high + 1) for low, high in zip(least, sizes, strict=True)][:-1]
    if math.prod(len(choices) for choices in ranges) > _MOST_ALLOCATIONS:
        return [tuple(least)]
    ways = [(*first, max(1, total - sum(first))) for first in itertools.product(*ranges)]
    return [way for way in ways if way[-1] <= sizes[-1]]


def layer_widths(layers: Sequence[LayerShape], channels: Sequence[int]) -> list[tuple[int, int]]:
    """Return the outputs and inputs of each layer's weights."""
    read = [
        layers[0].in_channels,
        *(n * layer.fan_columns for n, layer in zip(channels, layers[1:], strict=False)),
    ]
    return list(zip(channels, read, strict=True))


def n_weights(layer: LayerShape, out: int, read: int) -> int:
    """Return the weights of a layer between so many outputs and inputs."""
    return out * read * layer.kernel**2
