"""Removal of channels that cannot matter, for good; the readout stays the same, bit for bit.

A channel cannot matter when it never fires (its bias alone does not fire it, and no weight of a channel that may fire
reaches it), or when no weight that reads it leads anywhere. Channels that a depthwise connection or a residual identity
ties together go in all their populations or in none; where one of these is the input or the readout they all stay.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, reduce

import numpy as np

from hwsearch.graph.graph import INPUT, Connection
from hwsearch.graph.order import channel_groups, components
from hwsearch.hardware.alignment import aligned_removal
from hwsearch.network.integers import IntegerConnection, IntegerNetwork, IntegerPopulation

Channels = dict[int, np.ndarray]
"""Of populations, a truth value for each channel."""
Link = tuple[int, int, np.ndarray]
"""From a population to one, and [channels of that one, channels of the first]: whether any weight joins them."""


def shrink(network: IntegerNetwork, multiple: int = 1) -> tuple[IntegerNetwork, tuple[np.ndarray, ...]]:
    """Remove every channel that cannot matter; one channel of each population stays.

    Args:
        network: The integers.
        multiple: Of whose channels a multiple stays where any go; the first of those that could go fill it up.

    Returns:
        The smaller network, and for each population but the readout the indices of the channels that stayed.
    """
    last = len(network.populations) - 1
    ties = _tied(tuple(c.shape for c in network.connections), last)
    alive = {p: np.ones(len(population.bias), bool) for p, population in enumerate(network.populations)}
    _settle(alive, ties, _Links(network, alive).needed, multiple)
    if all(each.all() for each in alive.values()):
        slim = network
    else:
        slim = replace(
            network,
            populations=tuple(_fewer(p, alive[i]) for i, p in enumerate(network.populations)),
            connections=tuple(slimmer(c, alive) for c in network.connections),
        )
    return slim, tuple(np.flatnonzero(alive[p]) for p in range(last))


def living(
    connections: tuple[Connection, ...],
    joined: Sequence[np.ndarray],
    channels: Sequence[int],
    multiple: int = 1,
) -> Channels:
    """Return which channels `shrink` keeps of a network of which every channel's bias fires it.

    Args:
        connections: Their shapes.
        joined: One a connection, shaped as its weights: which are not zero.
        channels: Of each population.
        multiple: See `shrink`.
    """
    ties = _tied(connections, len(channels) - 1)
    alive = {p: np.ones(n, bool) for p, n in enumerate(channels)}
    links = [(c.target, c.source, _feeds(c, held).T) for c, held in zip(connections, joined, strict=True)]

    def needed(cluster: Sequence[int]) -> Channels:
        return _leading(alive, links, cluster)

    _settle(alive, ties, needed, multiple, once=ties.backward)
    return alive


def slimmer(connection: IntegerConnection, alive: Channels) -> IntegerConnection:
    """Return a connection without the channels that are gone at its ends."""
    shape = connection.shape
    if alive[shape.target].all() and (shape.source == INPUT or alive[shape.source].all()):
        return connection
    weight = connection.weight[alive[shape.target]]
    n_inputs = shape.in_channels
    if shape.source != INPUT:
        if not shape.depthwise:
            weight = weight[:, np.repeat(alive[shape.source], shape.fan_columns)]
        n_inputs = int(alive[shape.source].sum()) * shape.fan_columns
    shape = replace(
        shape,
        in_channels=n_inputs,
        out_channels=len(weight),
        groups=n_inputs if shape.depthwise else shape.groups,
    )
    return replace(connection, shape=shape, weight=weight)


@dataclass(frozen=True)
class _Ties:
    """What of a network goes together.

    Attributes:
        groups: Populations that may lose channels, and lose the same ones.
        clusters: Sets of populations that are looked at together, latest first.
        backward: Whether each cluster is read by those before it in this order alone, and by itself: what leads
            somewhere is known once each was looked at.
    """

    groups: tuple[tuple[int, ...], ...]
    clusters: tuple[tuple[int, ...], ...]
    backward: bool


@lru_cache(maxsize=64)  # a search shrinks the same network again and again
def _tied(shapes: tuple[Connection, ...], last: int) -> _Ties:
    """Return what of a network goes together."""
    groups = [group for group in channel_groups(last + 1, shapes) if group[0] != INPUT and last not in group]
    clusters = _clusters([*groups, *components(last + 1, shapes)], last)
    known, backward = {last}, True
    for cluster in clusters:
        known |= set(cluster)
        backward &= all(c.target in known for c in shapes if c.source in cluster)
    return _Ties(tuple(groups), tuple(clusters), backward)


def _clusters(groups: Sequence[tuple[int, ...]], last: int) -> list[tuple[int, ...]]:
    """Return the spiking populations in sets that no group reaches out of, latest first."""
    found: list[set[int]] = []
    for group in groups:
        members = set(group) - {INPUT, last}
        touching = [each for each in found if each & members]
        found = [each for each in found if not each & members]
        found.append(members.union(*touching))
    return sorted((tuple(sorted(each)) for each in found if each), key=max, reverse=True)


def _settle(
    alive: Channels,
    ties: _Ties,
    needed: Callable[[Sequence[int]], Channels],
    multiple: int,
    *,
    once: bool = False,
) -> None:
    """Let those channels stay that are needed, until no more go; once: each cluster is looked at once."""
    changed = True
    while changed:
        changed = False
        for cluster in ties.clusters:
            staying = needed(cluster)
            for group in ties.groups:
                if group[0] in cluster:
                    changed |= _keep(alive, group, reduce(np.logical_or, [staying[p] for p in group]))
        changed &= not once
    for group in ties.groups if multiple > 1 else ():
        _fill_up(alive, group, multiple)


def _keep(alive: Channels, group: Sequence[int], needed: np.ndarray) -> bool:
    """Let the channels that are needed stay in every population of a group; return whether any goes."""
    before = alive[group[0]]
    after = before & needed
    if not after.any():
        after[before.argmax()] = True
    for p in group:
        alive[p] = after
    return bool((after != before).any())


def _fill_up(alive: Channels, group: Sequence[int], multiple: int) -> None:
    """Let as many channels of a group stay as make a multiple."""
    staying = alive[group[0]].copy()
    gone = np.flatnonzero(~staying)
    staying[gone[: gone.size - aligned_removal(staying.size, gone.size, multiple)]] = True
    for p in group:
        alive[p] = staying


def _leading(alive: Channels, backward: Sequence[Link], cluster: Sequence[int]) -> Channels:
    """Return which channels of a cluster lead somewhere, by what stays outside of it."""
    none = {p: np.zeros_like(alive[p]) for p in cluster}
    return _spread(alive, [link for link in backward if link[1] in none], none)


def _spread(alive: Channels, links: Sequence[Link], start: Channels) -> Channels:
    """Return what is reached over links from a start, and from all that stays outside of it."""
    reached, inside = dict(start), any(origin in start for origin, _, _ in links)
    while True:
        before = dict(reached)
        for origin, goal, feeds in links:
            active = None if origin == INPUT else reached.get(origin, alive[origin])
            hit = feeds.any(1) if active is None or active.all() else feeds[:, active].any(1)
            reached[goal] = reached[goal] | (hit & alive[goal])
        if not inside or all(np.array_equal(reached[p], before[p]) for p in reached):
            return reached


class _Links:
    """Which channels feed which, and which fire by their bias alone."""

    def __init__(self, network: IntegerNetwork, alive: Channels) -> None:
        self._network, self._alive = network, alive
        self._forward: list[Link] = [
            (c.shape.source, c.shape.target, _feeds(c.shape, c.weight)) for c in network.connections
        ]
        self._backward: list[Link] = [(target, source, feeds.T) for source, target, feeds in self._forward]
        self._alone: Channels = {}

    def needed(self, cluster: Sequence[int]) -> Channels:
        """Return which channels of a cluster may fire and lead somewhere, by what stays outside of it."""
        matters = _leading(self._alive, self._backward, cluster)
        none = {p: np.zeros_like(self._alive[p]) for p in cluster}
        forward = [link for link in self._forward if link[1] in none]
        fires = _spread(self._alive, forward, none)
        if not all((fires[p] | ~matters[p]).all() for p in cluster):
            alone = {p: self._fires_alone(p) & self._alive[p] for p in cluster}
            fires = _spread(self._alive, forward, alone)
        return {p: fires[p] & matters[p] for p in cluster}

    def _fires_alone(self, place: int) -> np.ndarray:
        if place not in self._alone:
            self._alone[place] = _fires_alone(self._network, self._network.populations[place])
        return self._alone[place]


def _feeds(shape: Connection, weight: np.ndarray) -> np.ndarray:
    """Return [out, channels of the source]: whether any weight joins them."""
    joined = weight if weight.dtype == np.bool_ else np.asarray(weight != 0)
    if shape.depthwise:
        return np.diag(joined.reshape(len(joined), -1).any(1))
    if joined.ndim == 2 and shape.fan_columns == 1:
        return joined
    spread = joined.reshape(len(joined), joined.shape[1] // shape.fan_columns, -1)
    return np.asarray(spread.any(2))


def _fires_alone(network: IntegerNetwork, population: IntegerPopulation) -> np.ndarray:
    """Return which channels their bias alone would fire within T timesteps."""
    membrane = np.zeros(len(population.bias), np.int64)
    fired = np.zeros(len(population.bias), bool)
    top = 2 ** (network.state_bits - 1) - 1
    for _ in range(network.timesteps):
        if population.leak_shift is not None:
            membrane = membrane - (membrane >> population.leak_shift)
        membrane = np.clip(membrane + population.bias, -top - 1, top)
        fired |= membrane >= np.asarray(population.threshold)
        if fired.all():
            break
    return fired


def _fewer(population: IntegerPopulation, keep: np.ndarray) -> IntegerPopulation:
    """Return a population without the channels that are not kept."""
    return IntegerPopulation(
        replace(population.shape, channels=int(keep.sum())),
        population.bias[keep],
        None if population.threshold is None else population.threshold[keep],
    )
