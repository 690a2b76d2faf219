"""Prices of many candidates at once, on devices that store packed formats: the same numbers as `price`, by arrays.

A batch holds the counts of N candidates of one architecture as arrays [N, L]. Memory equals `price` to the byte; energy
and latency equal it to rounding. Not for families with a model of their own: `price` those one by one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hwsearch.hardware.batch_counts import (
    Floats,
    Ints,
    WorkloadBatch,
    batch_of,
    smallest_formats,
    whole_bytes,
)
from hwsearch.hardware.device import HardwareProfile, PerCycle, PerTerm, format_granularity
from hwsearch.hardware.workload import BLOCKS

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
        ValueError: The device has a model of its own, or no format of it can hold some layer.
    """
    if profile.model is not None:
        raise ValueError(f"{profile.id} has a model of its own: price its candidates one by one")
    choice, weights, bits = smallest_formats(batch, profile)
    params = _params(batch, profile)
    kept = np.where(batch.spiking, profile.state_bits, profile.accumulator_bits)
    state = whole_bytes(batch.neurons, kept).sum(1)
    buffers = _buffers(batch, profile)
    cycles = _cycles(batch, profile, choice)
    latency_s = None if cycles is None or profile.clock_hz is None else cycles / profile.clock_hz
    energy_j: Floats | None = None
    weight_bytes = weights.sum(1)
    match profile.energy:
        case PerCycle(cycle_j):
            energy_j = None if cycles is None else cycles * cycle_j
        case PerTerm() as terms:
            energy_j = _energy(batch, profile, terms, choice, bits, (weight_bytes, state, buffers))
    analog = np.where(batch.analog, batch.ops_nonzero, 0.0)
    return CostBatch(
        memory_bytes=weight_bytes + params + state + buffers,
        weight_bytes=weight_bytes,
        bias_bytes=params,
        state_bytes=state,
        buffer_bytes=buffers,
        synaptic_ops=(batch.ops_nonzero - analog).sum(1),
        macs=analog.sum(1),
        energy_j=energy_j,
        latency_s=latency_s,
    )


def _params(batch: WorkloadBatch, profile: HardwareProfile) -> Ints:
    biases = whole_bytes(batch.out_channels, profile.bias_bits)
    thresholds = np.where(batch.spiking, whole_bytes(batch.out_channels, profile.threshold_bits), 0)
    return np.asarray((biases + thresholds).sum(1))


def _buffers(batch: WorkloadBatch, profile: HardwareProfile) -> Ints:
    inputs, neurons = batch.inputs[:, 0], batch.neurons[:, 0]
    spikes = np.asarray(np.where(batch.spiking, whole_bytes(batch.neurons, 1), 0).sum(1))
    if not batch.analog[0]:
        return spikes + whole_bytes(inputs, 1)
    return spikes + inputs * -(-batch.input_bits // 8) + whole_bytes(neurons, profile.accumulator_bits)


def _charged(batch: WorkloadBatch, profile: HardwareProfile, choice: Ints, what: str) -> tuple[Floats, Ints]:
    """Return the operations worked off, and of how many weights: [N, L] (see `families.packed`)."""
    size = batch.out_channels * batch.in_channels * batch.kernel_area
    ops, weights = batch.ops_dense.copy(), size.copy()
    for index, name in enumerate(profile.formats):
        kind, _, text = name.partition(":")
        zeros = format_granularity(name)
        skips = [
            zeros in profile.skipped("energy" if what == "energy" else "cycles", role) for role in batch.roles
        ]
        if kind == "block":
            place = BLOCKS.index(int(text))
            worked, of = batch.ops_blocks[..., place], batch.blocks[..., place] * int(text)
        elif kind == "kernel":
            worked, of = batch.ops_planes, batch.planes * batch.kernel_area
        else:
            worked, of = batch.ops_nonzero, batch.nonzero
        taken = (choice == index) & np.array(skips)
        ops, weights = np.where(taken, worked, ops), np.where(taken, of, weights)
    return ops, weights


def _cycles(batch: WorkloadBatch, profile: HardwareProfile, choice: Ints) -> Floats | None:
    cost = profile.cycles
    ops, _ = _charged(batch, profile, choice, "cycles")
    steps = batch.timesteps.astype(np.float64)
    indexed = np.array([name != "dense" for name in profile.formats])[choice]
    terms: list[tuple[Floats, float | None]] = [
        (steps * batch.neurons.sum(1), cost.neuron_update),
        (steps * len(batch.roles), cost.layer_step),
        (np.where(batch.analog, ops, 0.0).sum(1), cost.mac),
        (np.where(batch.analog, 0.0, ops).sum(1), cost.synop),
        (np.where(batch.weight_bits < 8, ops, 0.0).sum(1), cost.unpack),
        (np.where(indexed, ops, 0.0).sum(1), cost.indexed_synop),
    ]
    if any(each is None and count.any() for count, each in terms):
        # one candidate that needs an unknown constant leaves the column unknown; price the rest one by one
        return None
    return sum((count * (each or 0.0) for count, each in terms), np.zeros(len(steps)))


def _energy(
    batch: WorkloadBatch,
    profile: HardwareProfile,
    terms: PerTerm,
    choice: Ints,
    bits: Ints,
    sizes: tuple[Ints, Ints, Ints],
) -> Floats:
    weight_bit_j, state_bit_j, buffer_bit_j = (_sram(terms, size)[:, None] for size in sizes)
    ops, weights = _charged(batch, profile, choice, "energy")
    width = batch.weight_bits.astype(np.float64)
    product = np.sqrt(batch.input_bits * width)
    multiply = terms.mul_j_per_bit2 * product**2 + terms.mul_j_per_bit * product
    logic = np.where(batch.analog, multiply, terms.gate_share * terms.add_j_per_bit * width)
    fetch = np.divide(bits, weights, out=np.zeros(bits.shape), where=weights > 0) * weight_bit_j
    kept = np.where(batch.spiking, profile.state_bits, profile.accumulator_bits)
    update = 2 * kept * state_bit_j + 2 * terms.add_j_per_bit * kept
    total = ops * (logic + terms.add_j(profile.accumulator_bits) + fetch)
    total = total + batch.neurons * batch.timesteps[:, None] * update + batch.spikes_out * 2 * buffer_bit_j
    return np.asarray(total.sum(1))


def _sram(terms: PerTerm, n_bytes: Ints) -> Floats:
    """Return the energy of one bit of memories: linear in log2(bytes), level beyond both ends."""
    sizes = [math.log2(size) for size, _ in terms.sram]
    return np.interp(np.log2(np.maximum(n_bytes, 1)), sizes, [energy for _, energy in terms.sram])
