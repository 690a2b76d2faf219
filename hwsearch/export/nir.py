"""The ``nir`` export: one HDF5 file of NIR nodes that snnTorch, Norse and SpikingJelly read with the same spikes.

What they agree on is narrow, so: LIF alone, with R = 1 and a reset to 0; one threshold, 1; a time step of 1e-4 s, in
the metadata; poolings and depthwise filters as ordinary filters (a max pooling as filters and neurons that fire at one
spike); terminals named ``input`` and ``output``. Inputs are the integers that the device reads. The output is the
readout's current of each timestep: add it up over the timesteps that the metadata name.

What NIR cannot say is in the metadata: the integers themselves, with bits, fraction bits and shifts, the law of reset,
readout and pooling, widths, timesteps. `network.nir.exported` reads the same network back from them. A leak of floats
is not rounded as the device's shift is: spikes of a network with leaks may differ from the integers' by that.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import nir
import numpy as np

from hwsearch.errors import Fault, InputError
from hwsearch.graph.graph import INPUT, Connection, Pooling
from hwsearch.network.integers import IntegerNetwork, IntegerPopulation
from hwsearch.network.nir.exported import exported_network
from hwsearch.network.nir.file import read_raw
from hwsearch.network.nir.units import (
    DT,
    NO_LEAK,
    SETTINGS,
    first_of,
    float_bias,
    float_weight,
    is_flat,
    node_name,
    shift_of,
)
from hwsearch.network.store import network_settings
from hwsearch.whole_files import whole_file

FILE = "network.nir"


def write_nir(network: IntegerNetwork, path: Path) -> None:
    """Write a network.

    Raises:
        InputError: NIR has no such operation, or the file cannot be written.
    """
    graph = nir_graph(network)
    try:
        with whole_file(path) as unfinished:
            nir.write(unfinished, graph)
    except OSError as error:
        law, got = "an export needs a folder that can be written", error.strerror or str(error)
        raise InputError([Fault("--to", law, got, "make room, or choose another", path)]) from None


def read_nir(path: Path) -> IntegerNetwork:
    """Return the network of integers that an export holds.

    Raises:
        InputError: The file is damaged, or no export of this project.
    """
    network = exported_network(read_raw(path))
    if network is None:
        law, todo = (
            "a NIR export must have the metadata 'hwsearch'",
            "import it as another framework's: network: {nir: FILE}",
        )
        raise InputError([Fault("metadata", law, "none", todo, path)])
    return network


def nir_graph(network: IntegerNetwork) -> nir.NIRGraph:
    """Return a network as a NIR graph.

    Raises:
        InputError: A threshold is not positive, or values are pooled by their largest.
    """
    check_nir(network)
    return _Writing(network).graph()


def check_nir(network: IntegerNetwork) -> None:
    """Refuse a network that NIR cannot say.

    Raises:
        InputError: A threshold is not positive, or values are pooled by their largest.
    """
    if faults := list(_faults(network)):
        raise InputError(faults)


def _faults(network: IntegerNetwork) -> Iterator[Fault]:
    for population in network.populations:
        if population.threshold is not None and (population.threshold <= 0).any():
            law = "a threshold must be positive: NIR's neurons start at 0 and fire upwards"
            yield Fault(f"--format nir: {population.shape.name}", law, str(int(population.threshold.min())))
    for connection in network.connections:
        shape = connection.shape
        largest = network.input.max_at(network.timesteps) if shape.source == INPUT else 1
        if shape.pooling.kind == "max" and shape.pooling.area > 1 and largest > 1:
            law, todo = "NIR has no pooling by the largest value", "use pool: sum"
            yield Fault(f"--format nir: {shape.name}", law, f"inputs of 0 to {largest}", todo)


class _Writing:
    """A NIR graph in the making."""

    def __init__(self, network: IntegerNetwork) -> None:
        self.network = network
        self.nodes: dict[str, nir.NIRNode] = {"input": nir.Input(np.array(self._shape(INPUT)))}
        self.edges: list[tuple[str, str]] = []

    def graph(self) -> nir.NIRGraph:
        """Return all nodes and edges."""
        n = self.network
        for place, population in enumerate(n.populations[:-1]):
            self.nodes[population.shape.name] = _neurons(population, self._shape(place))
        self.nodes["output"] = nir.Output(np.array(self._shape(len(n.populations) - 1)))
        for place in range(len(n.connections)):
            self._connect(place)
        # nir takes the width of a filter for its height, so its check refuses filters that are not square
        return nir.NIRGraph(self.nodes, self.edges, metadata=self._metadata(), type_check=False)

    def _metadata(self) -> dict[str, object]:
        n = self.network
        last = n.timesteps if n.readout.last is None else n.readout.last
        leak = "none" if n.readout.leak_shift is None else f"v - v / 2**{n.readout.leak_shift}"
        return {
            "dt": DT,
            "dt_unit": "s",
            "input_unit": f"integers of 0 to {n.input.max_at(n.timesteps)}",
            "timesteps": n.timesteps,
            "readout": f"add up the output over the last {last} timesteps, leak: {leak}; the largest is the class",
            "arithmetic": "integers, arithmetic shifts; the nodes' floats do not round",
            SETTINGS: json.dumps(network_settings(n)),
        }

    def _shape(self, place: int) -> tuple[int, ...]:
        """Return the shape of a population's node, or of the input's."""
        n = self.network
        shape = (
            n.input.shape
            if place == INPUT
            else (n.populations[place].shape.channels, *n.populations[place].shape.size)
        )
        return shape[:1] if is_flat(n, place) else shape

    def _connect(self, place: int) -> None:
        """Add a connection's nodes: pooling, Flatten, Delay, weights."""
        c = self.network.connections[place].shape
        start = self._pooled(c)
        # frameworks carry what feeds itself from the last timestep; of a longer circle each takes another edge as the
        # late one, so there a Delay says which
        back = c.delay and c.source == c.target
        if c.kind == "fc" and (len(self._shape(c.source)) > 1 or back):
            # a matrix and neurons that feed each other alone become another network in snnTorch
            start = self._flattened(c, start)
        if c.delay and not back:
            delay = node_name(c.name, "delay")
            count = c.in_channels if c.kind == "fc" else int(np.prod(self._shape(c.source)))
            shape = (count,) if c.kind == "fc" else (c.in_channels, *c.in_size)
            self._add(delay, nir.Delay(np.full(shape, DT)), start)
            start = delay
        weights = node_name(c.name, "weights")
        self._add(weights, self._weights(place), start)
        if is_flat(self.network, c.target) and isinstance(self.nodes[weights], nir.Conv2d):
            flat = node_name(c.name, "flat")
            self._add(flat, nir.Flatten(np.array((c.out_channels, *c.out_size)), 0, -1), weights)
            weights = flat
        readout = c.target == len(self.network.populations) - 1
        self.edges.append((weights, "output" if readout else self.network.populations[c.target].shape.name))

    def _weights(self, place: int) -> nir.NIRNode:
        n, connection = self.network, self.network.connections[place]
        shape = connection.shape
        weight = float_weight(n, place)
        bias = float_bias(n, shape.target) if first_of(n, place) else np.zeros(len(weight), np.float32)
        bits = n.weight_bits[place]
        metadata: dict[str, object] = {
            f"{shape.name}.weight": connection.weight.astype(np.int8 if bits <= 8 else np.int16),
            "bits": bits,
            "fraction_bits": connection.fraction_bits,
        }
        target = n.populations[shape.target]
        if first_of(n, place) and target.threshold is None:  # the readout has no node of its own
            metadata[f"{target.shape.name}.bias"] = target.bias.astype(np.int32)
        if weight.ndim == 2:
            return nir.Affine(weight, bias, metadata=metadata)
        return nir.Conv2d(
            shape.in_size, weight, shape.stride, shape.padding, (1, 1), 1, bias, metadata=metadata
        )

    def _pooled(self, c: Connection) -> str:
        """Return the node that a connection's Flatten or weights read: a population's, or its pooling's."""
        source = "input" if c.source == INPUT else self.network.populations[c.source].shape.name
        if c.pooling.area == 1:
            return source
        window = "x".join(map(str, c.pooling.window))
        name = node_name(source, f"{c.pooling.kind}_of_{window}")
        if name not in self.nodes:
            shape = self._shape(c.source)
            self._add(
                f"{name}_filters" if c.pooling.kind == "max" else name, _window(c.pooling, shape), source
            )
            if c.pooling.kind == "max":
                size = c.pooling.pooled((shape[1], shape[2]))
                self._add(name, _at_one_spike((shape[0], *size)), f"{name}_filters")
        return name

    def _flattened(self, c: Connection, start: str) -> str:
        name = node_name(start, "flat")
        if name not in self.nodes:
            channels, *size = self._shape(c.source)
            pooled = c.pooling.pooled((size[0], size[1])) if size else ()
            self._add(name, nir.Flatten(np.array((channels, *pooled)), 0, -1), start)
        return name

    def _add(self, name: str, node: nir.NIRNode, start: str) -> None:
        self.nodes[name] = node
        self.edges.append((start, name))


