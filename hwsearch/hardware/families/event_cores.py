"""Convolution cores, one layer each, whose memories are taken in powers of two.

For c input channels, f output channels, a k * k kernel and a map of h * w neurons::

    kernel entries = c * 2^(ceil(log2 k^2) + ceil(log2 f))
    neuron entries = f * 2^(ceil(log2 h) + ceil(log2 w))
    bias entries   = f

A fully connected layer is a convolution whose kernel covers its whole input map. Layers are assigned to cores by a
maximum flow. Zeros are stored and worked off.

Source: synsense/sinabs, sinabs/backend/dynapcnn/dynapcnn_layer.py, mapping.py and sinabs/validate_memory_speck.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.families.parts import Parts, as_bytes, event_ops, store_dense, times
from hwsearch.hardware.models import EventCores
from hwsearch.hardware.workload import LayerWork, Workload


@dataclass(frozen=True)
class Entries:
    """Memory entries of one layer."""

    kernel: int
    neuron: int
    bias: int


def event_cores(workload: Workload, profile: HardwareProfile, model: EventCores) -> Parts:
    """Return a network on convolution cores."""
    layers = workload.layers
    needs = [entries(layer) for layer in layers]
    weight_bits = max(profile.weight_bits)
    ops = sum(event_ops(layer, workload, zeros=True) for layer in layers)
    return Parts(
        stored=tuple(
            store_dense(layer, as_bytes(need.kernel, weight_bits))
            for layer, need in zip(layers, needs, strict=True)
        ),
        params=sum(as_bytes(need.bias, profile.bias_bits) for need in needs),
        state=sum(as_bytes(need.neuron, profile.state_bits) for need in needs),
        buffers=0,
        charged_ops=ops,
        energy_j=times(ops, model.synop_j),
        latency_s=None if model.layer_s is None else len(layers) * model.layer_s,
        static_w=profile.static_w,
        all_in=False,
        notes=(
            f"latency_s on {profile.id} is one event's way through all layers, at most: the time of a whole "
            "inference follows the sensor",
        ),
    )


def entries(layer: LayerWork) -> Entries:
    """Return the memory entries of a layer."""
    census = layer.census
    kernel = kernel_area(layer)
    height, width = layer.out_size
    return Entries(
        kernel=in_channels(layer) * 2 ** (_log2(kernel) + _log2(census.out_channels)),
        neuron=census.out_channels * 2 ** (_log2(height) + _log2(width)),
        bias=census.out_channels,
    )


def in_channels(layer: LayerWork) -> int:
    """Return the channels of the map that a layer reads."""
    return max(1, layer.census.in_channels // (layer.fan_columns if layer.kind == "fc" else 1))


def kernel_area(layer: LayerWork) -> int:
    """Return the weights of one filter plane, a fully connected layer's too."""
    return layer.fan_columns if layer.kind == "fc" else layer.census.kernel_area


def assignment(workload: Workload, model: EventCores) -> list[int | None]:
    """Return the core of each layer, or None for one that found no core.

    A core can take a layer if each of its memories holds the layer's entries; a maximum flow from layers to cores
    places as many layers as can be placed.
    """
    import numpy as np
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    needs = [entries(layer) for layer in workload.layers]
    cores = list(zip(model.kernel_entries, model.neuron_entries, model.bias_entries, strict=True))
    fits = np.array(
        [[need.kernel <= k and need.neuron <= n and need.bias <= b for k, n, b in cores] for need in needs]
    )
    found = maximum_bipartite_matching(csr_array(fits), perm_type="column")
    return [None if core < 0 else int(core) for core in found]


def _log2(n: int) -> int:
    return max(0, n - 1).bit_length()
