"""Stack of a C library: the deepest way from a timestep down, by the frames of its functions."""

from __future__ import annotations

from collections.abc import Mapping

from hwsearch.hardware.firmware.code import SHARED, added, inlined_parts, kernel_functions, with_merged
from hwsearch.hardware.firmware.program import Library, LibraryConnection

TAP_BYTES = 4
"""Of a decoded weight: a function for filters has one for each weight of a plane on the stack."""
ALIGNMENT = "alignment"
"""Among a core's frames: what their bytes are multiples of."""


def stack_bytes(library: Library, frames: Mapping[str, float]) -> int | None:
    """Return the most bytes of stack that a timestep takes, its caller's not included; None where a frame is not known.

    stack = step + max over connections of (its function + max(its scan, its kernel), with what these call)

    Where several frames make a timestep, the function that takes a frame calls the timestep, and comes on top.
    A function that one kernel alone calls, and once, becomes a part of it. The frame of a connection's function has the
    decoded weights of a plane in it, and is a multiple of the core's alignment.
    """
    deepest, inlined = 0.0, _inlined(library)
    for c in with_merged(library):
        add = f"add {added(c)}"
        way = below_bytes(c, {name: n for name, n in frames.items() if name not in inlined})
        if way is None or add not in frames:
            return None
        unit = int(frames.get(ALIGNMENT, 1))
        deepest = max(deepest, -(-round(frames[add] + tap_bytes(c)) // unit) * unit + way)
    callers = ("snn_step", "snn_frame") if library.frames else ("snn_step",)
    if not frames.keys() >= set(callers):
        return None
    return round(sum(frames[name] for name in callers) + deepest)


def _inlined(library: Library) -> set[str]:
    """Return the functions that have one call in all of the library's kernels."""
    kernels = {c.kernel for c in library.connections if c.work.kind == "conv"}
    shared = {name for name in SHARED if f"inlined {name}" in inlined_parts(library)}
    return shared if {"dense", "kernel"} <= kernels else {*shared, "plane_dense"}


def tap_bytes(c: LibraryConnection) -> int:
    """Return the bytes of a plane's decoded weights."""
    return TAP_BYTES * c.work.census.kernel_area if c.work.kind == "conv" else 0


def kernel_frame(c: LibraryConnection) -> str:
    """Return the name of a kernel's frame: another one where shared functions are a part of it."""
    inside = {name for name in c.merged & set(kernel_functions(c)) if not name.startswith("pooled")}
    return f"merged {c.function}" if inside else c.function


def below_bytes(c: LibraryConnection, frames: Mapping[str, float]) -> float | None:
    """Return the most bytes of stack below a connection's function; None where a frame is not known."""
    names = set(kernel_functions(c))
    scan, kernel = f"scan {c.scan_name}", kernel_frame(c)
    kernel = kernel if kernel in frames else c.function
    if not ({kernel} | {name for name in names if name == scan}) <= frames.keys():
        return None
    under_scan = [frames.get(name, 0) for name in names if name.startswith(("pooled", "locate"))]
    below = {"seek": 0.0, "plane": 0.0}
    for name in names - {scan, kernel}:
        part = name.partition("_")[0]
        if part in below:
            below[part] += frames.get(name, 0)
    inner = frames.get("read_group", 0) if c.name == "conv_nm" else 0.0
    called = {"scatter", "bits_at", "pointer", "stream_of", "gather", "last_bits", "met", "add_column"}
    flat = [frames.get(name, 0) for name in names & called]
    under_kernel = [below["seek"] + inner, below["plane"] + inner, *flat]
    return max(
        frames.get(scan, 0) + max(under_scan, default=0),
        frames[kernel] + max(under_kernel, default=0),
    )
