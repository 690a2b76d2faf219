"""Many candidates on FPGAs, closed processors and GPUs: the array form of `families.fpga` and `families.roofline`.

The formulas and their sources are told there; here they run over arrays [N, L].
"""

from __future__ import annotations

import numpy as np

from hwsearch.hardware.batch_counts import Floats, Ints, WorkloadBatch, ceil_log2, smallest_formats
from hwsearch.hardware.batch_parts import BatchParts, buffers, over, params, state, times
from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.families.fpga import BRAM18_BYTES, BRAM18_SHAPES
from hwsearch.hardware.models import FpgaClock, FpgaDataflow, Npu, Roofline
from hwsearch.hardware.workload import LANES


def fpga_clock(batch: WorkloadBatch, profile: HardwareProfile, model: FpgaClock) -> BatchParts:
    """Return candidates as clock-driven circuits."""
    cycles: Floats | None = None
    if model.input_cycles is not None and model.layer_cycles is not None:
        longest = (batch.fan_in * batch.positions * model.input_cycles).max(1)
        cycles = batch.timesteps * (longest + model.layer_cycles)
    width = batch.out_channels * batch.weight_bits
    latency_s = over(cycles, model.clock_hz)
    energy_j = None if latency_s is None else times(latency_s * batch.neurons.sum(1), model.neuron_w)
    return _circuit(batch, profile, model, (batch.fan_in, width), energy_j, latency_s)


def fpga_dataflow(batch: WorkloadBatch, profile: HardwareProfile, model: FpgaDataflow) -> BatchParts:
    """Return candidates as pipelines of matrix-vector units."""
    packs = np.array(["weight" in profile.skipped("storage", role) for role in batch.roles])
    skips = packs | np.array(["weight" in profile.skipped("cycles", role) for role in batch.roles])
    whole = -(-batch.out_channels // model.pe) * -(-batch.fan_in // model.simd)
    kept = whole
    if skips.any():
        kept = -(-batch.lane_reads[..., LANES.index(model.pe)] // model.simd)
    index_bits = np.where(packs, np.maximum(1, ceil_log2(batch.fan_in)), 0)
    width = model.pe * model.simd * (batch.weight_bits + index_bits)
    reads = np.where(skips, kept, whole) * batch.positions
    latency_s = over(batch.timesteps * reads.max(1).astype(np.float64), model.clock_hz)
    shape = (np.where(packs, kept, whole), width)
    return _circuit(batch, profile, model, shape, times(latency_s, model.power_w), latency_s)


def _circuit(
    batch: WorkloadBatch,
    profile: HardwareProfile,
    model: FpgaClock | FpgaDataflow,
    shape: tuple[Ints, Ints],
    energy_j: Floats | None,
    latency_s: Floats | None,
) -> BatchParts:
    """Return circuits whose memories have these words and bits of a word."""
    return BatchParts(
        weights=memory_bytes(*shape, model.block_words, model.block_width).sum(1),
        params=params(batch, profile),
        state=state(batch, profile),
        buffers=buffers(batch, profile),
        energy_j=energy_j,
        latency_s=latency_s,
    )


def memory_bytes(depth: Ints, width: Ints, block_words: int | None, block_width: int | None) -> Ints:
    """Return the bytes of the blocks that memories take (see `families.fpga.memory_bytes`)."""
    if block_words is not None and block_width is not None:
        return -(-depth // block_words) * -(-width // block_width) * (block_words * block_width // 8)
    blocks = _blocks(depth, width, *BRAM18_SHAPES[-1])
    deep_words, deep_width = BRAM18_SHAPES[-2]
    blocks = np.where(
        (width <= deep_width) | (depth > BRAM18_SHAPES[-1][0]),
        _blocks(depth, width, deep_words, deep_width),
        blocks,
    )
    for words, bits in reversed(BRAM18_SHAPES[:-2]):
        blocks = np.where(width <= bits, _blocks(depth, width, words, bits), blocks)
    return np.where(depth * width == 0, 0, blocks) * BRAM18_BYTES


def _blocks(depth: Ints, width: Ints, words: int, bits: int) -> Ints:
    return -(-depth // words) * -(-width // bits)


def npu(batch: WorkloadBatch, profile: HardwareProfile, model: Npu) -> BatchParts:
    """Return candidates on processors that a closed toolchain assigns: memory only, by regression."""
    _, weights, _ = smallest_formats(batch, profile)
    return BatchParts(
        weights=weights.sum(1) + len(batch.roles) * (model.node_bytes or 0),
        params=params(batch, profile),
        state=state(batch, profile),
        buffers=buffers(batch, profile),
        energy_j=None,
        latency_s=None,
    )


def roofline(batch: WorkloadBatch, profile: HardwareProfile, model: Roofline) -> BatchParts:
    """Return candidates on a processor bound by arithmetic or by memory traffic."""
    _, stored, _ = smallest_formats(batch, profile)
    weights, held = stored.sum(1), params(batch, profile)
    kept, buffered = state(batch, profile), buffers(batch, profile)
    latency_s: Floats | None = None
    if model.peak_ops and model.bandwidth and model.launch_s is not None:
        ops = (batch.size * batch.positions).sum(1)
        moved = weights + held + 2 * kept + buffered
        step = np.maximum(2 * ops / model.peak_ops, moved / model.bandwidth)
        latency_s = np.asarray(batch.timesteps * (step + len(batch.roles) * model.launch_s))
    return BatchParts(weights, held, kept, buffered, times(latency_s, model.power_w), latency_s)
