"""How often the loops of each kernel turn: one function a kernel, in the order of the loops of ``kernels.c``.

A new kernel is a further entry of `KERNELS`. Terms that several kernels share (reading on in a stream of bits) have one
name, since they are one inlined function.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from hwsearch.hardware.firmware.events import (
    Lists,
    bits_looked_at,
    further_bytes,
    hits_of,
    in_blocks_of,
    lists_of,
    unused_of,
)
from hwsearch.hardware.firmware.program import PAIRED_VALUES, LibraryConnection

Term = tuple[str, float]
"""Its name, and how often it happens in an inference."""


def connection_terms(c: LibraryConnection) -> Iterator[Term]:
    """Yield the terms of a connection in an inference.

    Raises:
        KeyError: The kernel is not one of `KERNELS`.
    """
    yield f"{c.work.kind} call", c.calls
    yield from scan_terms(c)
    yield from kernel_terms(c)


def kernel_terms(c: LibraryConnection) -> Iterator[Term]:
    """Yield the terms of a connection's kernel in an inference.

    Raises:
        KeyError: The kernel is not one of `KERNELS`.
    """
    return ((name, count) for name, count in KERNELS[c.name](c, lists_of(c)) if count)


def scan_terms(c: LibraryConnection) -> Iterator[Term]:
    """Yield the terms of a connection's scan in an inference; a kernel of pairs reads every value itself."""
    scanned = () if c.kernel == "pairs" else _scan(c, lists_of(c))
    return ((name, count) for name, count in scanned if count)


def _scan(c: LibraryConnection, lists: Lists) -> Iterator[Term]:
    name, values = f"scan_{c.scan_name}", c.work.inputs * c.calls
    pooling = c.work.pooling
    yield f"{name} list", lists.all
    yield f"{name} event", c.events
    if c.work.kind == "fc" and c.scan == "bits" and pooling.area == 1:
        bits, passed = bits_looked_at(c)
        yield f"{name} bit", bits
        yield f"{name} byte", passed
        return
    yield f"{name} value", values
    if pooling.area > 1:
        yield f"{name} line", values * pooling.window[0]
        yield f"{name} pooled value", values * pooling.area
        yield f"{name} call", _apart(c, f"pooled {c.scan_name.partition('_')[2]}", values)
    if c.work.kind == "conv":
        yield from _lines(c, lists)


