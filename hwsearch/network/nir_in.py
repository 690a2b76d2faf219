"""A trained network of another framework, by its NIR graph, as this project's network and parameters.

Populations are the graph's neurons, connections what stands between them. Thresholds and gains go into weights and
biases, so that each law's threshold is 1; leaks become the nearest shift, and what that takes is in ``snaps``. A network
that ends in spiking neurons is read out by counting their spikes. Not for running it: `stack`, `nir_run`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from hwsearch.errors import Fault, InputError
from hwsearch.graph.graph import INPUT, Connection, Input, NetworkSpec, Pooling, Population, Readout
from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.network.integers import IntegerNetwork
from hwsearch.network.nir_currents import Current, Walk, walk
from hwsearch.network.nir_exported import as_floats, exported_network
from hwsearch.network.nir_file import RawGraph, read_raw
from hwsearch.network.nir_nodes import RESETS, Neuron, Node, Reading, Terminal, TimeStep, read_node, time_step
from hwsearch.network.nir_order import one_input_and_output, order_of, stranded
from hwsearch.network.nir_signal import Shape, Signal, Unsayable, per_channel, shape_of
from hwsearch.network.nir_units import DT
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
class Snap:
    """What taking the nearest shift changed in a population.

    Attributes:
        population: Its name here.
        node: Its name in the graph.
        leak: a = dt / tau as written, its mean over the neurons.
        leak_shift: k of the leak 2**-k that was taken; None: none.
        error: Largest relative error of a neuron's leak.
    """

    population: str
    node: str
    leak: float
    leak_shift: int | None
    error: float


@dataclass(frozen=True, eq=False)
class Imported:
    """A network of another framework.

    Attributes:
        spec: The network.
        params: Its trained parameters.
        snaps: One a population with a leak or a readout with one.
        exact_leaks: The leaks as written, one a population [C] (of the readout too): what `nir_run` compares with.
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
    w = walk(nodes, order, start, data.shape)
    if w.faults:
        raise _refused(w.faults, graph)
    return _Assembly(w, data, options, start, end, time, notes, quantise_first).imported(graph)


def _refused(faults: list[Fault], graph: RawGraph) -> InputError:
    return InputError([Fault(f.where, f.law, f.got, f.todo, graph.path) for f in faults])


def _of_export(integers: IntegerNetwork, data: Input | None, graph: RawGraph, quantise_first: bool) -> Imported:
    """Return an export of this project as it was."""
    if data is not None and data.shape != integers.input.shape:
        law, got = "an Input must have the shape of the data", f"{list(integers.input.shape)}, the data have {list(data.shape)}"
        raise InputError([Fault("input", law, got, "bring the data into the shape that it was exported with", graph.path)])
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
    return bool(before) and before <= {"LIF", "IF", "CubaLIF", "Input"} and bool(behind) and behind <= {"Affine", "Linear"}


def _option_faults(options: NirOptions) -> list[Fault]:
    faults = []
    if options.dt is not None and not (np.isfinite(options.dt) and options.dt > 0):
        faults.append(Fault("dt", "a time step must be a positive number of seconds", f"{options.dt:g}"))
    if options.reset not in RESETS:
        faults.append(Fault("reset", f"a reset must be one of {', '.join(RESETS)}", options.reset))
    if not (np.isfinite(options.full_scale) and options.full_scale > 0):
        faults.append(Fault("full_scale", "the largest input must be a positive number", f"{options.full_scale:g}"))
    return faults


def _data(node: Node, data: Input | None, name: str) -> tuple[Input, list[Fault]]:
    """Return what the network reads, and whether that fits what the graph says."""
    written = node.shape if isinstance(node, Terminal) else None
    seen = shape_of(written) if written else None
    if data is None:
        if seen is None:
            got = "nothing" if not written else str(list(written))
            law = "an Input must say its shape, [N], [C, L] or [C, H, W]"
            return Input((1, 1, 1), 1, 1), [Fault(f"node {name!r} (Input)", law, got, "write it, or say what the data are")]
        return Input(seen[0], 1, 1), []
    if seen is None or seen[0] == data.shape or seen[1] and seen[0][0] == np.prod(data.shape):
        return data, []
    law, got = "an Input must have the shape of the data", f"{list(written or ())}, the data have {list(data.shape)}"
    return data, [Fault(f"node {name!r} (Input)", law, got, "bring the data into the shape that the network was trained on")]


