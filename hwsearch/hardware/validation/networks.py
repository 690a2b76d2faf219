"""The networks of published measurements, as Workloads: shapes and rates that a point states, nothing else.

Not for pricing: `compare` prices them.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from hwsearch.hardware.workload import (
    BLOCKS,
    DELTA_BITS,
    NM_GROUPS,
    LayerWork,
    OpCounts,
    WeightCensus,
    Workload,
)


def dense_pass(fc_macs: int, conv_macs: int) -> Workload:
    """Return one pass of a dense int8 network: multiply-accumulates and nothing else."""
    layers = [
        LayerWork(kind, "readout", kind, True, 8, _census(1, 1), 0, 1, _ops(macs), 1.0, 0.0)
        for kind, macs in (("fc", fc_macs), ("conv", conv_macs))
        if macs
    ]
    return Workload(0, 8, tuple(layers))


def packed_weights(n_bytes: int) -> Workload:
    """Return a network of so many bytes of packed 4-bit weights, and nothing else."""
    layer = LayerWork("net", "readout", "fc", True, 4, _census(1, 2 * n_bytes), 0, 1, _ops(0), 0.0, 0.0)
    return Workload(1, 8, (layer,))


def fully_connected(
    sizes: Sequence[int], recurrent: Sequence[int], bits: int, timesteps: int, rate: float
) -> Workload:
    """Return a fully connected spiking network; a recurrent layer's own weights stand as a further layer.

    Args:
        sizes: Inputs, then neurons of each layer.
        recurrent: Neurons of each recurrent layer.
        bits: Bits of a weight.
        timesteps: Timesteps of an inference.
        rate: Events of an input, and spikes of a neuron, in a timestep.
    """
    shapes = [*itertools.pairwise(sizes), *((width, width) for width in recurrent)]
    layers = []
    for index, (n_in, n_out) in enumerate(shapes):
        role = "readout" if n_out == sizes[-1] else "input" if index == 0 else "hidden"
        events = n_in * rate * timesteps
        neurons = n_out if index < len(sizes) - 1 else 0  # of a recurrent layer they are counted already
        sent = 0.0 if role == "readout" else neurons * rate * timesteps
        name, ops = f"fc{index + 1}", _ops(events * n_out)
        census = _census(n_out, n_in)
        layers.append(LayerWork(name, role, "fc", False, bits, census, neurons, n_in, ops, events, sent))
    return Workload(timesteps, 8, tuple(layers))


def _ops(count: float) -> OpCounts:
    return OpCounts(count, count, (count,) * len(BLOCKS), count)


def _census(n_out: int, n_in: int) -> WeightCensus:
    size = n_out * n_in
    return WeightCensus(
        n_out, n_in, 1, size, (size,) * len(BLOCKS), NM_GROUPS, size, (size,) * len(DELTA_BITS)
    )