def _lines(c: LibraryConnection, lists: Lists) -> Iterator[Term]:
    """Yield what a scan for filters does at the end of a line and of a map, and to find where it was."""
    (height, width), (down, across) = c.work.in_size, c.work.stride
    pad_down, pad_across = (side // 2 for side in c.work.kernel)
    lines = c.work.inputs / width * c.calls
    maps = lines / height
    yield "conv line", lines
    yield "conv map", maps
    again = lists.all - c.calls  # lists that begin somewhere within the maps
    found = c.calls * (pad_down // down + pad_across // across)
    found += again * ((pad_down + height / 2) // down + (pad_across + width / 2) // across)
    yield "conv place", found + lines * (pad_across // across) + maps * (pad_down // down)


def _fc_bytes(c: LibraryConnection, lists: Lists) -> Iterator[Term]:
    yield "fc_bytes list", lists.filled
    yield "fc_bytes event", c.events
    yield "fc_bytes weight", c.events * c.work.census.out_channels


def _fc_dense(c: LibraryConnection, lists: Lists) -> Iterator[Term]:
    """Weights at the same bits of a byte are added together: of every so many rows, after which these come again."""
    outputs, bits = c.work.census.out_channels, c.stream("values").bits
    every = 8 // math.gcd(c.work.census.in_channels * bits, 8)
    looked, further = c.events * outputs, further_bytes(bits)
    yield "fc_dense list", lists.filled
    yield "fc_dense event", c.events
    yield "fc_dense column", c.events * min(every, outputs)
    yield "fc_dense weight", looked * (1 - further)
    yield "fc_dense wide weight", looked * further


def _fc_pairs(c: LibraryConnection, lists: Lists) -> Iterator[Term]:
    """Every value is read, whether it is zero or not: words of weights against pairs of values."""
    outputs, inputs, bits = c.work.census.out_channels, c.work.inputs, c.stream("values").bits
    chunks = -(-inputs // PAIRED_VALUES)
    rests = sum(min(PAIRED_VALUES, inputs - at) * bits // 8 % 4 for at in range(0, inputs, PAIRED_VALUES))
    yield "fc_pairs chunk", c.calls * chunks
    yield "fc_pairs row", c.calls * chunks * outputs
    yield f"fc_pairs {bits} word", c.calls * outputs * inputs * bits / 32
    yield f"fc_pairs {bits} rest", c.calls * outputs * rests


def _fc_rows(c: LibraryConnection, lists: Lists) -> Iterator[Term]:
    met = hits_of(c) * _entries(c) / max(1, c.work.census.nonzero)
    yield f"{c.name} list", lists.filled
    yield f"{c.name} event", c.events
    yield f"{c.name} weight", met
    yield "byte taken", met * (c.stream("indices").bits + c.stream("values").bits) / 8


def _fc_found(c: LibraryConnection, lists: Lists) -> Iterator[Term]:
    """Bitmaps and blocks: each row is read in words of 32 bits, which are held against a mask of the events.

    Of a word's n events each meets a bit that is set with the density of the bitmap: P(any) = 1 - (1 - density)^n.
    """
    outputs, values = c.work.census.out_channels, c.stream("values")
    columns = -(-c.work.census.in_channels // c.unit)
    words = lists.filled * outputs * -(-columns // 32)
    hits = hits_of(c) if c.kernel == "bitmap" else in_blocks_of(c)
    each = c.events * outputs / words if words else 0.0
    density = min(1.0, values.count / c.unit / max(1, outputs * columns))
    any_met = words * (1 - (1 - density) ** each)
    yield f"{c.name} list", lists.filled
    yield f"{c.name} event", c.events
    yield f"{c.name} row", lists.filled * outputs
    yield f"{c.name} {'word' if columns % 8 == 0 else 'shifted word'}", words
    yield f"{c.name} met", any_met
    yield f"{c.name} met call", _apart(c, "met", any_met)
    yield f"{c.name} met event", any_met * each
    yield f"{c.name} weight", hits
    yield "further byte", hits * further_bytes(values.bits)


def _fc_nm(c: LibraryConnection, lists: Lists) -> Iterator[Term]:
    """Each group with any event is looked through, in each output; an unused slot is a zero at the first place.

    Of n events of a list each is one of a group's inputs by the group's share of all, p: on average 1 - (1 - p)^n lists
    meet the group. A weight that is met is sought among its group's events, half of whose others are passed over:
    p (n - 1) / 2, for a share p of the weights.
    """
    outputs, slots = c.work.census.out_channels, c.stream("indices")
    in_row = -(-c.work.census.in_channels // c.unit)
    n = c.events / lists.filled if lists.filled else 0.0
    shares = [min(c.unit, c.work.census.in_channels - at) / c.work.census.in_channels
              for at in range(0, c.work.census.in_channels, c.unit)]  # fmt: skip
    groups = lists.filled * outputs * sum(1 - (1 - share) ** n for share in shares)
    a_group = slots.count / max(1, outputs * in_row)
    hits = hits_of(c) + unused_of(c, slots.count)
    yield "fc_nm list", lists.filled
    yield "fc_nm event", c.events
    yield "fc_nm row", lists.filled * outputs
    yield "fc_nm group", groups
    yield "fc_nm eight", groups * -(-a_group // 8)
    yield "fc_nm slot", groups * a_group
    yield "fc_nm weight", hits
    yield "fc_nm passed over", hits_of(c) * max(0.0, n - 1) / 2 * sum(share**2 for share in shares)
    yield "further byte", hits * further_bytes(c.stream("values").bits)


def _conv_dense(c: LibraryConnection, lists: Lists) -> Iterator[Term]:
    decoded = _planes(c, lists) * c.work.census.kernel_area
    yield "conv_dense list", lists.filled
    yield "conv_dense group", lists.groups
    yield "conv_dense plane", _planes(c, lists)
    yield "plane weight", decoded
    yield "byte taken", decoded * c.stream("values").bits / 8
    yield from _scattered(c, lists, _weights_met(c))


def _conv_rows(c: LibraryConnection, lists: Lists) -> Iterator[Term]:
    fillers = _entries(c) / max(1, c.work.census.nonzero)
    entries = lists.groups * _weights_met(c) * fillers
    yield f"{c.name} list", lists.filled
    yield f"{c.name} group", lists.groups
    yield f"{c.name} plane", _planes(c, lists)
    yield f"{c.name} weight", entries
    yield "byte taken", entries * (c.stream("indices").bits + c.stream("values").bits) / 8
    yield from _scattered(c, lists, _weights_met(c) * fillers)


def _conv_stream(c: LibraryConnection, lists: Lists) -> Iterator[Term]:
    """Formats that lie output by output: each list goes through all outputs, and seeks the planes that it meets."""
    census, planes = c.work.census, _planes(c, lists)
    area, bits = census.kernel_area, c.stream("values").bits
    yield f"{c.name} list", lists.filled
    yield f"{c.name} row", lists.filled * census.out_channels
    yield f"{c.name} group", planes
    yield "bitmap byte", lists.filled * c.stream("bitmap").n_bytes
    match c.kernel:
        case "kernel":
            stored = planes * _planes_met(c)
            yield "plane weight", stored * area
            yield "byte taken", stored * area * bits / 8
        case "nm":
            groups = planes * (
                1 + (area - 1) / c.unit
            )  # the one that it begins in, and those that it goes on into
            slots = groups * c.stream("indices").count / max(1, _runs(c))
            yield "conv_nm unit", groups * c.unit
            yield "conv_nm slot", slots
            yield "conv_nm weight", planes * area
            yield "byte taken", slots * (c.stream("indices").bits + bits) / 8
        case _:
            held = planes * min(area, _met(c, c.stream("values").count))
            yield f"{c.name} place", planes * area
            yield f"{c.name} weight", held
            yield "byte taken", (planes * area / c.unit + held * bits) / 8
    yield from _scattered(c, lists, _weights_met(c))


def _scattered(c: LibraryConnection, lists: Lists, taps: float) -> Iterator[Term]:
    """Yield what adding decoded planes takes: each event at each tap, of which those within the map count.

    The function that does it is a part of its kernel where a library has one call of it, and takes fewer instructions:
    nothing is passed, and what does not change stays in registers.

    Args:
        c: The connection.
        lists: Its lists.
        taps: Decoded weights of an input channel's planes.
    """
    used = _per_channel(c) * _planes_met(c)
    hits = hits_of(c) * taps / max(_weights_met(c), 1e-12)
    missed = "strided miss" if max(c.work.stride) > 1 else "miss"
    name = "merged scatter" if "scatter" in c.merged else "scatter"
    yield name, _planes(c, lists)
    yield f"{name} event", c.events * used
    yield f"{name} hit", hits
    yield f"{name} {missed}", max(0.0, c.events * taps - hits)


def _apart(c: LibraryConnection, function: str, calls: float) -> float:
    """Return the calls of a shared function; none where it is a part of its one caller."""
    return 0.0 if function in c.merged else calls


def _per_channel(c: LibraryConnection) -> float:
    """Return the planes that an input channel meets: one an output, or its own."""
    return c.work.census.out_channels / c.work.census.groups


def _planes(c: LibraryConnection, lists: Lists) -> float:
    return lists.groups * _per_channel(c)


def _planes_met(c: LibraryConnection) -> float:
    """Return the part of its planes that hold a weight, as events meet them: channels differ in both."""
    census, ops = c.work.census, c.work.ops
    if ops.dense:
        return ops.planes / ops.dense
    return census.planes * census.kernel_area / max(1, census.size)


def _met(c: LibraryConnection, n_weights: float) -> float:
    """Return how many of so many weights, which lie in planes with any, a plane that is met has.

    A weight at a filter's border meets fewer events and is decoded as often, so it is not told by operations.
    """
    return _planes_met(c) * n_weights / max(1, c.work.census.planes)


def _weights_met(c: LibraryConnection) -> float:
    """Return the weights that are not zero of the planes that an input channel meets."""
    return _per_channel(c) * _met(c, c.work.census.nonzero)


def _entries(c: LibraryConnection) -> int:
    return c.stream("indices").count


def _runs(c: LibraryConnection) -> int:
    """Return the groups of all rows."""
    census = c.work.census
    return census.out_channels * -(-census.in_channels * census.kernel_area // c.unit)


KERNELS: dict[str, Callable[[LibraryConnection, Lists], Iterator[Term]]] = {
    "fc_bytes": _fc_bytes,
    "fc_dense": _fc_dense,
    "fc_csr": _fc_rows,
    "fc_delta": _fc_rows,
    "fc_bitmap": _fc_found,
    "fc_block": _fc_found,
    "fc_nm": _fc_nm,
    "fc_pairs": _fc_pairs,
    "conv_dense": _conv_dense,
    "conv_csr": _conv_rows,
    "conv_delta": _conv_rows,
    "conv_bitmap": _conv_stream,
    "conv_block": _conv_stream,
    "conv_nm": _conv_stream,
    "conv_kernel": _conv_stream,
}
"""What each kernel of connections does, by its name in the library."""
