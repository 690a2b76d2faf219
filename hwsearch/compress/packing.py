"""Integer weights to the bytes a device stores, and back, exactly.

The streams and their widths are those of `hwsearch.hardware.storage`; this module fills them. Fields are
packed little-endian, the lowest bit of the first field first; values are two's complement, except that
one-bit values are a sign (1 is +1, 0 is -1). ``dense``, ``bitmap``, ``nm``, ``block`` and ``kernel`` run in
the tensor's own order (output-major), ``csr`` and ``delta`` in input-major rows, since an event-driven loop
starts from an input; depthwise weights have a row for each channel.
Not for quantising (weights are integers here already) and not for writing files.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from hwsearch.compress.census import census, gaps, input_major, sizes
from hwsearch.compress.masks import runs
from hwsearch.compress.packed_laws import check_streams
from hwsearch.hardware.storage import FORMATS, Stream, streams
from hwsearch.hardware.workload import NM_GROUPS

IntArray = npt.NDArray[np.integer[Any]]
Fields = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Packed:
    """One connection's weights as stored; everything but ``data`` is a constant of it in firmware.

    Attributes:
        data: The streams one after the other, each padded to whole bytes; uint8 [n_bytes].
        format: One of `hwsearch.hardware.storage.FORMATS`.
        weight_bits: Bits of one weight, as the candidate says.
        shape: Shape of the weights, [out, in] or [out, in / groups, kh, kw].
        streams: The streams in the order of ``data``, with their counts and widths.
        slots: Slots of a group, n of ``nm:m``; 0 in the other formats.
        groups: 1; of depthwise weights their channels.
    """

    data: npt.NDArray[np.uint8]
    format: str
    weight_bits: int
    shape: tuple[int, ...]
    streams: tuple[Stream, ...]
    slots: int = 0
    groups: int = 1


def pack(
    weights: IntArray, weight_bits: int, format_name: str, pointer_bits: int = 16, groups: int = 1
) -> Packed:
    """Store one connection's weights; ``len(pack(...).data)`` equals `hwsearch.hardware.storage.stored_bytes`.

    Args:
        weights: [out, in] or [out, in / groups, kh, kw] integers, |w| <= max(1, 2**(weight_bits - 1) - 1).
        weight_bits: Bits of one weight.
        format_name: One of FORMATS.
        pointer_bits: Bits of a row pointer; 32 are taken where a pointer would overflow.
        groups: 1; of depthwise weights their channels.

    Raises:
        ValueError: If a weight needs more bits, the format is unknown or cannot hold this layer.
    """
    most = max(1, 2 ** (weight_bits - 1) - 1)
    if weights.size and int(np.abs(weights.astype(np.int64)).max()) > most:
        raise ValueError(
            f"weights of {weight_bits} bits must lie in -{most}..{most}; got {weights.min()}..{weights.max()}"
        )
    counts = census(weights, groups)
    layout = streams(format_name, counts, weight_bits, pointer_bits)
    if layout is None:
        raise ValueError(
            f"format {format_name!r} cannot hold this layer {weights.shape} (choose by `smallest`)"
        )
    kind, _, length = format_name.partition(":")
    slots = counts.nm_most[NM_GROUPS.index(int(length))] if kind == "nm" else 0
    empty = np.zeros(0, np.uint8)
    packed = Packed(empty, format_name, weight_bits, weights.shape, layout, slots, groups)
    fields = _fields(weights.astype(np.int64), packed)
    return replace(packed, data=np.concatenate([_write(fields[stream.name], stream) for stream in layout]))


def unpack(packed: Packed) -> npt.NDArray[np.int32]:
    """Return the weights of a stored connection, in their shape; the exact inverse of `pack`.

    Raises:
        ValueError: If the format is unknown, the data is not as long as its streams, or the streams are not those of
            the format, or not of this shape. What is believed of the streams is no more than their data holds, so
            that damaged or foreign ones take no more memory than a layer of their size.
    """
    if packed.format not in FORMATS:
        raise ValueError(f"format must be one of {FORMATS}; got {packed.format!r}")
    need = sum(stream.n_bytes for stream in packed.streams)
    if packed.data.dtype != np.uint8 or packed.data.shape != (need,):
        raise ValueError(f"packed data must be {need} bytes long; got {len(packed.data)}")
    check_streams(packed)
    parts = np.split(packed.data, np.cumsum([stream.n_bytes for stream in packed.streams])[:-1])
    pairs = zip(packed.streams, parts, strict=True)
    fields = {stream.name: _read(part, stream) for stream, part in pairs}
    return _weights(fields, packed).reshape(packed.shape).astype(np.int32)


def _fields(weights: Fields, packed: Packed) -> dict[str, Fields]:
    """Return the fields of every stream by its name, for weights to be stored as ``packed`` says (without data)."""
    kind, _, words = packed.format.partition(":")
    length = int(words or 0)
    rows = weights.reshape(len(weights), -1)
    match kind:
        case "dense":
            return {"values": rows.ravel()}
        case "bitmap":
            return _gather(rows.reshape(-1, 1))
        case "csr":
            matrix = input_major(weights, packed.groups)
            row, column = np.nonzero(matrix)
            pointers = _ends(row, np.ones_like(row), len(matrix))
            return {"pointers": pointers, "indices": column, "values": matrix[row, column]}
        case "delta":
            index_bits = next(stream.bits for stream in packed.streams if stream.name == "indices")
            return _to_delta(input_major(weights, packed.groups), index_bits)
        case "nm":
            return _to_slots(runs(rows, length, 0).reshape(-1, length), packed.slots)
        case "block":
            return _gather(runs(rows, length, 0).reshape(-1, length))
        case _:
            return _gather(weights.reshape(-1, sizes(weights.shape)[2]))


def _weights(fields: dict[str, Fields], packed: Packed) -> Fields:
    """Return the weights in the tensor's order, in some shape: the inverse of `_fields`."""
    out_channels, in_channels, area = sizes(packed.shape)
    kind, _, length = packed.format.partition(":")
    match kind:
        case "dense":
            return fields["values"]
        case "bitmap":
            return _scatter(fields["bitmap"], fields["values"], 1)
        case "csr" | "delta":
            groups, each = packed.groups, out_channels // packed.groups
            rows = _from_rows(kind, fields, (groups * in_channels, each * area))
            return rows.reshape(groups, in_channels, each, area).transpose(0, 2, 1, 3)
        case "nm":
            padded = _from_slots(fields, int(length), packed)
        case "block":
            padded = _scatter(fields["bitmap"], fields["values"], int(length))
        case _:
            return _scatter(fields["bitmap"], fields["values"], area)
    return padded.reshape(out_channels, -1)[:, : in_channels * area]


