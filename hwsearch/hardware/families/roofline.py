"""Processors bound by arithmetic or by memory traffic; and processors whose toolchain tells only the memory.

    t_step = max(2 * operations / peak_ops, bytes / bandwidth) + layers * launch

Every weight is worked off in every timestep: unstructured zeros save nothing.
"""

from __future__ import annotations

from dataclasses import replace

from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.families.parts import (
    Parts,
    positions,
    shared_bytes,
    store,
    times,
)
from hwsearch.hardware.models import Npu, Roofline
from hwsearch.hardware.workload import Workload


def roofline(workload: Workload, profile: HardwareProfile, model: Roofline) -> Parts:
    """Return a network on a processor that keeps its weights in one large memory."""
    stored = tuple(store(connection, profile) for connection in workload.connections)
    params, state, buffers = shared_bytes(workload, profile)
    ops = sum(layer.census.size * positions(layer) for layer in workload.connections)
    moved = sum(layer.n_bytes for layer in stored) + params + 2 * state + buffers
    latency_s = None
    if model.peak_ops and model.bandwidth and model.launch_s is not None:
        step = max(2 * ops / model.peak_ops, moved / model.bandwidth) + len(stored) * model.launch_s
        latency_s = workload.timesteps * step
    return Parts(
        stored=stored,
        params=params,
        state=state,
        buffers=buffers,
        charged_ops=float(ops * workload.timesteps),
        energy_j=times(latency_s, model.power_w),
        latency_s=latency_s,
        static_w=None,
        all_in=True,
    )


def npu(workload: Workload, profile: HardwareProfile, model: Npu) -> Parts:
    """Return a network on processors that a closed toolchain assigns: memory only, by regression.

    bytes = packed weights + used processors * node_bytes; at least one processor a layer is used.
    """
    stored = tuple(store(connection, profile) for connection in workload.connections)
    stored = tuple(replace(layer, n_bytes=layer.n_bytes + (model.node_bytes or 0)) for layer in stored)
    params, state, buffers = shared_bytes(workload, profile)
    note = f"memory_bytes on {profile.id} takes one processor a layer; its toolchain may use more"
    ops = sum(layer.ops.dense for layer in workload.connections)
    return Parts(stored, params, state, buffers, ops, None, None, None, False, (note,))
