"""The order in which a timestep computes the nodes of a NIR graph, and which edges carry the last timestep's values.

An edge that closes a circle comes one timestep later: so do snnTorch, Norse and SpikingJelly run a recurrent graph.
Where a ``Delay`` stands in the circle its edge is the late one. A circle must pass through a neuron: without one it
would be a system of equations.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from hwsearch.errors import Fault

Edge = tuple[str, str]


@dataclass(frozen=True)
class Order:
    """A timestep's order.

    Attributes:
        nodes: Each behind all that it reads in the same timestep.
        forward: For each node the nodes that read it in the same timestep.
        late: Edges whose values come one timestep later, as they close a circle.
        delayed: Edges out of a ``Delay`` in a circle.
    """

    nodes: tuple[str, ...]
    forward: Mapping[str, tuple[str, ...]]
    late: tuple[Edge, ...]
    delayed: tuple[Edge, ...]


def one_input_and_output(kinds: Mapping[str, str]) -> list[Fault]:
    """Return what is wrong with the ends of a graph."""
    faults = []
    for kind in ("Input", "Output"):
        found = [name for name, k in kinds.items() if k == kind]
        if len(found) != 1:
            todo = (
                "remove the others: a prediction is made of one"
                if found
                else f"add a node of type {kind}, and its edge"
            )
            faults.append(Fault("nodes", f"a graph must have one {kind}", ", ".join(found) or "none", todo))
    return faults


def stranded(nodes: Collection[str], edges: Iterable[Edge], start: str, end: str) -> list[Fault]:
    """Return which nodes do not lie between the input and the output."""
    edges = list(edges)
    fed, useful = _reach(start, edges), _reach(end, [(b, a) for a, b in edges])
    faults = []
    for name in nodes:
        if name not in fed or name not in useful:
            got = "nothing leads to it" if name not in fed else "it leads nowhere"
            law = "a node must lie on a way from the input to the output"
            faults.append(Fault(f"node {name!r}", law, got, "add the missing edge, or remove the node"))
    return faults


def order_of(
    kinds: Mapping[str, str], edges: Collection[Edge], neurons: Collection[str], start: str
) -> Order | list[Fault]:
    """Return the order, or which circles pass through no neuron.

    Args:
        kinds: Types of all nodes, in the order of their writing.
        edges: All edges.
        neurons: Names of the nodes that are neurons.
        start: Name of the input.
    """
    loops = _loops(kinds, [(a, b) for a, b in edges if a not in neurons and b not in neurons])
    if loops:
        law, todo = "a circle must pass through a spiking neuron", "remove the edge that closes it"
        return [Fault(f"node {loop[0]!r}", law, " to ".join((*loop, loop[0])), todo) for loop in loops]
    reach = {name: _reach(name, edges) for name in kinds}
    delayed = [(a, b) for a, b in edges if kinds[a] == "Delay" and a in reach[b]]
    rest = [edge for edge in edges if edge not in set(delayed)]
    late = _closing(kinds, rest, start)
    kept = [edge for edge in rest if edge not in set(late)]
    forward = {name: tuple(b for a, b in kept if a == name) for name in kinds}
    return Order(_sorted(kinds, kept), forward, tuple(late), tuple(delayed))


def _reach(start: str, edges: Iterable[Edge]) -> set[str]:
    """Return a node and all that it leads to."""
    following: dict[str, list[str]] = {}
    for a, b in edges:
        following.setdefault(a, []).append(b)
    found, waiting = {start}, [start]
    while waiting:
        for name in following.get(waiting.pop(), ()):
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found


def _loops(names: Iterable[str], edges: Collection[Edge]) -> list[tuple[str, ...]]:
    """Return the sets of nodes that lead to each other."""
    reach = {name: {n for a, b in edges if a == name for n in _reach(b, edges)} for name in names}
    loops: list[tuple[str, ...]] = []
    for name in reach:
        if name in reach[name] and not any(name in loop for loop in loops):
            loops.append(tuple(n for n in reach if n in reach[name] and name in reach[n]))
    return loops


def _closing(names: Iterable[str], edges: Collection[Edge], start: str) -> list[Edge]:
    """Return the edges that lead back to a node on the way from the input, found depth first."""
    following: dict[str, list[str]] = {name: [] for name in names}
    for a, b in sorted(edges):  # frameworks write edges in the order of a set
        following[a].append(b)
    found: list[Edge] = []
    done: set[str] = set()
    for root in (start, *following):
        way, on_way = [(root, iter(following[root]))], {root}
        if root in done:
            continue
        while way:
            name, ahead = way[-1]
            step = next(ahead, None)
            if step is None:
                way.pop()
                on_way.discard(name)
                done.add(name)
            elif step in on_way:
                found.append((name, step))
            elif step not in done:
                way.append((step, iter(following[step])))
                on_way.add(step)
    return found


def _sorted(names: Iterable[str], edges: Collection[Edge]) -> tuple[str, ...]:
    """Return the nodes in topological order, in the order of their writing where that leaves a choice."""
    waiting = {name: sum(b == name for _, b in edges) for name in names}
    ordered: list[str] = []
    while waiting:
        name = next(n for n, count in waiting.items() if count == 0)
        del waiting[name]
        ordered.append(name)
        for a, b in edges:
            if a == name:
                waiting[b] -= 1
    return tuple(ordered)
