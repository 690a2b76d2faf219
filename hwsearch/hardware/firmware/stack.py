"""Stack of a C library: the deepest way from a timestep down, by the frames of its functions."""

from __future__ import annotations

from collections.abc import Mapping

from hwsearch.hardware.firmware.code import SHARED, added, inlined_parts, kernel_functions
from hwsearch.hardware.firmware.program import Library, LibraryConnection

TAP_BYTES = 4
"""Of a decoded weight: a function for filters has one for each weight of a plane on the stack."""


def stack_bytes(library: Library, frames: Mapping[str, float]) -> int | None:
    """Return the most bytes of stack that a timestep takes, its caller's not included; None where a frame is not known.

    stack = step + max over connections of (its function + max(its scan, its kernel), with what these call)

    A function that one kernel alone calls, and once, becomes a part of it.
    """
    deepest, inlined = 0.0, _inlined(library)
    for c in library.connections:
        way = _way(c, {name: n for name, n in frames.items() if name not in inlined})
        if way is None:
            return None
        deepest = max(deepest, way)
    return round(frames["snn_step"] + deepest) if "snn_step" in frames else None


def _inlined(library: Library) -> set[str]:
    """Return the functions that have one call in all of the library's kernels."""
    kernels = {c.kernel for c in library.connections if c.work.kind == "conv"}
    shared = {name for name in SHARED if f"inlined {name}" in inlined_parts(library)}
    return shared if {"dense", "kernel"} <= kernels else {*shared, "plane_dense"}


def tap_bytes(c: LibraryConnection) -> int:
    """Return the bytes of stack for a plane's decoded weights, as the stack is aligned."""
    return -(-TAP_BYTES * c.work.census.kernel_area // 8) * 8 if c.work.kind == "conv" else 0


def _way(c: LibraryConnection, frames: Mapping[str, float]) -> float | None:
    names = set(kernel_functions(c))
    scan, kernel, add = f"scan {c.scan_name}", c.function, f"add {added(c)}"
    if not ({add, kernel} | {name for name in names if name == scan}) <= frames.keys():
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
    return (
        frames[add]
        + tap_bytes(c)
        + max(
            frames.get(scan, 0) + max(under_scan, default=0),
            frames[kernel] + max(under_kernel, default=0),
        )
    )
