"""Disturbances of the chip: a network of integers in, another one out, which the integer machine runs like any.

Not for disturbances of inputs (`inputs`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hwsearch.compress.packing import Packed, pack, unpack
from hwsearch.network.integers import IntegerConnection, IntegerNetwork, IntegerPopulation
from hwsearch.stress.draws import Draw

_MOST_LEAK = 8  # v >> 8 is next to no leak for the membranes of such networks
_MOST_INT32 = 2**31 - 1


@dataclass(frozen=True, eq=False)
class Stored:
    """A network as a device stores it.

    Attributes:
        network: The integers.
        formats: Storage format of each connection's weights.
    """

    network: IntegerNetwork
    formats: tuple[str, ...]


def bit_flips(stored: Stored, level: float, draw: Draw) -> IntegerNetwork:
    """Flip each stored bit of the weights' values with a chance of ``level``.

    The values are packed as the device stores them, struck, and unpacked: a dense format also stores zeros, a sparse
    one only what survived (and fillers); a sign bit of a large weight costs more than the last bit of a small one.
    Bitmaps, indices and pointers, biases and thresholds stay: they are not what the rate is told of.
    """
    rng, network = draw.rng, stored.network
    struck = []
    for connection, bits, name in zip(network.connections, network.weight_bits, stored.formats, strict=True):
        packed = pack(connection.weight, bits, name, groups=connection.shape.groups)
        weight = unpack(_flipped(packed, level, rng))
        struck.append(replace(connection, weight=weight))
    return replace(network, connections=tuple(struck))


def _flipped(packed: Packed, level: float, rng: np.random.Generator) -> Packed:
    """Return packed weights whose values, the last stream, had bits flipped."""
    stream = packed.streams[-1]
    n_bits = stream.count * stream.bits
    hit = rng.random(n_bits) < level
    data = packed.data.copy()
    start = len(data) - stream.n_bytes
    data[start:] ^= np.packbits(hit, bitorder="little")
    return replace(packed, data=data)


def dead(stored: Stored, level: float, draw: Draw) -> IntegerNetwork:
    """Silence each neuron of the spiking populations with a chance of ``level``; of a map, each channel.

    A neuron that never fires is one that nobody reads, so the weights that read it are 0.
    """
    network = stored.network
    gone = _struck(network, level, draw)
    connections = tuple(
        c if c.shape.source < 0 else replace(c, weight=_unread(c, gone[c.shape.source]))
        for c in network.connections
    )
    return replace(network, connections=connections)


def _unread(connection: IntegerConnection, gone: np.ndarray) -> np.ndarray:
    """Return weights without those that read channels that are gone."""
    weight = connection.weight.copy()
    if connection.shape.depthwise:
        weight[gone] = 0
    else:
        weight[:, np.repeat(gone, connection.shape.fan_columns)] = 0
    return weight


def stuck(stored: Stored, level: float, draw: Draw) -> IntegerNetwork:
    """Let each neuron (of a map, each channel) fire at every timestep with a chance of ``level``.

    Its threshold is the lowest number that a membrane can hold.
    """
    network = stored.network
    lowest = -(2 ** (min(network.state_bits, 32) - 1))
    hit = _struck(network, level, draw)
    populations = [
        p if p.threshold is None else replace(p, threshold=np.where(h, lowest, p.threshold).astype(np.int32))
        for p, h in zip(network.populations, hit, strict=True)
    ]
    return replace(network, populations=tuple(populations))


def _struck(network: IntegerNetwork, level: float, draw: Draw) -> list[np.ndarray]:
    """Return of each population which channels are struck; of the readout none."""
    rng = draw.rng
    return [
        np.zeros(len(p.bias), bool) if p.threshold is None else rng.random(len(p.bias)) < level
        for p in network.populations
    ]


def threshold_mismatch(stored: Stored, level: float, draw: Draw) -> IntegerNetwork:
    """Multiply each channel's threshold by 1 + a Gaussian of ``level``; rounded, 1 at least."""
    rng = draw.rng

    def changed(population: IntegerPopulation) -> IntegerPopulation:
        if population.threshold is None:
            return population
        factor = 1.0 + level * rng.standard_normal(len(population.threshold))
        threshold = np.clip(np.rint(population.threshold * factor), 1, _MOST_INT32)
        return replace(population, threshold=threshold.astype(np.int32))

    return replace(stored.network, populations=tuple(changed(p) for p in stored.network.populations))


def leak_mismatch(stored: Stored, level: float, draw: Draw) -> IntegerNetwork:
    """Add ``level`` to every neuron's leak shift k, 8 at most; an odd draw takes it away, to 1 at least.

    A shift is a whole number of all neurons of a population, so the leak 2**-k is halved or doubled a step.
    """
    step = draw.sign * int(level)

    def changed(population: IntegerPopulation) -> IntegerPopulation:
        law = population.shape.law
        if law is None or law.leak_shift is None:
            return population
        shift = min(max(law.leak_shift, _MOST_LEAK), max(1, law.leak_shift + step))
        return replace(population, shape=replace(population.shape, law=replace(law, leak_shift=shift)))

    return replace(stored.network, populations=tuple(changed(p) for p in stored.network.populations))


def coarser(stored: Stored, level: float, draw: Draw) -> IntegerNetwork:
    """Run with T / ``level`` timesteps, rounded up: frames are binned more coarsely, a still is shown less long."""
    return replace(stored.network, timesteps=-(-stored.network.timesteps // int(level)))


def why_no_leak(network: IntegerNetwork) -> str:
    """Say why no leak can be off; empty where one can."""
    leaks = any(p.leak_shift is not None for p in network.populations)
    return "" if leaks else "neurons have no leak"


def why_no_coarser(network: IntegerNetwork) -> str:
    """Say why there are no fewer timesteps; empty where there are."""
    return "it has one timestep" if network.timesteps == 1 else ""
