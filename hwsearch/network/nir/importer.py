"""A trained network of another framework, by its NIR graph, as this project's network and parameters.

Populations are the graph's neurons, connections what stands between them. Thresholds and gains go into weights and
biases, so that each law's threshold is 1; leaks become the nearest shift, and what that takes is in ``snaps``. A
network that ends in spiking neurons is read out by counting their spikes. Not for running it: `stack`, `nir.run`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hwsearch.errors import Fault, InputError
from hwsearch.graph.graph import Input, NetworkSpec
from hwsearch.network.integers import IntegerNetwork
from hwsearch.network.nir.assembly import Assembly, Snap
from hwsearch.network.nir.currents import walk
from hwsearch.network.nir.exported import as_floats, exported_network
from hwsearch.network.nir.file import RawGraph, read_raw
from hwsearch.network.nir.neurons import RESETS
from hwsearch.network.nir.nodes import read_node
from hwsearch.network.nir.order import one_input_and_output, order_of, stranded
from hwsearch.network.nir.signal import shape_of
from hwsearch.network.nir.time import TimeStep, time_step
from hwsearch.network.nir.units import DT
from hwsearch.network.nir.values import Neuron, Node, Reading, Terminal
from hwsearch.network.params import Params


@dataclass(frozen=True)
class NirOptions:
    """What a NIR graph does not say.

    Attributes:
        dt: Time step in seconds; None: of the graph's metadata, or the convention.
        reset: Of neurons whose metadata do not say: ``zero``, ``subtract``, or ``subtract_next`` (snnTorch's default:
            subtracted in the next timestep, behind the leak).
        full_scale: What the framework's network was given where this project's input is at its largest integer.
    """

    dt: float | None = None
    reset: str = "zero"
    full_scale: float = 1.0


@dataclass(frozen=True, eq=False)
class Imported:
    """A network of another framework.

    Attributes:
        spec: The network.
        params: Its trained parameters.
        snaps: One a population with a leak or a readout with one.
        exact_leaks: The leaks as written, one a population [C] (of the readout too): what `nir.run` compares with.
        time: The time step that was taken.
        notes: What was taken for granted, in sentences.
        integers: The integers, where the graph is an export of this project: the network is that one, exactly.
    """

    spec: NetworkSpec
    params: Params
    snaps: tuple[Snap, ...]
    exact_leaks: tuple[np.ndarray, ...]
    time: TimeStep
    notes: tuple[str, ...]
    integers: IntegerNetwork | None = None


def import_nir(
    source: Any, data: Input | None = None, options: NirOptions = NirOptions(), *, quantise_first: bool = True
) -> Imported:
    """Return the network of a NIR file or of an ``nir.NIRGraph``.

    Args:
        source: A path, or a graph.
        data: What the network reads; None: spikes, in the shape that the graph says.
        options: What a graph does not say.
        quantise_first: Of the network; see ``NetworkSpec``.

    Raises:
        InputError: The file is damaged, or the machine cannot do what it says; all that was found, by the node's name.
    """
    graph = read_raw(source)
    exported = exported_network(graph)
    if exported is not None:
        return _of_export(exported, data, graph, quantise_first)
    nodes, time, notes = _nodes(graph, options)
    kinds = {name: node.type for name, node in graph.nodes.items()}
    start, end = (next(name for name, kind in kinds.items() if kind == k) for k in ("Input", "Output"))
    neurons = {name for name, node in nodes.items() if isinstance(node, Neuron)}
    order = order_of(kinds, graph.edges, neurons, start)
    if isinstance(order, list):
        raise _refused(order, graph)
    data, faults = _data(nodes[start], data, start)
    if faults:
        raise _refused(faults, graph)
    for a, b in order.late:
        notes.append(f"{a} to {b} closes a circle: it carries what was one timestep before")
    w = walk(nodes, kinds, order, start, data.shape)
    if w.faults:
        raise _refused(w.faults, graph)
    assembly = Assembly(w, data, options.full_scale, start, end, notes)
    found = assembly.assembled(quantise_first=quantise_first)
    if found is None:
        raise _refused(w.faults, graph)
    return Imported(found.spec, found.params, found.snaps, found.exact_leaks, time, tuple(notes))


def _refused(faults: list[Fault], graph: RawGraph) -> InputError:
    return InputError([Fault(f.where, f.law, f.got, f.todo, graph.path) for f in faults])


def _of_export(
    integers: IntegerNetwork, data: Input | None, graph: RawGraph, quantise_first: bool
) -> Imported:
    """Return an export of this project as it was."""
    if data is not None and data.shape != integers.input.shape:
        law, got = (
            "an Input must have the shape of the data",
            f"{list(integers.input.shape)}, the data have {list(data.shape)}",
        )
        raise InputError(
            [Fault("input", law, got, "bring the data into the shape that it was exported with", graph.path)]
        )
    spec, params = as_floats(integers, quantise_first=quantise_first)
    leaks = tuple(np.full(p.channels, 0.0 if p.law is None else 1.0 - p.law.decay) for p in spec.populations)
    notes = ("an export of this project: the network is that of the integers in its metadata",)
    return Imported(spec, params, (), leaks, TimeStep(DT, "of the file's metadata"), notes, integers)


def _nodes(graph: RawGraph, options: NirOptions) -> tuple[dict[str, Node], TimeStep, list[str]]:
    """Return what each node means; all nodes' faults at once."""
    faults = _option_faults(options)
    time, wrong = time_step(graph.nodes, graph.metadata, options.dt, graph.path)
    faults += wrong
    kinds = {name: node.type for name, node in graph.nodes.items()}
    ends = one_input_and_output(kinds)
    if not ends:
        start, end = (next(name for name, kind in kinds.items() if kind == k) for k in ("Input", "Output"))
        ends = stranded(kinds, graph.edges, start, end)
    reset = graph.metadata.get("reset", options.reset)
    notes = [f"time step {time.dt:g} s: {time.origin}"]
    nodes = {}
    for name, raw in graph.nodes.items():
        reading = Reading(name, raw, time, reset, graph.path, _may_flatten(graph, name))
        node = read_node(reading)
        faults += reading.faults
        notes += reading.notes
        if node is not None:
            nodes[name] = node
    faults += [Fault(f.where, f.law, f.got, f.todo, graph.path) for f in ends]
    if faults:
        raise InputError(faults)
    return nodes, time, notes