@dataclass
class _Assembly:
    """Puts populations and connections together."""

    w: Walk
    data: Input
    options: NirOptions
    start: str
    end: str
    time: TimeStep
    notes: list[str]
    quantise_first: bool

    def imported(self, graph: RawGraph) -> Imported:
        """Return the network; the readout is the output, or the neuron before it that does not fire.

        Raises:
            InputError: The readout is none.
        """
        spiking = [n for n in self.w.order.nodes if isinstance(v := self.w.nodes[n], Neuron) and v.threshold is not None]
        readout, current = self._readout()
        places = {name: place for place, name in enumerate(spiking)} | {self.start: INPUT}
        populations, connections, weights, biases, snaps, leaks = [], [], [], [], [], []
        for place, node in enumerate((*spiking, readout)):
            try:
                built = self._population(node, self.w.currents[node] if place < len(spiking) else current, place, places)
            except Unsayable as error:
                self.w.fault(node, error)
                continue
            population, entering, values, bias = built
            populations.append(population)
            connections += entering
            weights += values
            biases.append(bias)
            neuron = self.w.nodes[node]
            shape = self._shape(node, current)
            leak = neuron.leak if isinstance(neuron, Neuron) else None
            leaks.append(np.zeros(shape[0]) if leak is None else _safe_leak(leak.exact, shape))
            if leak is not None:
                snaps.append(Snap(population.name, node, float(leak.exact.mean()), leak.shift, leak.error))
        if self.w.faults:
            raise _refused(self.w.faults, graph)
        neuron = self.w.nodes[readout]
        law = Readout(leak_shift=neuron.leak.shift if isinstance(neuron, Neuron) else None)
        spec = NetworkSpec(
            tuple(populations), tuple(connections), self.data, populations[-1].channels, law, self.quantise_first
        )
        params = Params(tuple(weights), tuple(biases), (None,) * len(biases))
        return Imported(spec, params, tuple(snaps), tuple(leaks), self.time, tuple(self.notes))

    def _readout(self) -> tuple[str, Current]:
        """Return the node that is read out, and what enters it."""
        silent = [n for n, v in self.w.nodes.items() if isinstance(v, Neuron) and v.threshold is None]
        current = self.w.currents[self.end]
        for name in silent:
            if any(s.source == name for c in self.w.currents.values() for s in c.signals if c is not current):
                law = "a neuron that does not fire must stand before the output alone"
                self.w.fault(name, Unsayable(law, "something else reads it", "replace it by one that fires"))
        if len(silent) == 1 and [s.source for s in current.signals] == silent:
            return silent[0], self.w.currents[silent[0]]
        for name in silent:
            law = "a neuron that does not fire must be the only one before the output"
            self.w.fault(name, Unsayable(law, f"{len(current.signals)} signals to the output", "read out one population"))
        if all(s.weight is None for s in current.signals):
            self.notes.append("the network ends in spiking neurons: their spikes are counted")
        return self.end, current

    def _shape(self, node: str, current: Current) -> Shape:
        found = self.w.currents[node].shape
        return current.signals[0].shape if found is None else found

    def _population(
        self, node: str, current: Current, place: int, places: Mapping[str, int]
    ) -> tuple[Population, list[Connection], list[np.ndarray], np.ndarray]:
        """Return a population, what enters it, its weights and its bias."""
        neuron = self.w.nodes[node]
        shape = self._shape(node, current)
        fires = isinstance(neuron, Neuron) and neuron.threshold is not None
        if not fires:
            self._check_readout(shape)
        gain, bias = np.ones(shape[0]), current.bias
        own = np.zeros(1)
        if isinstance(neuron, Neuron):
            threshold = np.ones(1) if neuron.threshold is None else neuron.threshold
            unit = per_channel(threshold, shape, "v_threshold")
            gain = per_channel(neuron.gain, shape, "r dt / tau") / unit
            own = per_channel(neuron.bias, shape, "v_leak") / unit
        bias = per_channel(bias, shape, "a bias") * gain + own
        first = min(current.signals, key=_order, default=None)
        name = "readout" if not fires else f"{_kind(first)}{place + 1}"
        law = None
        if fires and isinstance(neuron, Neuron):
            law = NeuronLaw(neuron.leak.shift, 1.0, "zero" if neuron.reset == "zero" else "subtract")
        population = Population(name, shape[0], (shape[1], shape[2]), law, flat=not fires or _flat(current, shape))
        entering, weights = self._connections(name, current, place, places, gain, readout=not fires)
        if fires and isinstance(neuron, Neuron) and neuron.reset == "subtract_next" and neuron.leak.shift is not None:
            entering.append(_identity(f"{name}.reset", place, place, shape, delay=1))
            weights.append(np.full((shape[0], 1, 1, 1), -(2.0**-neuron.leak.shift), np.float32))
        return population, entering, weights, bias.astype(np.float32)

    def _check_readout(self, shape: Shape) -> None:
        if shape[1:] != (1, 1) or shape[0] < 2:
            law = "an output must be one value a class, of two classes at least"
            raise Unsayable(law, " x ".join(map(str, shape)), "flatten it, or end in a matrix")

    def _connections(
        self, name: str, current: Current, place: int, places: Mapping[str, int], gain: np.ndarray, *, readout: bool
    ) -> tuple[list[Connection], list[np.ndarray]]:
        entering: list[Connection] = []
        weights = []
        for signal in sorted(current.signals, key=_order):
            suffix = "" if not entering else ".back" if signal.delay else ".skip"
            count = sum(c.name.startswith(name + suffix) for c in entering)
            label = name + suffix + (str(count + 1) if suffix and count else "")
            connection, weight = _connection(label, signal, places[signal.source], place, readout)
            scale = gain * (self.options.full_scale if signal.source == self.start else 1.0)
            entering.append(connection)
            weights.append((weight * scale.reshape(-1, *[1] * (weight.ndim - 1))).astype(np.float32))
        return entering, weights


