"""The bare content of a NIR graph, from a file (HDF5) or an ``nir.NIRGraph``: nodes by name, and edges.

A file is read with h5py alone: no pickle, no link out of the file, no class of a library is built from what it names.
Subgraphs are laid flat: ``rnn.lif`` is the node ``lif`` of the subgraph ``rnn``, whose inputs and outputs become nodes
that pass on what they get. Not for what a node means: `nir.nodes`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import nir
import numpy as np

from hwsearch.errors import Fault, InputError

_MOST_VALUES = 2**28
"""Values of one array: more than any device of this kind holds, and what a small damaged file can claim."""
_DEEPEST = 8
"""Levels of a file: a subgraph in a subgraph in a subgraph is the deepest that any framework writes."""
PASS = "Pass"
"""Type of a node that passes on what it gets: the end of a subgraph."""


@dataclass(frozen=True)
class RawNode:
    """One node as written.

    Attributes:
        type: ``LIF``, ``Affine``, ...
        values: Its numbers, by their names in NIR.
        metadata: What the framework noted beside them.
    """

    type: str
    values: Mapping[str, Any]
    metadata: Mapping[str, Any]


@dataclass(frozen=True)
class RawGraph:
    """A graph as written.

    Attributes:
        nodes: By name.
        edges: Pairs of names.
        metadata: Of the graph.
        path: The file; None for a graph in memory.
    """

    nodes: Mapping[str, RawNode]
    edges: tuple[tuple[str, str], ...]
    metadata: Mapping[str, Any]
    path: Path | None = None


def read_raw(source: Any) -> RawGraph:
    """Return the content of a NIR file or of an ``nir.NIRGraph``.

    Args:
        source: A path, or a graph.

    Raises:
        InputError: It is neither, or it is damaged; all that was found.
    """
    path = Path(source) if isinstance(source, (str, Path)) else None
    content = _graph_content(source) if path is None else _file_content(path)
    faults: list[Fault] = []
    graph = _flat(content, path, faults)
    if faults:
        raise InputError(faults)
    return graph


def write_graph(graph: Any, path: Path) -> None:
    """Write an ``nir.NIRGraph`` to a file.

    Raises:
        InputError: It is no such graph, or it is damaged.
    """
    read_raw(graph)
    try:
        nir.write(path, graph)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        law = "a graph must be one that nir.write writes"
        raise InputError([Fault("network", law, f"{type(error).__name__}: {error}")]) from None


def _file_content(path: Path) -> dict[str, Any]:
    """Return a file's graph as nested dictionaries."""
    law = "a NIR file must be a whole HDF5 file with the group 'node', as nir.write makes it"
    todo = "write the network again with the framework's NIR export"
    try:
        with h5py.File(path, "r") as file:
            if not isinstance(file.get("node"), h5py.Group):
                raise InputError([Fault("", law, f"the groups {sorted(file)}", todo, path)])
            return _group(file["node"], _DEEPEST)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        got = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError([Fault("", law, got.splitlines()[0] if got else repr(error), todo, path)]) from None


def _group(group: h5py.Group, depth: int) -> dict[str, Any]:
    """Return the content of a group; what leads out of the file is refused."""
    if depth == 0:
        raise ValueError(f"more than {_DEEPEST} groups within each other at {group.name!r}")
    found: dict[str, Any] = {}
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ValueError(f"a link out of its place at '{group.name}/{name}'")
        item = group[name]
        found[name] = _group(item, depth - 1) if isinstance(item, h5py.Group) else _dataset(item)
    return found


def _dataset(item: Any) -> Any:
    if not isinstance(item, h5py.Dataset):
        raise ValueError(f"neither a group nor an array at {item.name!r}")
    if item.external is not None or item.is_virtual:
        raise ValueError(f"an array that is stored in another file at {item.name!r}")
    if item.size is not None and item.size > _MOST_VALUES:
        raise ValueError(f"an array of {item.size} values at {item.name!r}, {_MOST_VALUES} at most")
    value = item[()]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _graph_content(graph: Any, depth: int = _DEEPEST) -> dict[str, Any]:
    """Return a graph in memory as nested dictionaries."""
    if not isinstance(getattr(graph, "nodes", None), Mapping) or not hasattr(graph, "edges"):
        law = "a network must be a NIR file, an nir.NIRGraph or a network string"
        raise InputError([Fault("network", law, type(graph).__name__)])
    if depth == 0:
        raise InputError([Fault("network", f"graphs may stand {_DEEPEST} within each other at most", "more")])
    return {
        "type": "NIRGraph",
        "nodes": {name: _node_content(node, depth) for name, node in graph.nodes.items()},
        "edges": graph.edges,
        "metadata": getattr(graph, "metadata", None) or {},
    }


