"""Random networks of up to eight populations: residual, depthwise, pooled and recurrent connections, sequences.

``networks()`` is the hypothesis strategy; ``random_spec`` and ``random_integers`` are what it draws, from a generator
of numpy's. Rows and columns of weights are often zero, so that there are channels to remove.
"""

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from hwsearch.graph.builder import (
    Ends,
    conv_size,
    depthwise_connection,
    fc_connection,
    filter_connection,
    identity_connection,
)
from hwsearch.graph.graph import INPUT, NO_POOLING, Input, NetworkSpec, Pooling, Population, Readout
from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.network.integers import IntegerConnection, IntegerNetwork, IntegerPopulation

MOST_POPULATIONS = 8


def networks(**fixed):
    """Return a strategy of networks of integers with inputs for them, (network, x); see ``random_network``."""
    return st.builds(
        lambda seed: random_network(np.random.default_rng(seed), **fixed), st.integers(0, 2**32 - 1)
    )


def random_network(rng, *, n_inputs=6, **fixed):
    """Return a network of integers and inputs [N, C, H, W] or [N, T0, C, H, W] for it."""
    spec = random_spec(rng, **fixed)
    most = spec.input.frames or 6
    network = random_integers(rng, spec, int(rng.integers(1, most + 1)))
    frames = () if spec.input.still else (spec.input.frames,)
    x = rng.integers(0, spec.input.max + 1, (n_inputs, *frames, *spec.input.shape))
    x *= rng.random(x.shape) < 0.7
    return network, x.astype(np.uint16)


def random_spec(rng, *, still=None, recurrent=True):
    """Return a network's structure.

    Args:
        rng: Where it is drawn from.
        still: Whether it reads still images; None: drawn.
        recurrent: Whether any connection may have a delay.
    """
    shape = (int(rng.integers(1, 4)), int(rng.integers(1, 7)), int(rng.integers(1, 7)))
    still = rng.random() < 0.4 if still is None else still
    most = int(rng.choice([1, 3, 15, 300]))
    binning = str(rng.choice(["sum", "mean"]))
    data = Input(shape, most, most.bit_length(), None if still else int(rng.integers(1, 8)), binning)
    graph = _Graph(rng, data)
    for _ in range(int(rng.integers(1, MOST_POPULATIONS))):
        graph.grow()
        if rng.random() < 0.5:
            graph.join(len(graph.populations) - 1, int(rng.integers(-1, len(graph.populations) - 1)), 0)
    for _ in range(int(rng.integers(0, 4)) if recurrent else 0):
        target = int(rng.integers(0, len(graph.populations)))
        graph.join(target, int(rng.integers(-1, len(graph.populations))), 1)
    graph.read_out(3)
    return NetworkSpec(
        tuple(graph.populations),
        tuple(sorted(graph.connections, key=lambda c: c.target)),
        data,
        3,
        _readout(rng),
    )


def _readout(rng):
    labels = str(rng.choice(["sample", "step"]))
    last = int(rng.integers(1, 4)) if labels == "sample" and rng.random() < 0.4 else None
    return Readout(last, int(rng.integers(1, 4)) if rng.random() < 0.4 else None, labels)


