"""Convolution cores, one population each, whose memories are taken in powers of two.

For c input channels, f output channels, a k * k kernel and a map of h * w neurons::

    kernel entries = c * 2^(ceil(log2 k^2) + ceil(log2 f))
    neuron entries = f * 2^(ceil(log2 h) + ceil(log2 w))
    bias entries   = f

A fully connected layer is a convolution whose kernel covers its whole input map. Layers are assigned to cores by a
maximum flow. Zeros are stored and worked off.

Source: synsense/sinabs, sinabs/backend/dynapcnn/dynapcnn_layer.py, mapping.py and sinabs/validate_memory_speck.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.families.parts import Parts, as_bytes, event_ops, store_dense, times
from hwsearch.hardware.models import EventCores
from hwsearch.hardware.workload import ConnectionWork, PopulationWork, Workload


@dataclass(frozen=True)
class Entries:
    """Memory entries of one population and the weights into it."""

    kernel: int
    neuron: int
    bias: int


def event_cores(workload: Workload, profile: HardwareProfile, model: EventCores) -> Parts:
    """Return a network on convolution cores."""
    needs = [entries(population, incoming) for population, incoming in workload.joined()]
    weight_bits = max(profile.weight_bits)
    ops = sum(event_ops(layer, workload, zeros=True) for layer in workload.connections)
    return Parts(
        stored=tuple(
            store_dense(connection, as_bytes(kernel_entries(connection), weight_bits))
            for connection in workload.connections
        ),
        params=sum(as_bytes(need.bias, profile.bias_bits) for need in needs),
        state=sum(as_bytes(need.neuron, profile.state_bits) for need in needs),
        buffers=0,
        charged_ops=ops,
        energy_j=times(ops, model.synop_j),
        latency_s=None if model.layer_s is None else len(needs) * model.layer_s,
        static_w=profile.static_w,
        all_in=False,
        notes=(
            f"latency_s on {profile.id} is one event's way through all layers, at most: the time of a whole "
            "inference follows the sensor",
        ),
    )


def entries(population: PopulationWork, incoming: Sequence[ConnectionWork]) -> Entries:
    """Return the memory entries of a population and of the weights into it."""
    height, width = population.size
    return Entries(
        kernel=sum(kernel_entries(connection) for connection in incoming),
        neuron=population.channels * 2 ** (_log2(height) + _log2(width)),
        bias=population.channels,
    )


def kernel_entries(connection: ConnectionWork) -> int:
    """Return the entries of a connection's weights."""
    filters = connection.census.out_channels // connection.groups
    return in_channels(connection) << (_log2(kernel_area(connection)) + _log2(filters))


def in_channels(connection: ConnectionWork) -> int:
    """Return the channels of the map that a connection reads."""
    columns = connection.fan_columns if connection.kind == "fc" else 1
    return max(1, connection.census.input_rows // columns)


def kernel_area(connection: ConnectionWork) -> int:
    """Return the weights of one filter plane, a fully connected connection's too."""
    return connection.fan_columns if connection.kind == "fc" else connection.census.kernel_area


def assignment(workload: Workload, model: EventCores) -> list[int | None]:
    """Return the core of each population, or None for one that found no core.

    A core can take a population if each of its memories holds the entries; a maximum flow from populations to cores
    places as many as can be placed.
    """
    import numpy as np
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    needs = [entries(population, incoming) for population, incoming in workload.joined()]
    cores = list(zip(model.kernel_entries, model.neuron_entries, model.bias_entries, strict=True))
    fits = np.array(
        [[need.kernel <= k and need.neuron <= n and need.bias <= b for k, n, b in cores] for need in needs]
    )
    found = maximum_bipartite_matching(csr_array(fits), perm_type="column")
    return [None if core < 0 else int(core) for core in found]


def _log2(n: int) -> int:
    return max(0, n - 1).bit_length()