def _node_content(node: Any, depth: int) -> dict[str, Any]:
    if hasattr(node, "nodes"):
        return _graph_content(node, depth - 1)
    values = {
        k: v for k, v in getattr(node, "__dict__", {}).items() if k not in ("input_type", "output_type")
    }
    kind = type(node).__name__
    if kind in ("Input", "Output"):
        types = getattr(node, f"{kind.lower()}_type", None)
        values["shape"] = next(iter(types.values()), None) if isinstance(types, Mapping) else None
    return {"type": kind, **values}


def _flat(content: Mapping[str, Any], path: Path | None, faults: list[Fault]) -> RawGraph:
    """Lay a graph and its subgraphs flat; what cannot be one is added to the faults."""
    nodes: dict[str, RawNode] = {}
    edges: list[tuple[str, str]] = []
    _lay("", content, nodes, edges, faults, path)
    return RawGraph(nodes, tuple(dict.fromkeys(edges)), _metadata(content), path)


def _lay(
    prefix: str, content: Mapping[str, Any], nodes: dict[str, RawNode], edges: list[tuple[str, str]],
    faults: list[Fault], path: Path | None,
) -> None:  # fmt: skip
    """Add the nodes and edges of a graph, with a prefix to their names."""
    place = prefix.rstrip(".")
    found = content.get("nodes")
    if not isinstance(found, Mapping) or not found:
        faults.append(Fault(place, "a graph must have nodes", path=path))
        return
    ends: dict[str, dict[str, str]] = {}  # of a subgraph, the nodes where edges enter and leave
    for name, node in found.items():
        where = f"{prefix}{name}"
        if not isinstance(node, Mapping) or not isinstance(node.get("type"), str):
            faults.append(Fault(where, "a node must say its type, a word", repr(node)[:60], path=path))
        elif node["type"] == "NIRGraph":
            ends[name] = _ends(where, node, faults, path)
            _lay(f"{where}.", node, nodes, edges, faults, path)
        else:
            kind = PASS if prefix and node["type"] in ("Input", "Output") else node["type"]
            values = {k: v for k, v in node.items() if k not in ("type", "metadata")}
            nodes[where] = RawNode(kind, values, _metadata(node))
    for start, end in _pairs(place, content.get("edges"), faults, path):
        for name in {start, end} - set(found):
            law, near = "an edge must join nodes of its graph", difflib.get_close_matches(name, found, n=1)
            todo = f"did you mean {near[0]!r}?" if near else f"its nodes: {', '.join(sorted(found))}"
            faults.append(Fault(place or "edges", law, f"{start!r} to {end!r}", todo, path))
        if start in found and end in found:
            a = ends[start].get("Output") if start in ends else f"{prefix}{start}"
            b = ends[end].get("Input") if end in ends else f"{prefix}{end}"
            edges += [(a, b)] if a is not None and b is not None else []


def _ends(where: str, graph: Mapping[str, Any], faults: list[Fault], path: Path | None) -> dict[str, str]:
    """Return the names of a subgraph's one input and one output."""
    found = graph.get("nodes")
    inner = found.items() if isinstance(found, Mapping) else ()
    kinds = {name: node.get("type") for name, node in inner if isinstance(node, Mapping)}
    ends = {}
    for kind in ("Input", "Output"):
        named = [name for name, inner_kind in kinds.items() if inner_kind == kind]
        if len(named) == 1:
            ends[kind] = f"{where}.{named[0]}"
        else:
            faults.append(Fault(where, f"a subgraph must have one node {kind}", str(len(named)), path=path))
    return ends


def _pairs(where: str, edges: Any, faults: list[Fault], path: Path | None) -> Iterator[tuple[str, str]]:
    """Yield the edges of a graph as pairs of names."""
    pairs = list(edges) if isinstance(edges, (list, tuple, np.ndarray)) else []
    if not pairs:
        todo = "write the network again with the framework's NIR export"
        faults.append(
            Fault(where or "edges", "a graph must have edges, pairs of names", repr(edges)[:60], todo, path)
        )
    for pair in pairs:
        names = [
            n.decode("utf-8", "replace") if isinstance(n, bytes) else n for n in np.atleast_1d(pair).tolist()
        ]
        if len(names) == 2 and all(isinstance(n, str) for n in names):
            yield names[0], names[1]
        else:
            faults.append(
                Fault(where or "edges", "an edge must be a pair of names", repr(pair)[:60], path=path)
            )


def _metadata(content: Mapping[str, Any]) -> Mapping[str, Any]:
    found = content.get("metadata")
    return found if isinstance(found, Mapping) else {}
