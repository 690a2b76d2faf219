"""How often the loops of each kernel turn: one function a kernel, in the order of the loops of ``kernels.c``.

A new kernel is a further entry of `KERNELS`. Terms that several kernels share (reading on in a stream of bits) have one
name, since they are one inlined function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hwsearch.hardware.firmware.events import Lists, bits_looked_at, further_bytes, lists_of
from hwsearch.hardware.firmware.program import LibraryConnection
from hwsearch.hardware.workload import BLOCKS

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
    """Yield the terms of a connection's scan in an inference."""
    return ((name, count) for name, count in _scan(c, lists_of(c)) if count)


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
    yield "fc_bytes list", lists.all
    yield "fc_bytes event", c.events
    yield "fc_bytes weight", c.events * c.work.census.out_channels


def _fc_dense(c: LibraryConnection, lists: Lists) -> Iterator[Term]:
    looked = c.events * c.work.census.out_channels
    yield "fc_dense list", lists.all
    yield "fc_dense event", c.events
    yield "fc_dense weight", looked
    yield "further byte", looked * further_bytes(c.stream("values").bits)


def _fc_rows(c: LibraryConnection, lists: Lists) -> Iterator[Term]:
    met = _hits(c) * _entries(c) / max(1, c.work.census.nonzero)
    yield f"{c.name} list", lists.all
    yield f"{c.name} event", c.events
    yield f"{c.name} weight", met
    yield "byte taken", met * (c.stream("indices").bits + c.stream("values").bits) / 8


def _fc_found(c: LibraryConnection, lists: Lists) -> Iterator[Term]:
    """Bitmaps and blocks: each output's events are looked up; the bitmap is counted on to the last one."""
    outputs, bitmap = c.work.census.out_channels, c.stream("bitmap")
    hits = _hits(c) if c.kernel == "bitmap" else _in_blocks(c)
    yield f"{c.name} list", lists.all
    yield f"{c.name} row", lists.all * outputs
    yield f"{c.name} event", c.events * outputs
    yield f"{c.name} weight", hits
    yield "bitmap byte", lists.filled * bitmap.n_bytes
    yield "further byte", hits * further_bytes(c.stream("values").bits)


def _fc_nm(c: LibraryConnection, lists: Lists) -> Iterator[Term]:
    """Each event looks through the slots of its group, in each output; an unused slot is a zero at the first place."""
    outputs, slots = c.work.census.out_channels, c.stream("indices")
    looked = c.events * outputs * slots.count / max(1, _runs(c))
    unused = (slots.count - c.work.census.nonzero) * c.events / max(1, c.work.census.in_channels)
    hits = _hits(c) + unused
    yield "fc_nm list", lists.all
    yield "fc_nm row", lists.all * outputs
    yield "fc_nm event", c.events * outputs
    yield "fc_nm slot", looked
    yield "fc_nm weight", hits
    yield "further byte", looked * further_bytes(slots.bits) + hits * further_bytes(c.stream("values").bits)


def _conv_dense(c: LibraryConnection, lists: Lists) -> Iterator[Term]:
    decoded = _planes(c, lists) * c.work.census.kernel_area
    yield "conv_dense list", lists.all
    yield "conv_dense group", lists.groups
    yield "conv_dense plane", _planes(c, lists)
    yield "plane weight", decoded
    yield "byte taken", decoded * c.stream("values").bits / 8
    yield from _scattered(c, lists, _share(c))


def _conv_rows(c: LibraryConnection, lists: Lists) -> Iterator[Term]:
    entries = lists.groups * _entries(c) / max(1, c.work.census.input_rows)
    yield f"{c.name} list", lists.all
    yield f"{c.name} group", lists.groups
    yield f"{c.name} plane", _planes(c, lists)
    yield f"{c.name} weight", entries
    yield "byte taken", entries * (c.stream("indices").bits + c.stream("values").bits) / 8
    yield from _scattered(c, lists, _share(c) * _entries(c) / max(1, c.work.census.nonzero))