def _neurons(population: IntegerPopulation, shape: tuple[int, ...]) -> nir.LIF:
    """Return a population's node."""
    law = population.shape.law
    assert law is not None
    assert population.threshold is not None
    name = population.shape.name
    metadata = {
        f"{name}.bias": population.bias.astype(np.int32),
        f"{name}.threshold": population.threshold.astype(np.int32),
        "leak_shift": "none" if law.leak_shift is None else law.leak_shift,
        "reset": law.reset,
    }
    return _lif(shape, shift_of(population), 1.0, metadata)


def _lif(shape: tuple[int, ...], shift: int, threshold: float, metadata: Mapping[str, object]) -> nir.LIF:
    zeros = np.zeros(shape)
    return nir.LIF(
        np.full(shape, 2.0**shift * DT),
        np.ones(shape),
        zeros,
        np.full(shape, threshold),
        zeros,
        metadata=metadata,
    )


def _window(pooling: Pooling, shape: tuple[int, ...]) -> nir.Conv2d:
    """Return filters that add up the windows of each channel; for an OR in units of the neurons behind them."""
    step = 2.0**NO_LEAK if pooling.kind == "max" else 1.0
    weight = np.zeros((shape[0], shape[0], *pooling.window), np.float32)
    weight[np.arange(shape[0]), np.arange(shape[0])] = step
    return nir.Conv2d(
        (shape[1], shape[2]), weight, pooling.window, (0, 0), (1, 1), 1, np.zeros(shape[0], np.float32),
        metadata={"pooling": pooling.kind},
    )  # fmt: skip


def _at_one_spike(shape: tuple[int, ...]) -> nir.LIF:
    """Return neurons that fire whenever a spike comes: an OR."""
    return _lif(shape, NO_LEAK, 0.5, {"pooling": "max"})
