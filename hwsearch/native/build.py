"""The compiled loops as a file: built where they are missing, believed only where nobody else can have made them.

What lies in the cache is code that will be run, so it must be this user's own: its folder belongs to him and nobody
else can write there, the file is opened in it without following a link, belongs to him likewise, and ends in the digest
of what stands before. What is truncated, foreign or of another make is built anew. Not for what the loops compute.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

FLAGS = ("-std=c99", "-O3", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-shared", "-fPIC")
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
_MARK = b"\nhwsearch loops, sha256 of all before: "
_MOST_BYTES = 2**24
_MOST_WORDS = 600
_SECONDS = 120


@dataclass(frozen=True)
class Missing:
    """Why there are no compiled loops.

    Attributes:
        why: In words.
        words: What the compiler said; empty where it was not asked.
    """

    why: str
    words: str = ""

    def __str__(self) -> str:
        return f"{self.why}: {self.words}" if self.words else self.why


def built() -> ctypes.CDLL | Missing:
    """Return the compiled loops, compiled where they are not yet, or why there are none."""
    if os.environ.get("HWSEARCH_NATIVE") == "0":
        return Missing("HWSEARCH_NATIVE=0 switches them off")
    if not sys.platform.startswith("linux"):
        return Missing(f"they are for Linux, this is {sys.platform}")
    compiler = next((found for name in ("cc", "gcc", "clang") if (found := shutil.which(name))), None)
    if compiler is None:
        return Missing("there is no C compiler (cc, gcc, clang)")
    sources = {name: files("hwsearch.native").joinpath(name).read_bytes() for name in _SOURCES}
    text = b"".join(sources.values()) + repr((FLAGS, _processor(), compiler)).encode()
    name = f"kernels-{hashlib.sha256(text).hexdigest()[:16]}.so"
    missing = Missing("no folder of this user's own can be written and run from")
    for path in folders():
        folder = own_folder(path)
        if folder is None:
            continue
        try:
            loops = _in_folder(folder, name, compiler, sources)
        finally:
            os.close(folder)
        if isinstance(loops, ctypes.CDLL):
            return loops
        missing = loops
    return missing


def folders() -> list[Path]:
    """Return where the compiled loops may be kept: the user's cache, else the system's temporary folder."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 without a home as well
    return [Path(cache) / "hwsearch", Path(tempfile.gettempdir()) / f"hwsearch-{os.getuid()}"]


def own_folder(path: Path) -> int | None:
    """Return an open folder into which nobody else can put code, made where it is missing; None where there is none.

    What is done afterwards is done in the open folder: whatever its path is changed to, it stays this one.
    """
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:  # cannot be made or read, or is a link: the next may do
        return None
    if not _own(os.fstat(folder)):
        os.close(folder)
        return None
    return folder


def _own(status: os.stat_result) -> bool:
    """Return whether a file or folder is this user's, and nobody else can write it."""
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


def _processor() -> str:
    """Return what the code is compiled for: a home folder may be shared by machines of several kinds."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    facts = {line for line in lines if line.startswith(("flags", "Features", "model name"))}
    return "\n".join(sorted(facts))


def _in_folder(folder: int, name: str, compiler: str, sources: dict[str, bytes]) -> ctypes.CDLL | Missing:
    """Return the loops from an open folder, built into it where they are not there whole."""
    found = _loaded(folder, name)
    if found is not None:
        return found
    made = _compiled(compiler, sources)
    if isinstance(made, Missing):
        return made
    try:
        _write(folder, name, made + _MARK + hashlib.sha256(made).hexdigest().encode())
    except OSError as error:
        return Missing(f"the cache cannot be written ({error.strerror})")
    return _loaded(folder, name) or Missing("the cache's files may not be executed")


def _loaded(folder: int, name: str) -> ctypes.CDLL | None:
    """Return the loops of a file that is whole and this user's own; None where it is not, or may not be executed."""
    try:
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError:  # missing, or a link
        return None
    try:
        status = os.fstat(file)
        if not (stat.S_ISREG(status.st_mode) and _own(status) and status.st_size <= _MOST_BYTES):
            return None
        with os.fdopen(os.dup(file), "rb") as stream:
            code, mark, digest = stream.read().rpartition(_MARK)
        if not mark or hashlib.sha256(code).hexdigest().encode() != digest:
            return None
        return ctypes.CDLL(f"/proc/self/fd/{file}")  # the file that was looked at, whatever its name is now
    except OSError:
        return None
    finally:
        os.close(file)


def _write(folder: int, name: str, data: bytes) -> None:
    """Write a file into an open folder in one step."""
    unfinished = f"{name}.{os.getpid()}.part"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        file = os.open(unfinished, flags, 0o700, dir_fd=folder)
    except FileExistsError:  # of a process of this number that was killed
        os.unlink(unfinished, dir_fd=folder)
        file = os.open(unfinished, flags, 0o700, dir_fd=folder)
    try:
        with os.fdopen(file, "wb") as stream:
            stream.write(data)
        os.replace(unfinished, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        os.unlink(unfinished, dir_fd=folder)
        raise


def _compiled(compiler: str, sources: dict[str, bytes]) -> bytes | Missing:
    """Return the compiled loops, or why they could not be compiled."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / "kernels.so"
            for name, source in sources.items():
                (Path(folder) / name).write_bytes(source)
            units = [str(Path(folder) / name) for name in _UNITS]
            command = [compiler, *FLAGS, "-march=native", "-o", str(made), *units, "-lm"]
            done = subprocess.run(
                command, capture_output=True, check=False, timeout=_SECONDS, text=True, errors="replace"
            )
            if done.returncode:
                said = done.stderr.replace(folder, "").strip() or f"it ended with {done.returncode}"
                return Missing(f"{compiler} could not compile them", said[:_MOST_WORDS])
            return made.read_bytes()
    except (OSError, subprocess.TimeoutExpired) as error:
        return Missing(f"{compiler} could not be run", str(error)[:_MOST_WORDS])
