"""What a family's array formula returns, and the sums that all of them share: the array form of `families.parts`.

Not for the choice of a storage format: `batch_counts` makes it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hwsearch.hardware.batch_counts import Flags, Floats, Ints, WorkloadBatch, whole_bytes
from hwsearch.hardware.device import HardwareProfile, format_granularity
from hwsearch.hardware.families.parts import ADDS_IN_MEMORY
from hwsearch.hardware.workload import BLOCKS

Term = tuple[Floats | Ints, float | None]


@dataclass(frozen=True, eq=False)
class BatchParts:
    """N candidates on a device: bytes, energy and time, [N] each; None: unknown on the device."""

    weights: Ints
    params: Ints
    state: Ints
    buffers: Ints
    energy_j: Floats | None
    latency_s: Floats | None


def params(batch: WorkloadBatch, profile: HardwareProfile) -> Ints:
    """Return the bytes of biases and thresholds."""
    biases = whole_bytes(batch.out_channels, profile.bias_bits)
    thresholds = np.where(batch.spiking, whole_bytes(batch.out_channels, profile.threshold_bits), 0)
    return np.asarray((biases + thresholds).sum(1))


def kept_bits(batch: WorkloadBatch, profile: HardwareProfile) -> Ints:
    """Return the width of what a neuron of each layer keeps: [L]."""
    return np.where(batch.spiking, profile.state_bits, profile.accumulator_bits)


def state(batch: WorkloadBatch, profile: HardwareProfile) -> Ints:
    """Return the bytes of membranes and accumulators."""
    return np.asarray(whole_bytes(batch.neurons, kept_bits(batch, profile)).sum(1))


def buffers(batch: WorkloadBatch, profile: HardwareProfile) -> Ints:
    """Return the bytes of the input, of its kept current, of one bit a spiking neuron, and of sums."""
    inputs, neurons = batch.inputs[:, 0], batch.neurons[:, 0]
    held = np.asarray(np.where(batch.spiking, whole_bytes(batch.neurons, 1), 0).sum(1))
    if profile.family in ADDS_IN_MEMORY:
        adding = np.where(batch.spiking & ~batch.analog, batch.neurons, 0).max(1)
        held = held + whole_bytes(adding, profile.accumulator_bits)
    if not batch.analog[0]:
        return held + whole_bytes(inputs, 1)
    return held + inputs * -(-batch.input_bits // 8) + whole_bytes(neurons, profile.accumulator_bits)


def charged(
    batch: WorkloadBatch, formats: tuple[str, ...], choice: Ints, skips: list[tuple[str, ...]]
) -> tuple[Floats, Ints]:
    """Return the operations worked off, and of how many weights: [N, L].

    Args:
        batch: The candidates.
        formats: Formats of the device.
        choice: [N, L] which of them each layer is stored in.
        skips: [L] classes whose zeros cost nothing.
    """
    ops, weights = batch.ops_dense, batch.size
    for index, name in enumerate(formats):
        kind, _, text = name.partition(":")
        if kind == "block":
            place = BLOCKS.index(int(text))
            worked, of = batch.ops_blocks[..., place], batch.blocks[..., place] * int(text)
        elif kind == "kernel":
            worked, of = batch.ops_planes, batch.planes * batch.kernel_area
        else:
            worked, of = batch.ops_nonzero, batch.nonzero
        zeros = format_granularity(name)
        taken = (choice == index) & np.array([zeros in own for own in skips])
        ops, weights = np.where(taken, worked, ops), np.where(taken, of, weights)
    return ops, weights


def event_ops(batch: WorkloadBatch, zeros: bool | Flags) -> Floats:
    """Return the operations of events, at every weight where ``zeros``, else at non-zero ones: [N, L]."""
    return np.where(zeros, batch.ops_dense, batch.ops_nonzero) * _presented(batch)


def events(batch: WorkloadBatch) -> Floats:
    """Return the events that reach each layer in one inference: [N, L]."""
    return batch.spikes_in * _presented(batch)


def _presented(batch: WorkloadBatch) -> Ints:
    """Return how often the host presents the input of each layer: an analog value comes in every timestep."""
    return np.where(batch.analog, batch.timesteps[:, None], 1)


def total(terms: list[Term]) -> Floats | None:
    """Return the sum of count * cost; None where a cost that any candidate needs is unknown."""
    result: Floats = np.zeros(1)
    for count, cost in terms:
        if cost is None:
            # one candidate that needs it leaves all of them unknown: price the rest one by one
            if count.any():
                return None
            continue
        result = result + count * cost
    return result


def over(amount: Floats | None, rate: float | None) -> Floats | None:
    """Return amount / rate; None where either is unknown."""
    return None if amount is None or not rate else amount / rate


def times(amount: Floats | None, rate: float | None) -> Floats | None:
    """Return amount * rate; None where either is unknown."""
    return None if amount is None or rate is None else amount * rate
