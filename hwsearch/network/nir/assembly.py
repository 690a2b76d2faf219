"""Populations and connections of a NIR graph whose currents are known: names, laws, weights with the gains in them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from hwsearch.graph.graph import (
    INPUT,
    NO_POOLING,
    Connection,
    Input,
    NetworkSpec,
    Pooling,
    Population,
    Readout,
)
from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.network.nir.currents import Current, Walk
from hwsearch.network.nir.signal import Shape, Signal, Unsayable, per_channel
from hwsearch.network.nir.values import Neuron
from hwsearch.network.params import Params


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
class Assembled:
    """A network and its parameters; leaks as written, one a population [C]."""

    spec: NetworkSpec
    params: Params
    snaps: tuple[Snap, ...]
    exact_leaks: tuple[np.ndarray, ...]


@dataclass
class Assembly:
    """Puts populations and connections together.

    Attributes:
        w: The currents; what is wrong is added to its faults.
        data: What the network reads.
        full_scale: What the framework's network was given where an input is at its largest.
        start, end: Names of the input and the output.
        notes: What was taken for granted.
        places: Of the populations that fire, by their nodes.
    """

    w: Walk
    data: Input
    full_scale: float
    start: str
    end: str
    notes: list[str]
    places: dict[str, int] = field(default_factory=dict)

    def assembled(self, *, quantise_first: bool) -> Assembled | None:
        """Return the network; None where the walk has faults."""
        readout = self._readout()
        if self.w.faults:
            return None
        firing = [name for name in self.w.order.nodes if self._fires(name)]
        self.places = {name: place for place, name in enumerate(firing)} | {self.start: INPUT}
        populations: list[Population] = []
        connections: list[Connection] = []
        weights: list[np.ndarray] = []
        biases: list[np.ndarray] = []
        for place, node in enumerate((*firing, readout)):
            try:
                population, bias = self._population(node, place)
                entering = self._connections(population, node, place)
            except Unsayable as error:
                self.w.fault(node, error)
                continue
            populations.append(population)
            biases.append(bias)
            connections += [connection for connection, _ in entering]
            weights += [weight for _, weight in entering]
        if self.w.faults:
            return None
        last = self._neuron(readout)
        spec = NetworkSpec(
            tuple(populations), tuple(connections), self.data, populations[-1].channels,
            Readout(leak_shift=None if last is None else last.leak.shift), quantise_first,
        )  # fmt: skip
        params = Params(tuple(weights), tuple(biases), (None,) * len(biases))
        named = list(zip(populations, (*firing, readout), strict=True))
        return Assembled(
            spec, params, tuple(self._snaps(named)), tuple(self._exact_leak(p, n) for p, n in named)
        )

    def _neuron(self, name: str) -> Neuron | None:
        node = self.w.nodes[name]
        return node if isinstance(node, Neuron) else None

    def _fires(self, name: str) -> bool:
        neuron = self._neuron(name)
        return neuron is not None and neuron.threshold is not None

    def _readout(self) -> str:
        """Return the node that is read out: the output, or the neuron before it that does not fire."""
        silent = [name for name in self.w.nodes if self._neuron(name) is not None and not self._fires(name)]
        signals = self.w.currents[self.end].signals
        if not silent:
            if all(s.weight is None for s in signals):
                self.notes.append("the network ends in spiking neurons: their spikes are counted")
            return self.end
        others = [current for name, current in self.w.currents.items() if self._neuron(name) is not None]
        if silent == [s.source for s in signals] and not any(
            s.source in silent for c in others for s in c.signals
        ):
            return silent[0]
        for name in silent:
            law = "a neuron that does not fire must be the only one before the output, and be read by nothing else"
            got = f"{len(silent)} such neurons, {len(signals)} signals to the output"
            self.w.fault(
                name, Unsayable(law, got, "replace it by one that fires, or read out one population")
            )
        return silent[0]

    def _shape(self, node: str) -> Shape:
        current = self.w.currents[node]
        return current.signals[0].shape if current.shape is None else current.shape

    def _population(self, node: str, place: int) -> tuple[Population, np.ndarray]:
        """Return a population and its bias."""
        shape, neuron, current = self._shape(node), self._neuron(node), self.w.currents[node]
        threshold = self._threshold(node)
        bias = per_channel(current.bias, shape, "a bias")
        if neuron is not None:
            bias = bias * self._gain(node) + per_channel(neuron.bias, shape, "v_leak") / threshold
        if not self._fires(node) or neuron is None:
            if shape[1:] != (1, 1) or shape[0] < 2:
                wanted = "an output must be one value a class, of two classes at least"
                raise Unsayable(wanted, " x ".join(map(str, shape)), "flatten it, or end in a matrix")
            return Population("readout", shape[0], (1, 1), None, flat=True), bias.astype(np.float32)
        law = NeuronLaw(neuron.leak.shift, 1.0, "zero" if neuron.reset == "zero" else "subtract")
        first = min(current.signals, key=_order, default=None)
        population = Population(
            f"{_kind(first)}{place + 1}", shape[0], (shape[1], shape[2]), law, flat=_flat(current, shape)
        )
        return population, bias.astype(np.float32)

    def _threshold(self, node: str) -> np.ndarray:
        """Return [C] a population's threshold; 1 of the readout."""
        neuron = self._neuron(node)
        threshold = np.ones(1) if neuron is None or neuron.threshold is None else neuron.threshold
        return per_channel(threshold, self._shape(node), "v_threshold")

    def _gain(self, node: str) -> np.ndarray:
        """Return [C] what a population's currents are multiplied by, its threshold being 1."""
        neuron = self._neuron(node)
        gain = np.ones(1) if neuron is None else neuron.gain
        return np.asarray(per_channel(gain, self._shape(node), "r dt / tau") / self._threshold(node))

    def _connections(
        self, population: Population, node: str, place: int
    ) -> list[tuple[Connection, np.ndarray]]:
        """Return what enters a population, with its weights."""
        gain, neuron, shape = self._gain(node), self._neuron(node), self._shape(node)
        entering: list[tuple[Connection, np.ndarray]] = []
        for signal in sorted(self.w.currents[node].signals, key=_order):
            suffix = "" if not entering else ".back" if signal.delay else ".skip"
            count = sum(c.name.startswith(population.name + suffix) for c, _ in entering)
            name = population.name + suffix + (str(count + 1) if suffix and count else "")
            connection, weight = _connection(
                name, signal, self.places[signal.source], place, not self._fires(node)
            )
            scale = gain * (self.full_scale if signal.source == self.start else 1.0)
            entering.append(
                (connection, (weight * scale.reshape(-1, *[1] * (weight.ndim - 1))).astype(np.float32))
            )
        if neuron is not None and neuron.reset == "subtract_next" and neuron.leak.shift is not None:
            # at once it leaves (1 - a)(v - th) for the next timestep, there (1 - a) v - th: less by a th
            back = _identity(f"{population.name}.reset", place, place, shape, delay=1)
            entering.append((back, np.full((shape[0], 1, 1, 1), -(2.0**-neuron.leak.shift), np.float32)))
        return entering

    def _snaps(self, named: list[tuple[Population, str]]) -> list[Snap]:
        snaps = []
        for population, node in named:
            neuron = self._neuron(node)
            if neuron is not None:
                leak = neuron.leak
                snaps.append(Snap(population.name, node, float(leak.exact.mean()), leak.shift, leak.error))
        return snaps

    def _exact_leak(self, population: Population, node: str) -> np.ndarray:
        """Return a leak a channel; the mean where neurons of a map differ (each is within half a shift)."""
        neuron = self._neuron(node)
        exact = np.zeros(1) if neuron is None else neuron.leak.exact
        return (
            exact.ravel() if exact.size == population.channels else np.full(population.channels, exact.mean())
        )


