"""The networks of published measurements, as Workloads: shapes and rates that a point states, nothing else.

Not for pricing: `compare` prices them.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from hwsearch.graph.graph import INPUT
from hwsearch.hardware.workload import (
    BLOCKS,
    DELTA_BITS,
    NM_GROUPS,
    ConnectionWork,
    OpCounts,
    PopulationWork,
    WeightCensus,
    Workload,
)


def dense_pass(fc_macs: int, conv_macs: int) -> Workload:
    """Return one pass of a dense int8 network: multiply-accumulates and nothing else."""
    kinds = [(kind, macs) for kind, macs in (("fc", fc_macs), ("conv", conv_macs)) if macs]
    connections = tuple(
        ConnectionWork(kind, INPUT, place, "readout", kind, True, 8, _census(1, 1), 1, _ops(macs), 1.0)
        for place, (kind, macs) in enumerate(kinds)
    )
    return Workload(0, 8, connections, tuple(_readout(kind, 0) for kind, _ in kinds), 1)


def packed_weights(n_bytes: int) -> Workload:
    """Return a network of so many bytes of packed 4-bit weights, and nothing else."""
    census = _census(1, 2 * n_bytes)
    connection = ConnectionWork("net", INPUT, 0, "readout", "fc", True, 4, census, 1, _ops(0), 0.0)
    return Workload(1, 8, (connection,), (_readout("net", 0),), 1)


def fully_connected(
    sizes: Sequence[int], recurrent: Sequence[int], bits: int, timesteps: int, rate: float
) -> Workload:
    """Return a fully connected spiking network.

    Args:
        sizes: Inputs, then neurons of each layer.
        recurrent: Neurons of each recurrent layer.
        bits: Bits of a weight.
        timesteps: Timesteps of an inference.
        rate: Events of an input, and spikes of a neuron, in a timestep.
    """
    last, connections, populations = len(sizes) - 2, [], []
    for place, (n_in, n_out) in enumerate(itertools.pairwise(sizes)):
        name = f"fc{place + 1}"
        role = "readout" if place == last else "input" if place == 0 else "hidden"
        reads = [(name, role, place - 1, n_in, 0)]
        if place < last and n_out in recurrent:
            reads.append((f"{name}.back", "hidden", place, n_out, 1))
        for title, part, source, n, delay in reads:
            events = n * rate * timesteps
            connections.append(
                ConnectionWork(
                    title, source, place, part, "fc", False, bits, _census(n_out, n), n, _ops(events * n_out), events,
                    delay=delay,
                )
            )  # fmt: skip
        spikes = n_out * rate * timesteps
        neurons = PopulationWork(name, "hidden", n_out, (1, 1), n_out, spikes, "lif", "zero")
        populations.append(_readout(name, n_out) if place == last else neurons)
    return Workload(timesteps, 8, tuple(connections), tuple(populations), sizes[0], still=False)


def _readout(name: str, neurons: int) -> PopulationWork:
    return PopulationWork(name, "readout", max(1, neurons), (1, 1), neurons, 0.0, None, None)


def _ops(count: float) -> OpCounts:
    return OpCounts(count, count, (count,) * len(BLOCKS), count)


def _census(n_out: int, n_in: int) -> WeightCensus:
    size = n_out * n_in
    return WeightCensus(
        n_out, n_in, 1, size, (size,) * len(BLOCKS), NM_GROUPS, size, (size,) * len(DELTA_BITS)
    )
