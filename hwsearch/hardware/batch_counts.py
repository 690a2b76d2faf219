"""Counts of many candidates as arrays, and the smallest storage format of each of their layers.

The array form of `workload` and `storage`: the same bytes, layer by layer. Not for prices: `batch` has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.storage import WIDE_POINTER_BITS
from hwsearch.hardware.workload import BLOCKS, DELTA_BITS, NM_GROUPS, Workload

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class WorkloadBatch:
    """The counts of N candidates, layer by layer.

    Attributes:
        timesteps: [N].
        input_bits: Bits of one analog input value.
        analog, spiking: [L] whether a layer reads analog values; whether its neurons spike.
        roles: [L] role of each layer.
        weight_bits, out_channels, in_channels, kernel_area, nonzero, planes, neurons, inputs: [N, L].
        blocks: [N, L, len(BLOCKS)].
        nm_most: [N, L, len(NM_GROUPS)].
        delta_entries: [N, L, len(DELTA_BITS)].
        ops_nonzero, ops_dense, ops_planes, spikes_out: [N, L].
        ops_blocks: [N, L, len(BLOCKS)].
    """

    timesteps: Ints
    input_bits: int
    analog: npt.NDArray[np.bool_]
    spiking: npt.NDArray[np.bool_]
    roles: tuple[str, ...]
    weight_bits: Ints
    out_channels: Ints
    in_channels: Ints
    kernel_area: Ints
    nonzero: Ints
    planes: Ints
    neurons: Ints
    inputs: Ints
    blocks: Ints
    nm_most: Ints
    delta_entries: Ints
    ops_nonzero: Floats
    ops_dense: Floats
    ops_planes: Floats
    ops_blocks: Floats
    spikes_out: Floats


def batch_of(workloads: Sequence[Workload]) -> WorkloadBatch:
    """Return workloads of one architecture as arrays.

    Raises:
        ValueError: They differ in their layers' number, roles or kinds of input, or in the bits of the input.
    """
    first = workloads[0]
    kinds = [(layer.role, layer.analog) for layer in first.layers]
    for work in workloads:
        if [
            (layer.role, layer.analog) for layer in work.layers
        ] != kinds or work.input_bits != first.input_bits:
            raise ValueError("a batch must hold candidates of one architecture; got layers that differ")
    layers = [work.layers for work in workloads]
    census = [[layer.census for layer in own] for own in layers]
    ops = [[layer.ops for layer in own] for own in layers]

    def whole(source: list[list[object]] | Sequence[Sequence[object]], name: str) -> Ints:
        return np.array([[getattr(item, name) for item in own] for own in source], np.int64)

    def real(source: Sequence[Sequence[object]], name: str) -> Floats:
        return np.array([[getattr(item, name) for item in own] for own in source], np.float64)

    return WorkloadBatch(
        timesteps=np.array([work.timesteps for work in workloads], np.int64),
        input_bits=first.input_bits,
        analog=np.array([layer.analog for layer in first.layers]),
        spiking=np.array([layer.role != "readout" for layer in first.layers]),
        roles=tuple(layer.role for layer in first.layers),
        weight_bits=whole(layers, "weight_bits"),
        neurons=whole(layers, "neurons"),
        inputs=whole(layers, "inputs"),
        spikes_out=real(layers, "spikes_out"),
        **{name: whole(census, name) for name in _CENSUS},
        ops_nonzero=real(ops, "nonzero"),
        ops_dense=real(ops, "dense"),
        ops_planes=real(ops, "planes"),
        ops_blocks=real(ops, "blocks"),
    )


_CENSUS = (
    "out_channels",
    "in_channels",
    "kernel_area",
    "nonzero",
    "planes",
    "blocks",
    "nm_most",
    "delta_entries",
)


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


def _format(name: str, batch: WorkloadBatch, pointer_bits: int) -> tuple[Ints, Ints, npt.NDArray[np.bool_]]:
    """Return bytes, bits without padding, and whether the format can hold the layer: [N, L] each."""
    kind, _, text = name.partition(":")
    size = batch.out_channels * batch.in_channels * batch.kernel_area
    always = np.ones(size.shape, bool)
    match kind:
        case "dense":
            return (*_streams((size, _value_bits(size, batch))), always)
        case "bitmap":
            return (*_streams((size, 1), (batch.nonzero, _value_bits(batch.nonzero, batch))), always)
        case "csr":
            index = np.maximum(1, _log2(batch.out_channels * batch.kernel_area))
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


def _log2(count: Ints) -> Ints:
    """Return ceil(log2 count), exactly, of counts below 2**53."""
    mantissa, exponent = np.frexp(count.astype(np.float64))
    return np.where(count > 0, exponent - (mantissa == 0.5), 0).astype(np.int64)


def whole_bytes(count: Ints, bits: Ints | int) -> Ints:
    """Return ceil(count * bits / 8)."""
    return -(-count * bits // 8)