def _order(signal: Signal) -> tuple[int, bool]:
    """Return how connections into one population are ordered: of this timestep first, with weights first."""
    return signal.delay, signal.weight is None


def _flat(current: Current, shape: Shape) -> bool:
    """Return whether a population's tensors are [C]: only matrices enter it."""
    return shape[1:] == (1, 1) and all(s.weight is None or s.weight.ndim == 2 for s in current.signals)


def _kind(first: Signal | None) -> str:
    if first is None or first.weight is None:
        return "neuron"
    if first.weight.ndim == 2:
        return "fc"
    return "dw" if first.groups > 1 else "conv"


def _connection(
    name: str, signal: Signal, source: int, place: int, readout: bool
) -> tuple[Connection, np.ndarray]:
    """Return a signal's connection and its weights, before the gain."""
    pooling = Pooling(signal.window, "sum") if signal.window != (1, 1) else NO_POOLING
    if signal.weight is None:
        factor = np.ones(1) if signal.factor is None else signal.factor
        values = per_channel(factor, signal.shape, "a scale without weights")
        return _identity(name, source, place, signal.shape, pooling, signal.delay, readout), values.reshape(
            -1, 1, 1, 1
        )
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
            signal.groups, pooling, signal.delay, signal.map_size, (signal.shape[1], signal.shape[2]), 1,
            readout=readout,
        )  # fmt: skip
    return connection, weight


def _identity(
    name: str,
    source: int,
    place: int,
    shape: Shape,
    pooling: Pooling = NO_POOLING,
    delay: int = 0,
    readout: bool = False,
) -> Connection:
    """Return a weight a channel that is never pruned."""
    size = shape[1], shape[2]
    return Connection(
        name, source, place, "conv", shape[0], shape[0], (1, 1), (1, 1), shape[0], pooling, delay, size, size, 1,
        prunable=False, readout=readout,
    )  # fmt: skip
