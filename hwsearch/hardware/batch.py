"""Prices of many candidates at once: the same numbers as `price`, by arrays, on every family.

A batch holds the counts of N candidates of one architecture as arrays [N, L]. Memory equals `price` to the byte; energy
and latency equal it to rounding. Not for static energy, notes and formats: `price` tells those of one candidate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hwsearch.hardware.batch_circuits import fpga_clock, fpga_dataflow, npu, roofline
from hwsearch.hardware.batch_cores import crossbar, event_cores, many_core, step_cycles
from hwsearch.hardware.batch_counts import Floats, Ints, WorkloadBatch, batch_of, smallest_formats
from hwsearch.hardware.batch_parts import BatchParts, Term, buffers, charged, kept_bits, params, state, total
from hwsearch.hardware.device import HardwareProfile, PerCycle, PerTerm
from hwsearch.hardware.models import (
    Crossbar,
    EventCores,
    FpgaClock,
    FpgaDataflow,
    ManyCore,
    Npu,
    Roofline,
    StepCycles,
)

__all__ = ["CostBatch", "WorkloadBatch", "batch_of", "price_batch"]


@dataclass(frozen=True, eq=False)
class CostBatch:
    """What N candidates cost; see `cost_model.Cost`. Arrays [N]; None: unknown on the device."""

    memory_bytes: Ints
    weight_bytes: Ints
    bias_bytes: Ints
    state_bytes: Ints
    buffer_bytes: Ints
    synaptic_ops: Floats
    macs: Floats
    energy_j: Floats | None
    latency_s: Floats | None


def price_batch(batch: WorkloadBatch, profile: HardwareProfile) -> CostBatch:
    """Return what N candidates cost on a device.

    Raises:
        ValueError: No format of the device can hold some layer.
    """
    parts = _parts(batch, profile)
    analog = np.where(batch.analog, batch.ops_nonzero, 0.0)
    return CostBatch(
        memory_bytes=parts.weights + parts.params + parts.state + parts.buffers,
        weight_bytes=parts.weights,
        bias_bytes=parts.params,
        state_bytes=parts.state,
        buffer_bytes=parts.buffers,
        synaptic_ops=(batch.ops_nonzero - analog).sum(1),
        macs=analog.sum(1),
        energy_j=parts.energy_j,
        latency_s=parts.latency_s,
    )


def _parts(batch: WorkloadBatch, profile: HardwareProfile) -> BatchParts:
    match profile.model:
        case ManyCore() as model:
            return many_core(batch, profile, model)
        case StepCycles() as model:
            return step_cycles(batch, profile, model)
        case EventCores() as model:
            return event_cores(batch, profile, model)
        case Crossbar() as model:
            return crossbar(batch, profile, model)
        case FpgaClock() as model:
            return fpga_clock(batch, profile, model)
        case FpgaDataflow() as model:
            return fpga_dataflow(batch, profile, model)
        case Npu() as model:
            return npu(batch, profile, model)
        case Roofline() as model:
            return roofline(batch, profile, model)
        case None:
            return _packed(batch, profile)


def _packed(batch: WorkloadBatch, profile: HardwareProfile) -> BatchParts:
    """Return candidates on a device without a model of its own (see `families.packed`)."""
    choice, weights, bits = smallest_formats(batch, profile)
    sizes = (weights.sum(1), state(batch, profile), buffers(batch, profile))
    cycles = _cycles(batch, profile, choice)
    energy_j: Floats | None = None
    match profile.energy:
        case PerCycle(cycle_j):
            energy_j = None if cycles is None else cycles * cycle_j
        case PerTerm() as terms:
            energy_j = _energy(batch, profile, terms, choice, bits, sizes)
    latency_s = None if cycles is None or profile.clock_hz is None else cycles / profile.clock_hz
    return BatchParts(sizes[0], params(batch, profile), sizes[1], sizes[2], energy_j, latency_s)


def _cycles(batch: WorkloadBatch, profile: HardwareProfile, choice: Ints) -> Floats | None:
    cost = profile.cycles
    skips = [profile.skipped("cycles", role) for role in batch.roles]
    ops, _ = charged(batch, profile.formats, choice, skips)
    steps = batch.timesteps.astype(np.float64)
    indexed = np.array([name != "dense" for name in profile.formats])[choice]
    conv_mac = cost.mac if profile.conv_mac_cycles is None else profile.conv_mac_cycles
    terms: list[Term] = [
        (steps * batch.neurons.sum(1), cost.neuron_update),
        (steps * len(batch.roles), cost.layer_step),
        (np.where(batch.analog & ~batch.conv, ops, 0.0).sum(1), cost.mac),
        (np.where(batch.analog & batch.conv, ops, 0.0).sum(1), conv_mac),
        (np.where(batch.analog, 0.0, ops).sum(1), cost.synop),
        (np.where(batch.weight_bits < 8, ops, 0.0).sum(1), cost.unpack),
        (np.where(indexed, ops, 0.0).sum(1), cost.indexed_synop),
    ]
    return total(terms)


def _energy(
    batch: WorkloadBatch,
    profile: HardwareProfile,
    terms: PerTerm,
    choice: Ints,
    bits: Ints,
    sizes: tuple[Ints, Ints, Ints],
) -> Floats:
    weight_bit_j, state_bit_j, buffer_bit_j = (_sram(terms, size)[:, None] for size in sizes)
    skips = [profile.skipped("energy", role) for role in batch.roles]
    ops, weights = charged(batch, profile.formats, choice, skips)
    width = batch.weight_bits.astype(np.float64)
    product = np.sqrt(batch.input_bits * width)
    multiply = terms.mul_j_per_bit2 * product**2 + terms.mul_j_per_bit * product
    logic = np.where(batch.analog, multiply, terms.gate_share * terms.add_j_per_bit * width)
    fetch = np.divide(bits, weights, out=np.zeros(bits.shape), where=weights > 0) * weight_bit_j
    kept = kept_bits(batch, profile)
    update = 2 * kept * state_bit_j + 2 * terms.add_j_per_bit * kept
    energy = ops * (logic + terms.add_j(profile.accumulator_bits) + fetch)
    energy = energy + batch.neurons * batch.timesteps[:, None] * update + batch.spikes_out * 2 * buffer_bit_j
    return np.asarray(energy.sum(1))


def _sram(terms: PerTerm, n_bytes: Ints) -> Floats:
    """Return the energy of one bit of memories: linear in log2(bytes), level beyond both ends."""
    sizes = [math.log2(size) for size, _ in terms.sram]
    return np.interp(np.log2(np.maximum(n_bytes, 1)), sizes, [energy for _, energy in terms.sram])
