"""Many candidates on chips of cores: the array form of `families.many_core`, `step_cycles`, `event_cores`, `crossbar`.

The formulas and their sources are told there; here they run over arrays [N, L]. Not for the assignment of layers to
cores and not for static power, which hangs on it.
"""

from __future__ import annotations

import numpy as np

from hwsearch.hardware.batch_counts import (
    Floats,
    Ints,
    WorkloadBatch,
    ceil_log2,
    smallest_formats,
    whole_bytes,
)
from hwsearch.hardware.batch_parts import (
    BatchParts,
    Term,
    buffers,
    charged,
    event_ops,
    events,
    over,
    params,
    state,
    times,
    total,
)
from hwsearch.hardware.device import SKIPPABLE, HardwareProfile
from hwsearch.hardware.models import Crossbar, EventCores, ManyCore, StepCycles


def many_core(batch: WorkloadBatch, profile: HardwareProfile, model: ManyCore) -> BatchParts:
    """Return candidates on cores with lists of synapses."""
    n_bytes, ops = _lists(batch, profile, model) if model.layout == "words" else _packed(batch, profile)
    held, kept = params(batch, profile), state(batch, profile)
    if model.neuron_bytes is not None:
        held, kept = np.zeros_like(held), batch.neurons.sum(1) * model.neuron_bytes
    nothing = np.zeros_like(held)
    energy_j = _core_energy(batch, model, ops)
    return BatchParts(n_bytes.sum(1), held, kept, nothing, energy_j, _core_time(batch, model, ops, n_bytes))


def _packed(batch: WorkloadBatch, profile: HardwareProfile) -> tuple[Ints, Floats]:
    """Return the bytes and the operations of each layer in the profile's packed formats."""
    choice, n_bytes, _ = smallest_formats(batch, profile)
    ops, _ = charged(batch, profile.formats, choice, [SKIPPABLE] * len(batch.roles))
    dense = np.array([name == "dense" for name in profile.formats])[choice]
    return n_bytes, np.where(batch.analog, event_ops(batch, dense), ops)


