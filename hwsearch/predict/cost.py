"""A candidate's workload before training: its masks, and the dense network's firing.

Memory is an upper bound (the quantiser can only add zeros, and so can channels that fall silent); operations are an
estimate, since firing changes in training.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hwsearch.graph.graph import INPUT, NetworkSpec, Population
from hwsearch.hardware.workload import Workload
from hwsearch.measure.workload import Counted, count_workload
from hwsearch.network.integer import Run
from hwsearch.network.integers import IntegerConnection, IntegerNetwork, IntegerPopulation
from hwsearch.network.shrink import shrink


def predict_workload(
    spec: NetworkSpec,
    masks: Sequence[np.ndarray],
    bits: Sequence[int],
    timesteps: int,
    dense: Run,
    counted: Counted | None = None,
) -> Workload:
    """Predict the workload of a candidate.

    Args:
        spec: The architecture.
        masks: Surviving weights, one array a connection.
        bits: Weight bits, one a connection.
        timesteps: T.
        dense: The dense network's run at the same T.
        counted: Connections that need not be counted again (`measure.workload`).
    """
    connections = tuple(
        IntegerConnection(shape, mask.view(np.int8), 0)
        for shape, mask in zip(spec.connections, masks, strict=True)
    )
    populations = tuple(_that_fires(population) for population in spec.populations)
    whole = IntegerNetwork(
        populations, connections, tuple(bits), timesteps, spec.input, spec.readout, state_bits=32
    )
    network, alive = shrink(whole, spec.channel_multiple, all_fire=True)
    staying = dict(enumerate(alive))
    maps = []
    for shape, events in zip(spec.connections, dense.input_maps, strict=True):
        channels = staying.get(shape.source)
        if shape.source == INPUT or channels is None:
            maps.append(events)
        else:
            by_channel = events.reshape(-1, shape.fan_columns) if shape.kind == "fc" else events
            maps.append(by_channel[channels].reshape(-1) if shape.kind == "fc" else by_channel[channels])
    spikes = [events[channels] for events, channels in zip(dense.spikes, alive, strict=True)]
    return count_workload(network, maps, spikes, counted)


def _that_fires(population: Population) -> IntegerPopulation:
    """Return a population whose bias fires it: no channel is taken for silent before it was trained."""
    ones = np.ones(population.channels, np.int32)
    return IntegerPopulation(population, ones, None if population.law is None else ones)
