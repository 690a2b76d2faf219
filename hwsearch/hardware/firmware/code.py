"""Bytes of code of a C library: which functions it has, and how often each of their repeated parts.

A kernel is there once, however many connections use it; a connection has a function that calls its kernel, and
descriptors whose bytes are those of the structs in ``kernels.h``. Whatever the compiler makes of a function, it makes
of it in every library, since functions are not merged (-fno-inline-functions-called-once).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from hwsearch.hardware.firmware.program import Library, LibraryConnection, LibraryPopulation

DESCRIPTOR_BYTES = {"map": 24, "filters": 12, "reach": 6, "weights": 32, "neurons": 32, "scale": 20}
"""Bytes of each struct of constants in ``kernels.h``, on a core of 32 bits."""
DESCRIPTORS = "descriptors"
"""The part whose count is bytes."""

SHARED = (
    "gather", "met", "scatter", "pooled bits_max", "pooled bits_sum", "pooled values_max", "pooled values_sum",
)  # fmt: skip
"""Functions that the compiler makes a part of their caller where a library has one call of them."""

_STREAMED = ("bitmap", "block", "nm", "kernel")
ROWS = ("csr", "delta")
"""Formats with a row for each input."""
_OF_VALUES = re.compile(r"(?:snnk_)?(scan|pooled)_((?:fc|conv)_)?(bits|u8|u16|u32)(_max|_sum)?")
_FLAGS = ("sum", "clip", "saturate")


def code_parts(library: Library) -> dict[str, int]:
    """Return how often each part of a library's code is in it: functions, repeated statements, bytes of descriptors."""
    once = {name for c in library.connections for name in kernel_functions(c)}
    once |= {f"snnk_{loop.name}" for loop in library.loops if not loop.name.startswith(("frame_", "mean_"))}
    once |= {"snnk_largest", "snn_prediction"}
    total = Counter(dict.fromkeys(once, 1))
    for population in {p.name: p for p in library.populations}.values():
        total.update(update_parts(population))
    for c in library.connections:
        total.update([f"add {added(c)}"])
    total.update(inlined_parts(library))
    total.update(step_parts(library) | init_parts(library) | frame_parts(library))
    total[DESCRIPTORS] = _descriptor_bytes(library)
    return dict(total)


def inlined_parts(library: Library) -> dict[str, int]:
    """Return the shared functions that have one call in a library: as a part, what that adds, or saves (below zero)."""
    calls: dict[str, set[str]] = {name: set() for name in SHARED}
    for c in library.connections:
        for name in calls.keys() & set(kernel_functions(c)):
            calls[name].add(f"scan {c.scan_name}" if name.startswith("pooled") else c.function)
            if c.kernel in ROWS:
                calls[name].add(f"{c.function}, the last plane")
    return {f"inlined {name}": 1 for name, of in calls.items() if len(of) == 1}


def with_merged(library: Library) -> tuple[LibraryConnection, ...]:
    """Return a library's connections, each told which shared functions are a part of their one caller there."""
    merged = frozenset(name.removeprefix("inlined ") for name in inlined_parts(library))
    return tuple(replace(c, merged=merged) for c in library.connections)


def code_bytes(library: Library, sizes: Mapping[str, float]) -> int:
    """Return the bytes of a library's code and descriptors.

    Args:
        library: What is computed.
        sizes: Bytes of each part.

    Raises:
        KeyError: The core's sizes lack a part of it.
    """
    parts = code_parts(library)
    described = parts.pop(DESCRIPTORS)
    return round(described + sum(sizes[name] * count for name, count in parts.items()))


def part_of(function: str) -> str:
    """Return the part that a function of ``kernels.c`` is: scans of values are one, however wide these are."""
    found = _OF_VALUES.fullmatch(function)
    if found is None:
        return function
    what, kind, width, pool = found.groups()
    return f"{what} {kind or ''}{'bits' if width == 'bits' else 'values'}{pool or ''}"


def kernel_functions(c: LibraryConnection) -> Iterator[str]:
    """Yield the parts of ``kernels.c`` that a connection needs; those that are inlined have no bytes."""
    kind, kernel = c.work.kind, c.kernel
    yield c.function
    if kernel == "pairs":
        return
    yield f"scan {c.scan_name}"
    if kind == "fc" and kernel == "dense":
        yield "add_column"
    if kind == "fc" and kernel in _STREAMED:
        yield from ("gather", "last_bits")
    if kind == "fc" and kernel in ("bitmap", "block"):
        yield "met"
    if c.work.pooling.area > 1:
        yield f"pooled {c.scan_name.partition('_')[2]}"
    if kernel in ROWS:
        yield "pointer"
    if kernel in ROWS or kind == "conv":
        yield "bits_at"
    if kind == "conv":
        yield from ("scatter", "locate")
        if kernel not in ROWS:
            yield f"plane_{kernel}"
        if kernel == "kernel":
            yield "plane_dense"
        if kernel in _STREAMED:
            yield from ("stream_of", f"seek_{kernel}")
        if kernel == "nm":
            yield "read_group"


def added(c: LibraryConnection) -> str:
    """Return the kind of a connection's own function."""
    return "pairs" if c.kernel == "pairs" else c.work.kind


def update_parts(p: LibraryPopulation) -> dict[str, int]:
    """Return the parts of the function that updates a population."""
    kind = ("read" if p.readout else "fire") + (" wide" if p.wide else "")
    parts = [kind, *(f"{kind} {name}" for name in _FLAGS if getattr(p, name))]
    parts += ["wide constant" if p.wide else "constant"] if p.constant else []
    return dict.fromkeys(parts, 1)


def step_parts(library: Library) -> dict[str, int]:
    """Return the parts of the function of a timestep."""
    return {"step": 1, "step statement": library.statements}


def init_parts(library: Library) -> dict[str, int]:
    """Return the parts of the function that clears the state."""
    return {"init": 1, "init array": library.arrays, "init counter": library.counters}


def frame_parts(library: Library) -> dict[str, int]:
    """Return the parts of the function that takes a frame, where several make a timestep."""
    names = [loop.name for loop in library.loops if loop.name.startswith(("frame_", "mean_"))]
    return Counter(names)


def _descriptor_bytes(library: Library) -> int:
    connections, populations = library.connections, library.populations
    of = DESCRIPTOR_BYTES
    filters = [c.work for c in connections if c.work.kind == "conv"]
    tables = {(work.kernel, work.stride, work.out_size[1]): work.census.kernel_area for work in filters}
    return (
        len(connections) * of["weights"]
        + sum(c.kernel != "pairs" for c in connections) * of["map"]
        + len(filters) * of["filters"]
        + sum(-(-area * of["reach"] // 4) * 4 for area in tables.values())
        + len(populations) * of["neurons"]
        + library.scales * of["scale"]
    )
