"""Stored size of one layer's weights in every format, in whole bytes, from its census alone.

A format is one to three streams (bitmap, pointers, indices, values). Each stream is padded up to whole bytes
on its own, so a layer's size is the sum of ceil(count * bits / 8) over its streams;
`hwsearch.compress.packing` writes exactly these streams. Not for choosing which formats a device reads (its
profile says) and not for the bytes of biases, thresholds or neuron state.

============  ==========================================================================================
``dense``     values: every weight
``bitmap``    bitmap: 1 bit a weight; values: the non-zeros
``csr``       pointers: one an input-major row, plus one; indices: place in the row; values: the non-zeros
``delta``     as csr, but an index is the zeros skipped since the last entry; fillers bridge long gaps
``nm:m``      indices, values: n slots for every output-major run of m, n = the most non-zeros of any run
``block:B``   bitmap: 1 bit an output-major run of B; values: B for every run that holds a non-zero
``kernel``    bitmap: 1 bit a filter plane; values: every weight of each plane that holds a non-zero
============  ==========================================================================================

One-bit weights are a sign (+1 or -1): a value stream that must also hold a zero takes 2 bits a value.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from hwsearch.hardware.workload import BLOCKS, DELTA_BITS, NM_GROUPS, WeightCensus

FORMATS: tuple[str, ...] = (
    "dense",
    "bitmap",
    "csr",
    "delta",
    *(f"nm:{m}" for m in NM_GROUPS),
    *(f"block:{length}" for length in BLOCKS),
    "kernel",
)
"""Every storage format, plainest first."""

WIDE_POINTER_BITS = 32
"""Pointer width taken where a pointer would overflow the width that was asked for."""

_REMEMBERED = 4096


@dataclass(frozen=True)
class Stream:
    """One stream of equally wide fields.

    Attributes:
        name: ``bitmap``, ``pointers``, ``indices`` or ``values``.
        count: Number of fields.
        bits: Width of a field, in bits.
    """

    name: str
    count: int
    bits: int

    @property
    def n_bytes(self) -> int:
        """Bytes, padded up to whole ones: ceil(count * bits / 8)."""
        return -(-self.count * self.bits // 8)


def stored_bytes(
    format_name: str, census: WeightCensus, weight_bits: int, pointer_bits: int = 16
) -> int | None:
    """Return the bytes of one layer's weights in one format, or None where the format cannot hold the layer.

    Args:
        format_name: One of FORMATS.
        census: Counts of the layer's weights.
        weight_bits: Bits of one weight.
        pointer_bits: Bits of a row pointer (``csr``, ``delta``); 32 are taken where a pointer would overflow.

    Returns:
        The sum of ceil(count * bits / 8) over the format's streams; None as for `streams`.

    Raises:
        ValueError: If the format is unknown or a width is less than one bit.

    Exact counts stand in place of the densities of textbook formulas.
    """
    layout = streams(format_name, census, weight_bits, pointer_bits)
    return None if layout is None else _total(layout)


def smallest(
    formats: Iterable[str], census: WeightCensus, weight_bits: int, pointer_bits: int = 16
) -> tuple[str, int]:
    """Return the format that stores the layer in the fewest bytes, and those bytes.

    Args:
        formats: Formats the device reads; of equal sizes the first listed wins.
        census: Counts of the layer's weights.
        weight_bits: Bits of one weight.
        pointer_bits: Bits of a row pointer.

    Raises:
        ValueError: If no listed format can hold the layer, or as for `stored_bytes`.
    """
    return _smallest(tuple(formats), census, weight_bits, pointer_bits)


@lru_cache(maxsize=_REMEMBERED)  # candidates are many, the ways to cut and quantise one layer are few
def _smallest(
    names: tuple[str, ...], census: WeightCensus, weight_bits: int, pointer_bits: int
) -> tuple[str, int]:
    sizes = [(name, stored_bytes(name, census, weight_bits, pointer_bits)) for name in names]
    fitting = [(name, size) for name, size in sizes if size is not None]
    if not fitting:
        raise ValueError(f"one of the formats must hold the layer; got {names} (add 'dense')")
    return min(fitting, key=lambda pair: pair[1])


def streams(
    format_name: str, census: WeightCensus, weight_bits: int, pointer_bits: int = 16
) -> tuple[Stream, ...] | None:
    """Return a format's streams in the order they are stored: bitmap, pointers, indices, values.

    Pointers come before the narrower streams: where a packed layer starts aligned, its pointers are aligned.

    Args:
        format_name: One of FORMATS.
        census: Counts of the layer's weights.
        weight_bits: Bits of one weight.
        pointer_bits: Bits of a row pointer; 32 are taken where a pointer would overflow.

    Returns:
        The streams, or None where the format cannot hold the layer: ``kernel`` if a plane is one weight,
        ``nm:m`` if some run has m non-zeros (nothing would be saved).

    Raises:
        ValueError: If the format is unknown or a width is less than one bit.
    """
    if format_name not in FORMATS:
        raise ValueError(f"format must be one of {FORMATS}; got {format_name!r}")
    if weight_bits < 1 or pointer_bits < 1:
        raise ValueError(f"widths must be at least 1 bit; got {weight_bits=}, {pointer_bits=}")
    kind, _, length = format_name.partition(":")
    match kind:
        case "dense":
            return (_values(census.size, census, weight_bits),)
        case "bitmap":
            return Stream("bitmap", census.size, 1), _values(census.nonzero, census, weight_bits)
        case "csr":
            return _csr(census, weight_bits, pointer_bits)
        case "delta":
            return _delta(census, weight_bits, pointer_bits)
        case "nm":
            return _nm(int(length), census, weight_bits)
        case "block":
            return _block(int(length), census, weight_bits)
        case _:
            return _kernel(census, weight_bits)


def _csr(census: WeightCensus, weight_bits: int, pointer_bits: int) -> tuple[Stream, ...]:
    index_bits = max(1, _bits_to_count(census.row_length))
    return (
        _pointers(census.nonzero, census, pointer_bits),
        Stream("indices", census.nonzero, index_bits),
        _values(census.nonzero, census, weight_bits),
    )


def _delta(census: WeightCensus, weight_bits: int, pointer_bits: int) -> tuple[Stream, ...]:
    layouts = []
    for index_bits, entries in zip(DELTA_BITS, census.delta_entries, strict=True):
        pointers, indices = _pointers(entries, census, pointer_bits), Stream("indices", entries, index_bits)
        layouts.append((pointers, indices, _values(entries, census, weight_bits)))
        if entries == census.nonzero:
            break  # wider indices would save no filler
    return min(layouts, key=_total)


def _nm(m: int, census: WeightCensus, weight_bits: int) -> tuple[Stream, ...] | None:
    n = census.nm_most[NM_GROUPS.index(m)]
    if n >= m:
        return None
    slots = _runs(m, census) * n
    return Stream("indices", slots, _bits_to_count(m)), _values(slots, census, weight_bits)


def _block(length: int, census: WeightCensus, weight_bits: int) -> tuple[Stream, ...]:
    stored = census.blocks[BLOCKS.index(length)]
    return Stream("bitmap", _runs(length, census), 1), _values(stored * length, census, weight_bits)


def _kernel(census: WeightCensus, weight_bits: int) -> tuple[Stream, ...] | None:
    if census.kernel_area == 1:
        return None
    bitmap = Stream("bitmap", census.out_channels * census.in_channels, 1)
    return bitmap, _values(census.planes * census.kernel_area, census, weight_bits)


def _values(count: int, census: WeightCensus, weight_bits: int) -> Stream:
    holds_zeros = count > census.nonzero
    return Stream("values", count, 2 if weight_bits == 1 and holds_zeros else weight_bits)


def _pointers(entries: int, census: WeightCensus, pointer_bits: int) -> Stream:
    # the last pointer is the number of entries itself, hence <= and not < the largest value
    fits = entries <= 2**pointer_bits - 1
    return Stream("pointers", census.input_rows + 1, pointer_bits if fits else WIDE_POINTER_BITS)


def _runs(length: int, census: WeightCensus) -> int:
    return census.out_channels * -(-census.in_channels * census.kernel_area // length)


def _bits_to_count(n: int) -> int:
    """Return ceil(log2 n), in integers."""
    return (n - 1).bit_length()


def _total(layout: Iterable[Stream]) -> int:
    return sum(stream.n_bytes for stream in layout)