def _conv_stream(c: LibraryConnection, lists: Lists) -> Iterator[Term]:
    """Formats that lie output by output: each list goes through all outputs, and seeks the planes that it meets."""
    census, planes = c.work.census, _planes(c, lists)
    area, bits = census.kernel_area, c.stream("values").bits
    yield f"{c.name} list", lists.all
    yield f"{c.name} row", lists.all * census.out_channels
    yield f"{c.name} group", planes
    yield "bitmap byte", lists.filled * c.stream("bitmap").n_bytes
    match c.kernel:
        case "kernel":
            stored = planes * census.planes / max(1, census.out_channels * census.in_channels)
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
            held = planes * area * min(1.0, c.stream("values").count / max(1, census.size))
            yield f"{c.name} place", planes * area
            yield f"{c.name} weight", held
            yield "byte taken", (planes * area / c.unit + held * bits) / 8
    yield from _scattered(c, lists, _share(c))


def _scattered(c: LibraryConnection, lists: Lists, taps: float) -> Iterator[Term]:
    """Yield what adding decoded planes takes: each event at each tap, of which those within the map count.

    Args:
        c: The connection.
        lists: Its lists.
        taps: Decoded weights of an input channel's planes.
    """
    census = c.work.census
    used = _per_channel(c) * (1 - (1 - _density(c)) ** census.kernel_area)
    hits = _hits(c) * taps / max(_share(c), 1e-12)
    missed = "strided miss" if max(c.work.stride) > 1 else "miss"
    yield "scatter", _planes(c, lists)
    yield "scatter event", c.events * used
    yield "scatter hit", hits
    yield f"scatter {missed}", max(0.0, c.events * taps - hits)


def _per_channel(c: LibraryConnection) -> float:
    """Return the planes that an input channel meets: one an output, or its own."""
    return c.work.census.out_channels / c.work.census.groups


def _planes(c: LibraryConnection, lists: Lists) -> float:
    return lists.groups * _per_channel(c)


def _share(c: LibraryConnection) -> float:
    """Return the weights that are not zero of an input channel."""
    return c.work.census.nonzero / max(1, c.work.census.input_rows)


def _density(c: LibraryConnection) -> float:
    return c.work.census.nonzero / max(1, c.work.census.size)


def _entries(c: LibraryConnection) -> int:
    return c.stream("indices").count


def _runs(c: LibraryConnection) -> int:
    """Return the groups of all rows."""
    census = c.work.census
    return census.out_channels * -(-census.in_channels * census.kernel_area // c.unit)


def _hits(c: LibraryConnection) -> float:
    """Return the weights, not zero, that listed events meet: a pooled sum is one event, whatever its value."""
    return c.work.ops.nonzero * c.events / c.work.spikes_in if c.work.spikes_in else 0.0


def _in_blocks(c: LibraryConnection) -> float:
    """Return the weights of stored blocks that listed events meet."""
    met = c.work.ops.blocks[BLOCKS.index(c.unit)]
    return met * c.events / c.work.spikes_in if c.work.spikes_in else 0.0


KERNELS: dict[str, Callable[[LibraryConnection, Lists], Iterator[Term]]] = {
    "fc_bytes": _fc_bytes,
    "fc_dense": _fc_dense,
    "fc_csr": _fc_rows,
    "fc_delta": _fc_rows,
    "fc_bitmap": _fc_found,
    "fc_block": _fc_found,
    "fc_nm": _fc_nm,
    "conv_dense": _conv_dense,
    "conv_csr": _conv_rows,
    "conv_delta": _conv_rows,
    "conv_bitmap": _conv_stream,
    "conv_block": _conv_stream,
    "conv_nm": _conv_stream,
    "conv_kernel": _conv_stream,
}
"""What each kernel of connections does, by its name in the library."""
