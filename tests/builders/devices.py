"""Small networks whose counts are known, for tests of device models."""

import itertools
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hwsearch.compress.census import census
from hwsearch.graph.graph import INPUT, Pooling
from hwsearch.hardware.profiles.load import load_profile
from hwsearch.hardware.workload import ConnectionWork, OpCounts, PopulationWork, Workload

SHIPPED = Path(__file__).parents[2] / "hardware_profiles"
IDS = sorted(path.stem for path in SHIPPED.glob("*.yaml"))


@cache  # a file takes some 50 ms to check, and the value is frozen
def profile(ident):
    return load_profile(SHIPPED / f"{ident}.yaml")


class Layer(NamedTuple):
    """A population of a chain, the connection into it, and the pooling behind it."""

    connection: ConnectionWork
    population: PopulationWork
    pool: int = 1


def chain(timesteps, input_bits, layers):
    """Return the workload of layers that follow each other."""
    connections, pool = [], 1
    for place, layer in enumerate(layers):
        pooling = Pooling((pool, pool))
        connections.append(replace(layer.connection, source=place - 1, target=place, pooling=pooling))
        pool = layer.pool
    populations = tuple(layer.population for layer in layers)
    inputs = connections[0].inputs if connections else 0
    return Workload(timesteps, input_bits, tuple(connections), populations, inputs)


def layers_of(network):
    """Return the layers of a chain."""
    pools = [c.pooling.window[0] for c in network.connections[1:]]
    return [
        Layer(*parts) for parts in zip(network.connections, network.populations, [*pools, 1], strict=True)
    ]


def population(name, role, channels, size=(1, 1), spikes=0.0, flat=True):
    """Return a population, of leaky neurons that are reset to zero if it is no readout."""
    law = (None, None) if role == "readout" else ("lif", "zero")
    sent = 0.0 if role == "readout" else spikes
    role = "readout" if role == "readout" else "hidden"
    return PopulationWork(name, role, channels, size, channels * size[0] * size[1], sent, *law, flat)


def fc(name, role, weights, rate=1.0, bits=8, analog=False, fan_columns=1, timesteps=4):
    """Return a fully connected layer; each input has ``rate`` events a timestep."""
    weights = np.asarray(weights)
    n_out, n_in = weights.shape
    counts = census(weights)
    events = n_in * rate * (1 if analog else timesteps)
    each = events / n_in if n_in else 0.0
    ops = OpCounts(
        nonzero=counts.nonzero * each,
        dense=counts.size * each,
        blocks=tuple(
            min(counts.size, n * length) * each for n, length in zip(counts.blocks, (4, 8), strict=True)
        ),
        planes=counts.planes * each,
    )
    connection = ConnectionWork(
        name, INPUT, 0, role, "fc", analog, bits, counts, n_in, ops, events, fan_columns=fan_columns
    )
    return Layer(connection, population(name, role, n_out, spikes=n_out * rate * timesteps))


def conv(name, role, weights, size, pool=1, rate=0.1, bits=8, timesteps=4, analog=False):
    """Return a convolution [out, in, kh, kw] over a map of ``size``, as if no filter were cut at the border."""
    weights = np.asarray(weights)
    counts = census(weights)
    pixels = size[0] * size[1]
    each = rate * timesteps * pixels
    ops = OpCounts(counts.nonzero * each, counts.size * each, (counts.size * each,) * 2, counts.size * each)
    n_out, n_in = weights.shape[:2]
    connection = ConnectionWork(
        name, INPUT, 0, role, "conv", analog, bits, counts, n_in * pixels, ops, n_in * each,
        kernel=weights.shape[2:], in_size=size, out_size=size,
    )  # fmt: skip
    return Layer(connection, population(name, role, n_out, size, n_out * each, flat=False), pool)


def mlp(sizes, density=1.0, bits=8, rate=0.2, timesteps=4, seed=0, analog=False):
    """Return a fully connected network with random masks; the same seed gives nested masks."""
    rng = np.random.default_rng(seed)
    layers = []
    for index, (n_in, n_out) in enumerate(itertools.pairwise(sizes)):
        scores = rng.random((n_out, n_in))
        role = "input" if index == 0 else "readout" if index == len(sizes) - 2 else "hidden"
        name = role if role != "hidden" else f"fc{index + 1}"
        layers.append(
            fc(name, role, scores < density, rate, bits, analog and index == 0, timesteps=timesteps)
        )
    return chain(timesteps, 8, layers)


def with_bits(network, bits):
    return replace(network, connections=tuple(replace(c, weight_bits=bits) for c in network.connections))
