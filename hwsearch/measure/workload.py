"""From integers and events to a Workload: the same counting before training (masks, predicted maps) and after.

An operation is one input event meeting one weight. The events are linear in the mean input map, so one map a
layer is enough: no candidate is run again to be counted. Source: NeuroBench's SynapticOperations
(Yik et al. 2025), which this equals on masks and spikes alike; bias additions are not counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

from hwsearch.compress.masks import runs
from hwsearch.compress.packing import census
from hwsearch.hardware.workload import BLOCKS, LayerWork, OpCounts, WeightCensus, Workload
from hwsearch.network.integers import IntegerLayer, IntegerNetwork

Counted = dict[bytes, tuple[WeightCensus, OpCounts]]
"""What was counted of layers before: candidates are many, the ways to cut one layer are few."""
_MOST_COUNTED = 4096


def count_workload(
    network: IntegerNetwork,
    input_maps: Sequence[np.ndarray],
    spikes: Sequence[np.ndarray],
    counted: Counted | None = None,
) -> Workload:
    """Count what one inference costs.

    Args:
        network: The (shrunk) network; only its shapes and which weights are zero matter.
        input_maps: Per layer [C, H, W] or [n], mean events of an inference at each of its inputs.
        spikes: Per spiking layer [C], mean spikes of each channel in an inference.
        counted: Layers that need not be counted again; those of this network are added.
    """
    last = len(network.layers) - 1
    layers = []
    for index, (layer, bits, events) in enumerate(
        zip(network.layers, network.weight_bits, input_maps, strict=True)
    ):
        weights, ops = _counts(layer, events, counted)
        layers.append(
            LayerWork(
                name=layer.name,
                role="input" if index == 0 else "readout" if index == last else "hidden",
                kind=layer.kind,
                analog=index == 0,
                weight_bits=bits,
                census=weights,
                neurons=layer.neurons,
                inputs=int(events.size),
                ops=ops,
                spikes_in=float(events.sum()),
                spikes_out=0.0 if index == last else float(spikes[index].sum()),
                out_size=layer.out_size,
                pool=layer.pool,
                fan_columns=layer.fan_columns,
            )
        )
    return Workload(network.timesteps, network.input_bits, tuple(layers))


def _counts(
    layer: IntegerLayer, events: np.ndarray, counted: Counted | None
) -> tuple[WeightCensus, OpCounts]:
    if counted is None:
        return census(layer.weight), _count(layer, events)
    shape = repr((layer.weight.shape, events.shape, layer.kind, layer.out_size)).encode()
    name = blake2b(shape + np.packbits(layer.weight != 0).tobytes() + events.tobytes()).digest()
    if name not in counted:
        if len(counted) >= _MOST_COUNTED:
            counted.clear()
        counted[name] = census(layer.weight), _count(layer, events)
    return counted[name]


def _count(layer: IntegerLayer, events: np.ndarray) -> OpCounts:
    """Count a layer's operations by what is worked off."""
    taps = _events_per_tap(layer, events)  # [in * k * k]
    rows = (layer.weight != 0).reshape(len(layer.weight), -1)
    planes = (layer.weight != 0).reshape(*layer.weight.shape[:2], -1)
    area = planes.shape[2]
    return OpCounts(
        nonzero=float(rows.sum(0) @ taps),
        dense=float(len(rows) * taps.sum()),
        blocks=tuple(float(_stored_blocks(rows, length).sum(0) @ taps) for length in BLOCKS),
        planes=float(np.repeat(planes.any(2).sum(0), area) @ taps),
    )


def _events_per_tap(layer: IntegerLayer, events: np.ndarray) -> np.ndarray:
    """Return, for each weight of one output-major row, the events it meets in an inference: [in * k * k]."""
    if layer.kind == "fc":
        return events.reshape(-1)
    kernel = layer.weight.shape[2]
    height, width = layer.out_size
    padded = np.pad(events, ((0, 0), (kernel // 2,) * 2, (kernel // 2,) * 2))
    taps = [
        padded[:, row : row + height, column : column + width].sum((1, 2))
        for row in range(kernel)
        for column in range(kernel)
    ]
    return np.stack(taps, 1).reshape(-1)


def _stored_blocks(rows: np.ndarray, length: int) -> np.ndarray:
    """Return [out, n] with every weight of a block that holds a non-zero."""
    stored = runs(rows, length, False).any(2)
    return np.repeat(stored, length, axis=1)[:, : rows.shape[1]]
