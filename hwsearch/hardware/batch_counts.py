"""Counts of many candidates as arrays, and the smallest storage format of each of their layers.

The array form of `workload` and `storage`: the same bytes, layer by layer. Not for prices: `batch` has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from operator import attrgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.storage import WIDE_POINTER_BITS
from hwsearch.hardware.workload import BLOCKS, DELTA_BITS, LANES, NM_GROUPS, LayerWork, WeightCensus, Workload

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class WorkloadBatch:
    """The counts of N candidates, layer by layer.

    Attributes:
        timesteps: [N].
        input_bits: Bits of one analog input value.
        analog, spiking, conv: [L] whether a layer reads analog values; whether its neurons spike; whether it is a
            convolution.
        roles: [L] role of each layer.
        weight_bits, out_channels, in_channels, kernel_area, nonzero, planes, neurons, inputs, height, width,
            fan_columns: [N, L].
        outputs_used: [N, L] output-major rows that hold any non-zero; the layer's neurons where not counted.
        blocks: [N, L, len(BLOCKS)].
        nm_most: [N, L, len(NM_GROUPS)].
        delta_entries: [N, L, len(DELTA_BITS)].
        lane_reads: [N, L, len(LANES)].
        empty_rows: [N, L] input-major rows that hold no non-zero.
        row_counts: [N, L] of tuples, as in `WeightCensus`; made to arrays where a device needs them.
        ops_nonzero, ops_dense, ops_planes, spikes_in, spikes_out: [N, L].
        ops_blocks: [N, L, len(BLOCKS)].
    """

    timesteps: Ints
    input_bits: int
    analog: Flags
    spiking: Flags
    conv: Flags
    roles: tuple[str, ...]
    weight_bits: Ints
    out_channels: Ints
    in_channels: Ints
    kernel_area: Ints
    nonzero: Ints
    planes: Ints
    neurons: Ints
    inputs: Ints
    height: Ints
    width: Ints
    fan_columns: Ints
    outputs_used: Ints
    empty_rows: Ints
    blocks: Ints
    nm_most: Ints
    delta_entries: Ints
    lane_reads: Ints
    row_counts: npt.NDArray[np.object_]
    ops_nonzero: Floats
    ops_dense: Floats
    ops_planes: Floats
    ops_blocks: Floats
    spikes_in: Floats
    spikes_out: Floats

    @property
    def size(self) -> Ints:
        """Weights of each layer, zeros included: [N, L]."""
        return self.out_channels * self.in_channels * self.kernel_area

    @property
    def fan_in(self) -> Ints:
        """Inputs of one neuron of each layer, pruned ones included: [N, L]."""
        return self.in_channels * self.kernel_area

    @property
    def positions(self) -> Ints:
        """Pixels at which each layer's filters stand; 1 for a fully connected layer: [N, L]."""
        return np.where(self.conv, self.height * self.width, 1)

    @cached_property
    def rows(self) -> tuple[Ints, Ints, Ints]:
        """Input-major rows of all layers, one after the other: the layer's place in [N * L], non-zeros, rows."""
        counts = self.row_counts.ravel()
        lengths = np.fromiter(map(len, counts), np.int64, len(counts))
        numbers = np.fromiter(chain.from_iterable(counts), np.int64, int(lengths.sum()))
        sizes = np.arange(len(numbers)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        held = numbers > 0
        return np.repeat(np.arange(len(counts)), lengths)[held], sizes[held], numbers[held]


def batch_of(workloads: Sequence[Workload]) -> WorkloadBatch:
    """Return workloads of one architecture as arrays.

    Raises:
        ValueError: They differ in their layers' number, roles, kinds or kinds of input, or in the bits of the input.
    """
    first = workloads[0]
    kinds = [_KIND(layer) for layer in first.layers]
    for work in workloads:
        if [_KIND(layer) for layer in work.layers] != kinds or work.input_bits != first.input_bits:
            raise ValueError("a batch must hold candidates of one architecture; got layers that differ")
    layers = [layer for work in workloads for layer in work.layers]
    shape = (len(workloads), len(kinds))
    whole = np.array([_whole(layer) for layer in layers], np.int64).reshape(*shape, -1)
    real = np.array([_real(layer) for layer in layers], np.float64).reshape(*shape, -1)
    rows = np.empty(len(layers), np.object_)
    rows[:] = [_row_counts(layer.census) for layer in layers]
    ints = {name: whole[..., place] for place, name in enumerate(_WHOLE)}
    ints.update(zip(_LENGTHS, np.split(whole, _ENDS, axis=-1)[1:], strict=True))
    floats = {name: real[..., place] for place, name in enumerate(_REAL)}
    given: dict[str, Any] = {**ints, **floats, "ops_blocks": real[..., len(_REAL) :]}
    return WorkloadBatch(
        timesteps=np.array([work.timesteps for work in workloads], np.int64),
        input_bits=first.input_bits,
        analog=np.array([layer.analog for layer in first.layers]),
        spiking=np.array([layer.role != "readout" for layer in first.layers]),
        conv=np.array([layer.kind == "conv" for layer in first.layers]),
        roles=tuple(layer.role for layer in first.layers),
        row_counts=rows.reshape(shape),
        **given,
    )


_KIND = attrgetter("role", "kind", "analog")
_LAYER = ("weight_bits", "neurons", "inputs", "fan_columns")
_CENSUS = ("out_channels", "in_channels", "kernel_area", "nonzero", "planes")
_WHOLE = (*_LAYER, *_CENSUS, "height", "width", "outputs_used", "empty_rows")
_REAL = ("spikes_in", "spikes_out", "ops_nonzero", "ops_dense", "ops_planes")
_LENGTHS = ("blocks", "nm_most", "delta_entries", "lane_reads")
_ENDS = np.cumsum([len(_WHOLE), len(BLOCKS), len(NM_GROUPS), len(DELTA_BITS)]).tolist()
_of_layer, _of_census = attrgetter(*_LAYER), attrgetter(*_CENSUS)


def _whole(layer: LayerWork) -> tuple[int, ...]:
    """Return a layer's whole numbers in the order of _WHOLE, then those of _LENGTHS."""
    counts = layer.census
    used = layer.neurons if counts.outputs_used is None else counts.outputs_used
    return (
        *_of_layer(layer), *_of_census(counts), *layer.out_size, used, _row_counts(counts)[0],
        *counts.blocks, *counts.nm_most, *counts.delta_entries,
        *(counts.lane_reads or (counts.reads(lanes) for lanes in LANES)),
    )  # fmt: skip


def _real(layer: LayerWork) -> tuple[float, ...]:
    ops = layer.ops
    return (layer.spikes_in, layer.spikes_out, ops.nonzero, ops.dense, ops.planes, *ops.blocks)


def _row_counts(counts: WeightCensus) -> tuple[int, ...]:
    """Return the rows that hold n non-zeros, at place n; spread evenly where rows were not counted."""
    if counts.row_counts:
        return counts.row_counts
    held = dict(counts.rows)
    return tuple(held.get(n, 0) for n in range(max(held, default=0) + 1))


def smallest_formats(batch: WorkloadBatch, profile: HardwareProfile) -> tuple[Ints, Ints, Ints]:
    """Return, for each layer [N, L]: the index of its format, its bytes, and its bits without padding."""
    best = np.full(batch.nonzero.shape, np.iinfo(np.int64).max)
    choice, bits = np.zeros_like(best), np.zeros_like(best)
    for index, name in enumerate(profile.formats):
        n_bytes, n_bits, holds = _format(name, batch, profile.pointer_bits)
        better = holds & (n_bytes < best)  # of equal sizes the first listed wins
        best = np.where(better, n_bytes, best)
        bits = np.where(better, n_bits, bits)
        choice = np.where(better, index, choice)
    if (best == np.iinfo(np.int64).max).any():
        raise ValueError(f"one of the formats must hold each layer; got {profile.formats} (add 'dense')")
    return choice, best, bits


def _format(name: str, batch: WorkloadBatch, pointer_bits: int) -> tuple[Ints, Ints, Flags]:
    """Return bytes, bits without padding, and whether the format can hold the layer: [N, L] each."""
    kind, _, text = name.partition(":")
    size = batch.size
    always = np.ones(size.shape, bool)
    match kind:
        case "dense":
            return (*_streams((size, _value_bits(size, batch))), always)
        case "bitmap":
            return (*_streams((size, 1), (batch.nonzero, _value_bits(batch.nonzero, batch))), always)
        case "csr":
            index = np.maximum(1, ceil_log2(batch.out_channels * batch.kernel_area))
            return (*_rows(batch.nonzero, index, batch, pointer_bits), always)
        case "delta":
            found = [
                _rows(batch.delta_entries[..., i], width, batch, pointer_bits)
                for i, width in enumerate(DELTA_BITS)
            ]
            n_bytes, n_bits = found[0]
            for other_bytes, other_bits in found[1:]:
                better = other_bytes < n_bytes
                n_bytes = np.where(better, other_bytes, n_bytes)
                n_bits = np.where(better, other_bits, n_bits)
            return n_bytes, n_bits, always
        case "nm":
            m = int(text)
            most = batch.nm_most[..., NM_GROUPS.index(m)]
            slots = _runs(m, batch) * most
            return (*_streams((slots, (m - 1).bit_length()), (slots, _value_bits(slots, batch))), most < m)
        case "block":
            length = int(text)
            held = batch.blocks[..., BLOCKS.index(length)] * length
            return (*_streams((_runs(length, batch), 1), (held, _value_bits(held, batch))), always)
        case _:
            held = batch.planes * batch.kernel_area
            bitmap = batch.out_channels * batch.in_channels
            return (*_streams((bitmap, 1), (held, _value_bits(held, batch))), batch.kernel_area > 1)


def _rows(
    entries: Ints, index_bits: Ints | int, batch: WorkloadBatch, pointer_bits: int
) -> tuple[Ints, Ints]:
    pointer = np.where(entries <= 2**pointer_bits - 1, pointer_bits, WIDE_POINTER_BITS)
    return _streams(
        (batch.in_channels + 1, pointer), (entries, index_bits), (entries, _value_bits(entries, batch))
    )


def _streams(*layout: tuple[Ints, Ints | int]) -> tuple[Ints, Ints]:
    """Return the bytes, each stream padded, and the bits of streams (count, bits)."""
    n_bytes = sum((whole_bytes(count, bits) for count, bits in layout), np.zeros_like(layout[0][0]))
    n_bits = sum((count * bits for count, bits in layout), np.zeros_like(layout[0][0]))
    return n_bytes, n_bits


def _value_bits(count: Ints, batch: WorkloadBatch) -> Ints:
    holds_zeros = count > batch.nonzero
    return np.where((batch.weight_bits == 1) & holds_zeros, 2, batch.weight_bits)


def _runs(length: int, batch: WorkloadBatch) -> Ints:
    return batch.out_channels * -(-batch.in_channels * batch.kernel_area // length)


def ceil_log2(count: Ints) -> Ints:
    """Return ceil(log2 count), exactly, of counts below 2**53."""
    mantissa, exponent = np.frexp(count.astype(np.float64))
    return np.where(count > 0, exponent - (mantissa == 0.5), 0).astype(np.int64)


def whole_bytes(count: Ints, bits: Ints | int) -> Ints:
    """Return ceil(count * bits / 8)."""
    return -(-count * bits // 8)
