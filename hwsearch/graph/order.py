"""In which order populations are computed, what is read by whom, and which populations share their channels."""

from __future__ import annotations

from collections.abc import Sequence

from hwsearch.graph.graph import INPUT, Connection


def entering(connections: Sequence[Connection], population: int) -> list[int]:
    """Return the places of the connections that enter a population, in order."""
    return [i for i, c in enumerate(connections) if c.target == population]


def reading(connections: Sequence[Connection], population: int) -> list[int]:
    """Return the places of the connections that read a population (or INPUT), in order."""
    return [i for i, c in enumerate(connections) if c.source == population]


def components(n_populations: int, connections: Sequence[Connection]) -> list[tuple[int, ...]]:
    """Return the populations in groups, in the order in which they can be computed over all timesteps.

    Populations of one group feed each other through delays and must be taken through time together; a group of one
    that does not feed itself is computed for all timesteps at once. Members are in the order of a timestep.
    """
    reach = _reach(n_populations, connections)
    mutual = [tuple(q for q in range(n_populations) if q == p or (q in reach[p] and p in reach[q]))
              for p in range(n_populations)]  # fmt: skip
    waiting, ordered = list(dict.fromkeys(mutual)), []

    def follows(group: tuple[int, ...]) -> bool:
        return any(not reach[p].isdisjoint(group) for other in waiting if other != group for p in other)

    # populations are in the order of a timestep, but a delayed connection may carry from a later one to an earlier one
    while waiting:
        ready = next(group for group in waiting if not follows(group))
        ordered.append(ready)
        waiting.remove(ready)
    return ordered


def _reach(n_populations: int, connections: Sequence[Connection]) -> list[set[int]]:
    """Return, of each population, those that what it sends comes to, over any connections."""
    reach: list[set[int]] = [{c.target for c in connections if c.source == p} for p in range(n_populations)]
    for middle in range(n_populations):
        for start in range(n_populations):
            if middle in reach[start]:
                reach[start] |= reach[middle]
    return reach


def steps_in_time(group: Sequence[int], connections: Sequence[Connection]) -> bool:
    """Return whether a group of ``components`` must be taken through time step by step."""
    return len(group) > 1 or any(c.source == c.target == group[0] for c in connections)


def channel_groups(n_populations: int, connections: Sequence[Connection]) -> list[tuple[int, ...]]:
    """Return the populations in groups that share their channels: a channel is removed in all of a group or in none.

    A depthwise connection, and so a residual identity, ties the channels of both its ends. A group that holds INPUT, or
    the readout, keeps all its channels.
    """
    group_of = {p: {p} for p in (INPUT, *range(n_populations))}
    for c in connections:
        if c.depthwise and group_of[c.source] is not group_of[c.target]:
            group_of[c.source] |= group_of[c.target]
            for p in group_of[c.target]:
                group_of[p] = group_of[c.source]
    found: dict[int, tuple[int, ...]] = {}
    for p in (INPUT, *range(n_populations)):
        found.setdefault(id(group_of[p]), tuple(sorted(group_of[p])))
    return list(found.values())