def _order(signal: Signal) -> tuple[int, bool]:
    """Return how connections into one population are ordered: of this timestep first, with weights first."""
    return signal.delay, signal.weight is None


def _safe_leak(exact: np.ndarray, shape: Shape) -> np.ndarray:
    """Return a leak a channel; the mean where neurons of a map differ (each is within half a shift)."""
    return np.full(shape[0], exact.mean()) if exact.size != shape[0] else exact.ravel()


def _flat(current: Current, shape: Shape) -> bool:
    """Return whether a population's tensors are [C]: only matrices enter it."""
    return shape[1:] == (1, 1) and all(s.weight is None or s.weight.ndim == 2 for s in current.signals)


def _kind(first: Signal | None) -> str:
    if first is None or first.weight is None:
        return "neuron"
    if first.weight.ndim == 2:
        return "fc"
    return "dw" if first.groups > 1 else "conv"


def _connection(name: str, signal: Signal, source: int, place: int, readout: bool) -> tuple[Connection, np.ndarray]:
    """Return a signal's connection and its weights, before the gain."""
    pooling = Pooling(signal.window, "sum") if signal.window != (1, 1) else Pooling()
    if signal.weight is None:
        factor = np.ones(1) if signal.factor is None else signal.factor
        values = per_channel(factor, signal.shape, "a scale without weights")
        return _identity(name, source, place, signal.shape, pooling, signal.delay, readout), values.reshape(-1, 1, 1, 1)
    weight = signal.weight
    if weight.ndim == 2:
        pixels = signal.map_size[0] * signal.map_size[1]
        connection = Connection(
            name, source, place, "fc", weight.shape[1], len(weight), (1, 1), (1, 1), 1, pooling, signal.delay, (1, 1),
            (1, 1), pixels, readout=readout,
        )  # fmt: skip
    else:
        sides = weight.shape[2], weight.shape[3]
        connection = Connection(
            name, source, place, "conv", weight.shape[1] * signal.groups, len(weight), sides, signal.stride,
            signal.groups, pooling, signal.delay, signal.map_size, (signal.shape[1], signal.shape[2]), 1, readout=readout,
        )  # fmt: skip
    return connection, weight


def _identity(
    name: str, source: int, place: int, shape: Shape, pooling: Pooling = Pooling(), delay: int = 0, readout: bool = False
) -> Connection:
    """Return a weight a channel that is never pruned."""
    size = shape[1], shape[2]
    return Connection(
        name, source, place, "conv", shape[0], shape[0], (1, 1), (1, 1), shape[0], pooling, delay, size, size, 1,
        prunable=False, readout=readout,
    )  # fmt: skip
