"""How many channels of each population must stay when so many weights are removed, whichever they are.

A channel goes for good when it matters to nothing or nothing fires it (`network.shrink`): all weights between it and
what stays on one of its sides must have been removed. What feeds back to itself, and what shares its channels, is
judged together there, and so it is here: as a cluster. Counts are bounds from below: they may be loose.
"""

from __future__ import annotations

from collections.abc import Sequence

from hwsearch.graph.graph import INPUT, Connection, NetworkSpec
from hwsearch.graph.order import channel_groups, components


def least_channels(spec: NetworkSpec, gone: Sequence[int]) -> tuple[int, ...]:
    """Return the channels of each population that must stay; the readout keeps all.

    Args:
        spec: The architecture.
        gone: Weights that are removed of each connection, at most.
    """
    groups = removable_groups(spec)
    clusters = _clusters([*groups, *components(len(spec.populations), spec.connections)])
    channels = [population.channels for population in spec.populations]
    # of a population that is not judged yet nothing is known but that one channel stays
    least = [1 if any(p in group for group in groups) else n for p, n in enumerate(channels)]
    for group in reversed(groups):
        cluster = next(found for found in clusters if group[0] in found)
        removed = _removed_channels(spec, gone, group, cluster, least)
        for p in group:
            channels[p] = least[p] = max(1, channels[p] - removed)
    return tuple(channels)


def removable_groups(spec: NetworkSpec) -> list[tuple[int, ...]]:
    """Return the populations in groups that share their channels, without what the input or the readout is tied to."""
    last = len(spec.populations) - 1
    groups = channel_groups(len(spec.populations), spec.connections)
    return [group for group in groups if INPUT not in group and last not in group]


def _clusters(groups: Sequence[tuple[int, ...]]) -> list[set[int]]:
    """Return populations in sets that no group reaches out of."""
    found: list[set[int]] = []
    for group in groups:
        touching = [each for each in found if each & set(group)]
        found = [each for each in found if not each & set(group)]
        found.append(set(group).union(*touching))
    return found


def _removed_channels(
    spec: NetworkSpec, gone: Sequence[int], group: Sequence[int], cluster: set[int], least: Sequence[int]
) -> int:
    """Return how many channels of a group may go, at most: the least of what each of its populations may lose.

    Where channels keep apart within the cluster (depthwise filters alone), each channel that goes has lost all weights
    of one kind: on one side of one population, or of one filter.
    """
    within = [i for i, c in enumerate(spec.connections) if c.source in cluster and c.target in cluster]
    losses = [_losses(spec.connections, gone, p, cluster, least) for p in group]
    unbounded = spec.populations[group[0]].channels if _touched(spec.connections, gone, cluster) else 0
    most = min(sum(unbounded if n is None else n for n in sides) for sides in losses)
    if all(spec.connections[i].depthwise for i in within):
        sides = sum(n or 0 for pair in losses for n in pair)
        most = min(most, sides + sum(gone[i] // spec.connections[i].area for i in within))
    return most


def _losses(
    connections: Sequence[Connection],
    gone: Sequence[int],
    place: int,
    cluster: set[int],
    least: Sequence[int],
) -> tuple[int | None, int | None]:
    """Return how many channels nothing outside the cluster reads, and how many nothing there feeds, at most.

    None: nothing outside does in the first place.
    """
    unread = [
        gone[i] // (least[c.target] * c.fan_columns * c.area)
        for i, c in enumerate(connections)
        if c.source == place and c.target not in cluster
    ]
    unfed = [
        gone[i] // ((c.in_channels if c.source == INPUT else c.fan_columns) * c.area)
        for i, c in enumerate(connections)
        if c.target == place and c.source not in cluster
    ]
    return min(unread, default=None), min(unfed, default=None)


def _touched(connections: Sequence[Connection], gone: Sequence[int], cluster: set[int]) -> bool:
    """Return whether any weight into or out of a cluster is removed."""
    return any(gone[i] for i, c in enumerate(connections) if c.source in cluster or c.target in cluster)
