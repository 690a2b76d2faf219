"""What the mask of a candidate must leave, at least: counts of weights and channels, whichever they are.

Exactly k groups of weights are removed, and with them the channels that nothing reads or feeds any more. Channels that
a depthwise connection or a residual identity ties together go together. Not for what a drawn mask leaves: that is more.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hwsearch.graph.graph import INPUT, Connection, NetworkSpec
from hwsearch.plan.least_channels import least_channels, removable_groups
from hwsearch.plan.plan import Plan
from hwsearch.space.candidate import Candidate

_MOST_ALLOCATIONS = 2048


@dataclass(frozen=True)
class Remainder:
    """What a mask must leave.

    Attributes:
        weights: In each connection, at least, between channels that stay.
        total: Of all connections together, at least.
        channels: Of each population, at least.
        whole: Whether it is channels that go, and what is left has every weight.
    """

    weights: tuple[int, ...]
    total: int
    channels: tuple[int, ...]
    whole: bool = False


def least_remainders(plan: Plan, candidate: Candidate) -> Iterator[Remainder]:
    """Yield what a candidate's mask must leave; for channels, each way to share them out over the populations."""
    spec = plan.spec
    knobs = candidate.sparsity * len(spec.prunable) if len(candidate.sparsity) == 1 else candidate.sparsity
    apart = plan.study.space.scope == "layer" or len(candidate.sparsity) > 1
    if isinstance(candidate.granularity, tuple):
        raise ValueError("where layers choose their granularity, `least_of_any` holds for all candidates")
    if candidate.granularity != "channel":
        yield _remaining_weights(spec, candidate.granularity, knobs, apart=apart)
        return
    groups = removable_groups(spec)
    sizes = [spec.populations[group[0]].channels for group in groups]
    if apart:
        sparsest = [
            max((s for p in group for s in _sparsities_of(spec, knobs, p)), default=0.0) for group in groups
        ]
        ways = [tuple(max(1, n - _removed(s, n)) for n, s in zip(sizes, sparsest, strict=True))]
    else:
        ways = _allocations(sizes, sum(sizes) - _removed(knobs[0], sum(sizes)))
    for way in ways:
        channels = [population.channels for population in spec.populations]
        for group, n in zip(groups, way, strict=True):
            for place in group:
                channels[place] = n
        weights = tuple(n_weights(c, *widths(c, channels)) for c in spec.connections)
        yield Remainder(weights, sum(weights), tuple(channels), whole=True)


def least_of_any(spec: NetworkSpec, granularities: Sequence[str], sparsity: float) -> Remainder:
    """Return what every mask leaves whose layers choose their granularity, up to a sparsity; loose."""
    gone = [0] * len(spec.connections)
    for place in spec.prunable:
        connection = spec.connections[place]
        removed = [_most_removed([connection], g, sparsity) for g in granularities if g != "channel"]
        # a channel takes weights of every connection that it touches
        gone[place] = connection.n_weights if "channel" in granularities else max(removed)
    channels = least_channels(spec, gone)
    blocks = [n_weights(c, *widths(c, channels)) for c in spec.connections]
    weights = tuple(max(0, n - out) for n, out in zip(blocks, gone, strict=True))
    return Remainder(weights, sum(weights), channels)


def _sparsities_of(spec: NetworkSpec, knobs: Sequence[float], population: int) -> list[float]:
    """Return the sparsities of the connections into a population that may be pruned."""
    pairs = zip(spec.prunable, knobs, strict=True)
    return [sparsity for place, sparsity in pairs if spec.connections[place].target == population]


def _remaining_weights(
    spec: NetworkSpec, granularity: str, knobs: Sequence[float], *, apart: bool
) -> Remainder:
    """Return what is left where groups of weights are removed, of each connection or of all together."""
    prunable = [spec.connections[place] for place in spec.prunable]
    if granularity.startswith("nm:") or apart:
        pairs = zip(prunable, knobs, strict=True)
        most = [_most_removed([connection], granularity, sparsity) for connection, sparsity in pairs]
        together = sum(most)
    else:
        together = _most_removed(prunable, granularity, knobs[0])
        most = [min(together, c.n_weights) if _groups(c, granularity) else 0 for c in prunable]
    gone = [0] * len(spec.connections)
    for place, n in zip(spec.prunable, most, strict=True):
        gone[place] = n
    channels = least_channels(spec, gone)
    blocks = [n_weights(c, *widths(c, channels)) for c in spec.connections]
    weights = tuple(max(0, n - out) for n, out in zip(blocks, gone, strict=True))
    return Remainder(weights, max(sum(weights), sum(blocks) - together), channels)


def _groups(connection: Connection, granularity: str) -> dict[int, int]:
    """Return how many groups of each size a connection has; none where it is not pruned."""
    rows, columns = connection.out_channels, math.prod(connection.weight_shape[1:])
    if granularity == "weight":
        return {1: rows * columns}
    if granularity == "kernel":
        area = connection.area
        return {} if connection.kind == "fc" else {area: rows * columns // area}
    length = int(granularity.partition(":")[2])
    whole, tail = divmod(columns, length)
    return {length: rows * whole} | ({tail: rows} if tail else {})


def _most_removed(connections: Sequence[Connection], granularity: str, sparsity: float) -> int:
    """Return the most weights that a fraction of all groups of these connections can be (see `compress.masks`)."""
    kind, _, length = granularity.partition(":")
    if kind == "nm":
        stay = round((1 - sparsity) * int(length))
        return sum(
            count * (size - min(size, -(-stay * size // int(length))))
            for size, count in _all_groups(connections, granularity)
        )
    groups = sorted(_all_groups(connections, granularity), reverse=True)
    left, total = _removed(sparsity, sum(count for _, count in groups)), 0
    for size, count in groups:
        total += size * min(left, count)
        left -= min(left, count)
    return total


def _all_groups(connections: Sequence[Connection], granularity: str) -> list[tuple[int, int]]:
    """Return (size, how many) of the groups of several connections."""
    return [group for connection in connections for group in _groups(connection, granularity).items()]


def _removed(sparsity: float, n: int) -> int:
    """Return how many of n groups go, at most (see `compress.masks`)."""
    return math.floor(sparsity * n + 0.5)


def _allocations(sizes: Sequence[int], total: int) -> list[tuple[int, ...]]:
    """Return each way to share out channels over groups, or where there are too many, the least of each."""
    if not sizes:
        return [()]
    least = [max(1, total - sum(sizes) + n) for n in sizes]
    ranges = [range(low, high + 1) for low, high in zip(least, sizes, strict=True)][:-1]
    if math.prod(len(choices) for choices in ranges) > _MOST_ALLOCATIONS:
        return [tuple(least)]
    ways = [(*first, max(1, total - sum(first))) for first in itertools.product(*ranges)]
    return [way for way in ways if way[-1] <= sizes[-1]]


def widths(connection: Connection, channels: Sequence[int]) -> tuple[int, int]:
    """Return the outputs of a connection's weights, and the inputs of each, between so many channels."""
    out = channels[connection.target]
    if connection.depthwise:
        return out, 1
    if connection.source == INPUT:
        return out, connection.in_channels
    return out, channels[connection.source] * connection.fan_columns


def n_weights(connection: Connection, out: int, read: int) -> int:
    """Return the weights of a connection between so many outputs and inputs."""
    return out * read * connection.area