def _ends(row: Fields, entries: Fields, n_rows: int) -> Fields:
    """Return row pointers [n_rows + 1]: where each row's entries start, then their total."""
    pointers = np.zeros(n_rows + 1, dtype=np.int64)
    np.add.at(pointers, row + 1, entries)
    return np.cumsum(pointers)


def _to_delta(matrix: Fields, index_bits: int) -> dict[str, Fields]:
    place, skipped = gaps(matrix)
    row, column = np.divmod(place, matrix.shape[1])
    entries = (skipped >> index_bits) + 1
    last = np.cumsum(entries) - 1
    # a filler skips 2**bits - 1 zeros and is itself one more
    indices = np.full(int(entries.sum()), 2**index_bits - 1, dtype=np.int64)
    indices[last] = skipped & (2**index_bits - 1)
    values = np.zeros_like(indices)
    values[last] = matrix[row, column]
    return {"pointers": _ends(row, entries, len(matrix)), "indices": indices, "values": values}


def _from_rows(kind: str, fields: dict[str, Fields], shape: tuple[int, int]) -> Fields:
    pointers, column = fields["pointers"], fields["indices"]
    entries = np.diff(pointers)
    if len(entries) != shape[0] or (entries < 0).any() or pointers[0] != 0 or pointers[-1] != len(column):
        raise ValueError(f"row pointers must part {len(column)} entries into {shape[0]} rows")
    if kind == "delta":
        reached = np.concatenate([[0], np.cumsum(column + 1)])
        column = reached[1:] - np.repeat(reached[pointers[:-1]], entries) - 1
    matrix = np.zeros(shape, dtype=np.int64)
    matrix[np.repeat(np.arange(shape[0]), entries), column] = fields["values"]
    return matrix


def _to_slots(groups: Fields, slots: int) -> dict[str, Fields]:
    order = np.argsort(groups == 0, axis=1, kind="stable")[:, :slots]
    values = np.take_along_axis(groups, order, axis=1)
    # an unused slot points at its group's first input, which every tail has: firmware may read it unguarded
    return {"indices": np.where(values != 0, order, 0).ravel(), "values": values.ravel()}


def _from_slots(fields: dict[str, Fields], m: int, packed: Packed) -> Fields:
    out_channels, in_channels, area = sizes(packed.shape)
    n_groups = out_channels * -(-in_channels * area // m)
    at = np.repeat(np.arange(n_groups) * m, packed.slots) + fields["indices"]
    used = fields["values"] != 0
    padded = np.zeros(n_groups * m, dtype=np.int64)
    padded[at[used]] = fields["values"][used]
    return padded


def _gather(units: Fields) -> dict[str, Fields]:
    """Return a bit for each unit [n, length] that holds a non-zero, and the weights of those units."""
    held = (units != 0).any(axis=1)
    return {"bitmap": held.astype(np.int64), "values": units[held].ravel()}


def _scatter(bitmap: Fields, values: Fields, length: int) -> Fields:
    units = np.zeros((len(bitmap), length), dtype=np.int64)
    units[bitmap != 0] = values.reshape(-1, length)
    return units


def _write(fields: Fields, stream: Stream) -> npt.NDArray[np.uint8]:
    signs = stream.name == "values" and stream.bits == 1
    unsigned = (fields > 0) if signs else fields & (2**stream.bits - 1)
    octets = unsigned.astype("<u8").view(np.uint8).reshape(-1, 8)[:, : -(-stream.bits // 8)]
    return np.packbits(np.unpackbits(octets, axis=1, count=stream.bits, bitorder="little"), bitorder="little")


def _read(data: npt.NDArray[np.uint8], stream: Stream) -> Fields:
    bits = np.unpackbits(data, count=stream.count * stream.bits, bitorder="little")
    octets = np.packbits(bits.reshape(stream.count, stream.bits), axis=1, bitorder="little")
    unsigned = np.zeros((stream.count, 8), dtype=np.uint8)
    unsigned[:, : octets.shape[1]] = octets
    fields = unsigned.view("<u8").ravel().astype(np.int64)
    if stream.name != "values":
        return fields
    if stream.bits == 1:
        return 2 * fields - 1
    return np.where(fields >= 2 ** (stream.bits - 1), fields - 2**stream.bits, fields)
