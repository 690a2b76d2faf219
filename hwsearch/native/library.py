"""Compiles and loads the C loops: once a machine, kept in the user's cache folder.

Small networks spend most of their training in torch's passes over memory; one C loop does what ten passes do. There is
no dependency on a compiler: where none is found, or ``HWSEARCH_NATIVE=0``, callers use torch.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from importlib.resources import files
from pathlib import Path

_FLAGS = ("-std=c99", "-O3", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-shared", "-fPIC")
_POINTER, _LONG, _INT, _FLOAT = ctypes.c_void_p, ctypes.c_long, ctypes.c_int, ctypes.c_float
_FIRE = (*[_POINTER] * 4, *[_LONG] * 3, _INT, _INT, *[_LONG] * 4, _INT, _FLOAT, _FLOAT, _INT)
_HEADERS = ("neuron.h", "lanes.h", "conv.h")
_UNITS = (
    "neuron.c",
    "recurrence.c",
    "conv.c",
    "conv_spikes.c",
    "conv_weights.c",
    "depthwise.c",
    "weights.c",
    "norm.c",
)
_SOURCES = _HEADERS + _UNITS
_SIGNATURES = {
    "fire_forward": _FIRE,
    "fire_backward": _FIRE,
    "recurrent_forward": (*[_POINTER] * 4, *[_LONG] * 4, _INT, _FLOAT, _FLOAT, _INT),
    "recurrent_backward": (*[_POINTER] * 5, *[_LONG] * 2, _FLOAT, _FLOAT, _INT),
    "conv_fits": (_LONG,) * 8,
    "conv_forward": (*[_POINTER] * 4, *[_LONG] * 4, _INT, *[_LONG] * 6),
    "conv_read_back": (*[_POINTER] * 3, *[_LONG] * 10),
    "conv_weights_back": (*[_POINTER] * 4, *[_LONG] * 4, _INT, *[_LONG] * 6),
    "depthwise_forward": (*[_POINTER] * 4, *[_LONG] * 3, _INT, *[_LONG] * 6),
    "depthwise_backward": (*[_POINTER] * 6, *[_LONG] * 3, _INT, *[_LONG] * 6),
    "quantise": (*[_POINTER] * 3, *[_LONG] * 5, _FLOAT, _FLOAT, _INT, _INT),
    "norm_forward": (*[_POINTER] * 7, *[_LONG] * 3, _FLOAT, _FLOAT),
    "norm_backward": (*[_POINTER] * 7, *[_LONG] * 3),
    "cross_entropy": (*[_POINTER] * 5, *[_LONG] * 3, _FLOAT),
    "adam": (*[_POINTER] * 5, *[_LONG] * 3, _FLOAT),
}
BLOCK = 1024
"""Neurons of a map that is pooled, and of a population that feeds itself, at most, for the loops (see neuron.h)."""

PLANE, TAPS = 16384, 64
"""Numbers of a map with the frame that a filter needs, and weights of that filter, at most (see depthwise.c)."""


@cache
def library() -> ctypes.CDLL | None:
    """Return the compiled loops, or None where they are switched off or cannot be built."""
    compiler = next((found for name in ("cc", "gcc", "clang") if (found := shutil.which(name))), None)
    if os.environ.get("HWSEARCH_NATIVE") == "0" or compiler is None or not sys.platform.startswith("linux"):
        return None
    sources = {name: files("hwsearch.native").joinpath(name).read_bytes() for name in _SOURCES}
    text = b"".join(sources.values()) + repr((_FLAGS, _processor(), compiler)).encode()
    name = hashlib.sha256(text).hexdigest()[:16]
    for folder in _folders():
        path = folder / f"kernels-{name}.so"
        if _ours(folder) and (path.is_file() or _build(compiler, sources, path)):
            return _load(path)
    return None


def _folders() -> list[Path]:
    """Return where the compiled loops may be kept: the user's cache, else the system's temporary folder."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 without a home as well
    return [Path(cache) / "hwsearch", Path(tempfile.gettempdir()) / f"hwsearch-{os.getuid()}"]


def _ours(folder: Path) -> bool:
    """Return whether nobody else can put code into a folder; it is made where it is missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        status = folder.stat()
    except OSError:  # cannot be made or read: the next may do
        return False
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


def _processor() -> str:
    """Return what the code is compiled for: a home folder may be shared by machines of several kinds."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    facts = {line for line in lines if line.startswith(("flags", "Features", "model name"))}
    return "\n".join(sorted(facts))


def _build(compiler: str, sources: dict[str, bytes], path: Path) -> bool:
    """Compile into a path in one step; return whether it could be done."""
    try:
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            made = Path(folder) / "kernels.so"
            for name, source in sources.items():
                (Path(folder) / name).write_bytes(source)
            units = [str(Path(folder) / name) for name in _UNITS]
            command = [compiler, *_FLAGS, "-march=native", "-o", str(made), *units, "-lm"]
            done = subprocess.run(command, capture_output=True, check=False, timeout=120)
            if done.returncode != 0:
                return False
            made.replace(path)
    except (OSError, subprocess.TimeoutExpired):  # a folder that cannot be written: another may do, or torch
        return False
    return True


def _load(path: Path) -> ctypes.CDLL | None:
    try:
        loaded = ctypes.CDLL(str(path))
    except OSError:  # a folder whose files may not be executed
        return None
    for name, arguments in _SIGNATURES.items():
        function = getattr(loaded, name)
        function.argtypes, function.restype = arguments, _INT if name.endswith("fits") else None
    return loaded