def _may_flatten(graph: RawGraph, name: str) -> bool:
    """Return whether a node stands between neurons and a matrix: if nothing is written for it, it was a Flatten.

    Anything else there changes how many values there are, and the matrix would not fit, or changes nothing (Dropout).
    """
    before = {graph.nodes[a].type for a, b in graph.edges if b == name}
    behind = {graph.nodes[b].type for a, b in graph.edges if a == name}
    return (
        bool(before)
        and before <= {"LIF", "IF", "CubaLIF", "Input"}
        and bool(behind)
        and behind <= {"Affine", "Linear"}
    )


def _option_faults(options: NirOptions) -> list[Fault]:
    faults = []
    if options.dt is not None and not (np.isfinite(options.dt) and options.dt > 0):
        faults.append(Fault("dt", "a time step must be a positive number of seconds", f"{options.dt:g}"))
    if options.reset not in RESETS:
        faults.append(Fault("reset", f"a reset must be one of {', '.join(RESETS)}", options.reset))
    if not (np.isfinite(options.full_scale) and options.full_scale > 0):
        faults.append(
            Fault("full_scale", "the largest input must be a positive number", f"{options.full_scale:g}")
        )
    return faults


def _data(node: Node, data: Input | None, name: str) -> tuple[Input, list[Fault]]:
    """Return what the network reads, and whether that fits what the graph says."""
    written = node.shape if isinstance(node, Terminal) else None
    seen = shape_of(written) if written else None
    if data is None:
        if seen is None:
            got = "nothing" if not written else str(list(written))
            law = "an Input must say its shape, [N], [C, L] or [C, H, W]"
            return Input((1, 1, 1), 1, 1), [
                Fault(f"node {name!r} (Input)", law, got, "write it, or say what the data are")
            ]
        return Input(seen[0], 1, 1), []
    if seen is None or seen[0] == data.shape or (seen[1] and seen[0][0] == np.prod(data.shape)):
        return data, []
    law, got = (
        "an Input must have the shape of the data",
        f"{list(written or ())}, the data have {list(data.shape)}",
    )
    return data, [
        Fault(
            f"node {name!r} (Input)",
            law,
            got,
            "bring the data into the shape that the network was trained on",
        )
    ]