class _Graph:
    """Populations and connections as they are drawn."""

    def __init__(self, rng, data):
        self.rng, self.data = rng, data
        self.populations, self.connections = [], []

    def shape(self, place):
        if place == INPUT:
            return self.data.shape
        return (self.populations[place].channels, *self.populations[place].size)

    def pooling(self, source, chance=0.3):
        """Return a pooling of what a population sends, or of the input."""
        _, height, width = self.shape(source)
        if self.rng.random() > chance:
            return NO_POOLING
        window = (int(self.rng.integers(1, height + 1)), int(self.rng.integers(1, width + 1)))
        return Pooling(window, str(self.rng.choice(["max", "sum"])))

    def law(self):
        leak_shift = [None, 1, 2, 3][int(self.rng.integers(0, 4))]
        return NeuronLaw(leak_shift, 1.0, str(self.rng.choice(["zero", "subtract"])))

    def grow(self):
        """Add a population, mostly behind the last one."""
        place = len(self.populations)
        source = place - 1 if self.rng.random() < 0.8 else int(self.rng.integers(-1, place))
        kind = str(self.rng.choice(["conv", "dw", "fc"], p=[0.5, 0.25, 0.25]))
        ends = Ends(f"{kind}{place + 1}", source, place, self.shape(source), self.pooling(source))
        if kind == "fc":
            connection = fc_connection(ends, int(self.rng.integers(1, 6)))
            self.populations.append(
                Population(ends.name, connection.out_channels, (1, 1), self.law(), flat=True)
            )
        else:
            kernel, stride = (
                tuple(int(s) for s in self.rng.choice(sides, 2)) for sides in ([1, 3, 3, 5], [1, 1, 2])
            )
            if kind == "conv":
                connection = filter_connection(ends, int(self.rng.integers(1, 5)), kernel, stride)
            else:
                connection = depthwise_connection(ends, kernel, stride)
            size = conv_size(ends.size, stride)
            self.populations.append(Population(ends.name, connection.out_channels, size, self.law()))
        self.connections.append(connection)

    def join(self, target, source, delay):
        """Add a connection into a population that is there, where one fits."""
        end, name = self.populations[target], f"{self.populations[target].name}.{len(self.connections)}"
        alike = self.shape(source) == self.shape(target)
        pooling = NO_POOLING if alike else self.pooling(source)
        ends = Ends(name, source, target, self.shape(source), pooling, delay)
        if alike and self.rng.random() < 0.6:
            self.connections.append(identity_connection(ends))
        elif end.flat:
            self.connections.append(fc_connection(ends, end.channels))
        else:
            strides = [(down, across) for down in (1, 2, 3) for across in (1, 2, 3)]
            fitting = [stride for stride in strides if conv_size(ends.size, stride) == end.size]
            if fitting:
                self.connections.append(filter_connection(ends, end.channels, (1, 1), fitting[0]))

    def read_out(self, classes):
        """Add the readout, of the last population and at times of another one too."""
        place = len(self.populations)
        self.populations.append(Population("readout", classes, (1, 1), None, flat=True))
        sources = [place - 1, *([int(self.rng.integers(-1, place))] if self.rng.random() < 0.3 else [])]
        for number, source in enumerate(sources):
            name = "readout" if number == 0 else f"readout.{number}"
            ends = Ends(name, source, place, self.shape(source), self.pooling(source))
            self.connections.append(fc_connection(ends, classes, readout=True))


def random_integers(rng, spec, timesteps):
    """Return integers for a structure."""
    connections = []
    for shape in spec.connections:
        weight = rng.integers(-7, 8, shape.weight_shape)
        weight[rng.random(len(weight)) < 0.25] = 0
        weight[:, rng.random(weight.shape[1]) < 0.2] = 0
        weight *= rng.random(weight.shape) < 0.8
        if not shape.prunable:
            weight = rng.integers(0, 5, shape.weight_shape)
        connections.append(IntegerConnection(shape, weight.astype(np.int32), int(rng.integers(-2, 4))))
    populations = []
    for population in spec.populations:
        size = population.channels
        bias = rng.integers(-6, 7, size) * (rng.random(size) < 0.6)
        threshold = None if population.law is None else rng.integers(1, 16, size).astype(np.int32)
        populations.append(IntegerPopulation(population, bias.astype(np.int32), threshold))
    return IntegerNetwork(
        tuple(populations), tuple(connections), (4,) * len(connections), timesteps, spec.input, spec.readout,
        int(rng.choice([8, 12, 32])), int(rng.choice([10, 16, 32])),
    )  # fmt: skip


def equal_runs(one, other):
    """Return whether two runs are the same, bit for bit."""
    arrays = [
        (run.readout, *run.input_maps, *run.spikes, *run.fired, *(run.membranes or ()))
        for run in (one, other)
    ]
    counts = [(run.sums_clipped, run.membranes_clipped) for run in (one, other)]
    return counts[0] == counts[1] and all(np.array_equal(a, b) for a, b in zip(*arrays, strict=True))


def permuted_stack(rng, network):
    """Return the network, and one of the same structure with other integers: they may run as a stack."""
    spec = NetworkSpec(
        tuple(p.shape for p in network.populations), tuple(c.shape for c in network.connections),
        network.input, 3, network.readout,
    )  # fmt: skip
    other = random_integers(rng, spec, network.timesteps)
    return network, replace(other, state_bits=network.state_bits, accumulator_bits=network.accumulator_bits)
