"""A candidate's workload before training: its masks, and the dense network's firing.

Memory is an upper bound (the quantiser can only add zeros, and so can channels that fall silent); operations are an
estimate, since firing changes in training.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hwsearch.hardware.workload import Workload
from hwsearch.measure.workload import Counted, count_workload
from hwsearch.network.fold import shrink
from hwsearch.network.integer import Run
from hwsearch.network.integers import IntegerLayer, IntegerNetwork
from hwsearch.network.topology import NetworkSpec


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
        masks: Surviving weights, one array a layer.
        bits: Weight bits, one a layer.
        timesteps: T.
        dense: The dense network's run at the same T.
        counted: Layers that need not be counted again (`measure.workload`).
    """
    layers = tuple(
        IntegerLayer(
            shape.name, shape.kind, mask.view(np.int8),
            # a bias that fires: no channel is taken for silent before it was trained
            np.ones(shape.out_channels, np.int32), np.ones(shape.out_channels, np.int32),
            0, shape.pool, shape.out_size, shape.fan_columns,
        )
        for shape, mask in zip(spec.layers, masks, strict=True)
    )  # fmt: skip
    network, alive = shrink(
        IntegerNetwork(
            layers, tuple(bits), timesteps, spec.leak_shift, spec.reset, spec.pool,
            spec.input_shape, spec.input_max, spec.input_bits, 32,
        )
    )  # fmt: skip
    maps = [dense.input_maps[0]]
    for shape, events, channels in zip(spec.layers[1:], dense.input_maps[1:], alive, strict=True):
        by_channel = events.reshape(-1, shape.fan_columns) if shape.kind == "fc" else events
        maps.append(by_channel[channels].reshape(-1) if shape.kind == "fc" else by_channel[channels])
    spikes = [events[channels] for events, channels in zip(dense.spikes, alive, strict=True)]
    return count_workload(network, maps, spikes, counted)
