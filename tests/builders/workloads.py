"""Workloads of networks by their spelling, with masks and firing that a test sets."""

import numpy as np

from builders.graphs import spec
from hwsearch.measure.workload import count_workload
from hwsearch.network.integers import IntegerConnection, IntegerNetwork, IntegerPopulation


def integers(network, weights=None, bits=4, timesteps=3):
    """Return integers of a network: weights of 1, or those that are given; nothing fires."""
    weights = weights or [np.ones(c.weight_shape, int) for c in network.connections]
    populations = [
        IntegerPopulation(p, np.zeros(p.channels, int), None if p.law is None else np.full(p.channels, 99))
        for p in network.populations
    ]
    connections = [IntegerConnection(c, w, 0) for c, w in zip(network.connections, weights, strict=True)]
    return IntegerNetwork(
        tuple(populations), tuple(connections), (bits,) * len(connections), timesteps, network.input,
        network.readout, 16,
    )  # fmt: skip


def map_shape(network, connection):
    """Return the shape of what a connection reads, pooled."""
    if connection.kind == "fc":
        return (connection.in_channels,)
    channels = network.shape_of(connection.source)[0]
    return (channels, *connection.in_size)


def counted(network, weights=None, maps=None, spikes=None, bits=4, timesteps=3):
    """Return the workload of a network; maps and spikes are 0 unless they are given."""
    maps = maps or [np.zeros(map_shape(network, c)) for c in network.connections]
    spikes = spikes or [np.zeros(p.channels) for p in network.populations[:-1]]
    return count_workload(integers(network, weights, bits, timesteps), maps, spikes)


def silent(spelling, shape, timesteps=3, **more):
    """Return the workload of a network in which nothing fires."""
    return counted(spec(spelling, shape, **more), timesteps=timesteps)