def _lists(batch: WorkloadBatch, profile: HardwareProfile, model: ManyCore) -> tuple[Ints, Floats]:
    """Return the bytes and the operations of each layer in lists of words."""
    channels = np.maximum(batch.in_channels, 1)
    lists = np.where(batch.in_channels > 0, batch.inputs // channels, 0)
    width = _next(model.synapse_bits, batch.weight_bits)
    own = np.minimum(batch.neurons, model.core_neurons or batch.neurons)
    index = _next(model.index_bits, np.maximum(1, ceil_log2(own)))
    full = lists * batch.in_channels * _axon_bits(batch.out_channels * batch.kernel_area, width, model)
    layer, synapses, rows = batch.rows
    each = rows * _axon_bits(synapses, (width + index).ravel()[layer], model)
    # bincount sums as floats: exact below 2**53 bits
    sparse = lists * np.bincount(layer, each, full.size).astype(np.int64).reshape(full.shape)
    dense = np.full(full.shape, "dense" in profile.formats)
    if "csr" in profile.formats:
        dense &= full <= sparse
    n_bytes = whole_bytes(np.where(dense, full, sparse), 1)
    return n_bytes, event_ops(batch, dense)


def _axon_bits(synapses: Ints, bits: Ints, model: ManyCore) -> Ints:
    """Return the bits of axons' lists, each block rounded up to whole words."""
    word, header = model.word_bits or 1, model.header_bits or 0
    block = np.maximum(1, synapses) if model.block_synapses is None else model.block_synapses
    blocks, rest = np.divmod(synapses, block)
    whole = blocks * (-(-(block * bits + header) // word) * word)
    return whole + np.where(rest > 0, -(-(rest * bits + header) // word) * word, 0)


def _next(menu: tuple[int, ...], bits: Ints) -> Ints:
    """Return the narrowest width of a menu that holds ``bits``; the widest where none does."""
    if not menu:
        return bits
    widths = np.array(sorted(menu))
    return widths[np.minimum(np.searchsorted(widths, bits), len(widths) - 1)]


def _core_energy(batch: WorkloadBatch, model: ManyCore, ops: Floats) -> Floats | None:
    price = model.price
    updates = batch.neurons * batch.timesteps[:, None]
    reached = np.minimum(updates, ops)
    fixed = 1.0 if price.reference_bits is None or price.fixed_share is None else price.fixed_share
    scale = fixed + (1 - fixed) * batch.weight_bits / (price.reference_bits or 1)
    terms: list[Term] = [
        ((ops * scale).sum(1), price.synop_j),
        (reached.sum(1), price.update_j),
        ((updates - reached).sum(1), price.idle_update_j),
        (batch.spikes_out.sum(1), (price.spike_j or 0.0) + (price.hops or 0.0) * (price.hop_j or 0.0)),
    ]
    return total(terms)


def _core_time(batch: WorkloadBatch, model: ManyCore, ops: Floats, n_bytes: Ints) -> Floats | None:
    price = model.price
    steps = batch.timesteps[:, None]
    reached = np.minimum(batch.neurons, ops / steps)
    work = total(
        [
            (ops / steps, price.synop_s),
            (reached, price.update_s),
            (batch.neurons - reached, price.idle_update_s),
        ]
    )
    if work is None or price.sync_s is None:
        return None
    cores = np.ones_like(n_bytes)
    if model.core_neurons:
        cores = np.maximum(cores, -(-batch.neurons // model.core_neurons))
    if model.core_bytes:
        cores = np.maximum(cores, -(-n_bytes // model.core_bytes))
    if model.in_axons:
        cores = np.where(batch.conv, np.maximum(cores, -(-batch.inputs // model.in_axons)), cores)
    busy = (work / cores).max(1)
    return np.asarray((batch.timesteps + len(batch.roles) - 1) * (busy + price.sync_s))


def step_cycles(batch: WorkloadBatch, profile: HardwareProfile, model: StepCycles) -> BatchParts:
    """Return candidates on a core that works in timesteps."""
    steps = batch.timesteps
    inner = np.array([role == "hidden" for role in batch.roles])
    synapses = batch.nonzero * batch.positions
    inputs, outputs = batch.inputs[:, 0], batch.neurons[:, -1]
    hidden = np.where(batch.spiking, batch.neurons, 0).sum(1)
    sent = np.where(batch.spiking, batch.spikes_out, 0.0).sum(1)
    between = np.where(inner, synapses, 0).sum(1)
    reached = batch.outputs_used[:, 0] if model.skips_unused else hidden
    read = batch.inputs[:, -1] - batch.empty_rows[:, -1] if model.skips_unused else hidden
    rate_in = _rate(events(batch)[:, 0] / steps, inputs)
    rate = _rate(sent / steps, hidden)
    cycles = steps * (
        inputs * (rate_in * reached * model.input_target + model.input_fixed)
        + between * rate * model.hidden_synop
        + hidden * (model.hidden_fixed + rate * model.hidden_spike)
        + read * rate * (model.readout_event + outputs * model.readout_synop)
        + outputs * model.readout_fixed
    )
    slots = whole_bytes(np.where(inner, synapses, batch.size * batch.positions), max(profile.weight_bits))
    return BatchParts(
        weights=slots.sum(1),
        params=params(batch, profile),
        state=state(batch, profile),
        buffers=buffers(batch, profile),
        energy_j=times(cycles, model.cycle_j),
        latency_s=over(cycles * (1 + model.margin), model.clock_hz),
    )


def _rate(happened: Floats, of: Ints) -> Floats:
    """Return min(1, happened / of); 0 of none."""
    return np.minimum(1.0, np.divide(happened, of, out=np.zeros(of.shape), where=of > 0))


def event_cores(batch: WorkloadBatch, profile: HardwareProfile, model: EventCores) -> BatchParts:
    """Return candidates on convolution cores with power-of-two memories."""
    area = np.where(batch.conv, batch.kernel_area, batch.fan_columns)
    channels = np.maximum(1, batch.in_channels // np.where(batch.conv, 1, batch.fan_columns))
    kernel = channels * 2 ** (ceil_log2(area) + ceil_log2(batch.out_channels))
    neuron = batch.out_channels * 2 ** (ceil_log2(batch.height) + ceil_log2(batch.width))
    ops = event_ops(batch, zeros=True).sum(1)
    latency_s = None if model.layer_s is None else np.full(len(ops), len(batch.roles) * model.layer_s)
    weights = whole_bytes(kernel, max(profile.weight_bits)).sum(1)
    return BatchParts(
        weights=weights,
        params=whole_bytes(batch.out_channels, profile.bias_bits).sum(1),
        state=whole_bytes(neuron, profile.state_bits).sum(1),
        buffers=np.zeros_like(weights),
        energy_j=times(ops, model.synop_j),
        latency_s=latency_s,
    )


def crossbar(batch: WorkloadBatch, profile: HardwareProfile, model: Crossbar) -> BatchParts:
    """Return candidates on arrays of axons times neurons."""
    array = int(-(-model.axons * model.neurons * max(profile.weight_bits) // 8))
    arrays = -(-batch.neurons // model.neurons)
    weights = np.full(len(arrays), array) if model.cores == 1 else arrays.sum(1) * array
    ops = event_ops(batch, zeros=model.charges_zeros).sum(1)
    return BatchParts(
        weights=weights,
        params=params(batch, profile),
        state=state(batch, profile),
        buffers=buffers(batch, profile),
        energy_j=times(ops, model.synop_j),
        latency_s=_sweep_time(batch, model),
    )


def _sweep_time(batch: WorkloadBatch, model: Crossbar) -> Floats | None:
    if model.step_s is not None:
        return np.asarray(batch.timesteps * model.step_s)
    if model.event_cycles is None or model.target_cycles is None or model.step_cycles is None:
        return None
    swept = events(batch).sum(1) * (model.event_cycles + model.neurons * model.target_cycles)
    cycles: Floats = swept + batch.timesteps * model.neurons * model.step_cycles
    return over(cycles, model.clock_hz)
