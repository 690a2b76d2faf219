"""A C library built on this computer: whether it computes what the integer model does, and where it first does not."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hwsearch.export.c.inputs import raw_bytes
from hwsearch.export.c.model import CModel
from hwsearch.export.c.monitor import FILES as MONITOR
from hwsearch.export.c.monitor import monitor_driver, monitor_trace
from hwsearch.export.c.project import FOLDER, PREFIX, trace_of
from hwsearch.monitor.quantities import seen
from hwsearch.monitor.rule import Rule
from hwsearch.network.integer import Run
from hwsearch.network.integers import IntegerNetwork

WARNINGS = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-Wconversion")
SOURCES = (f"src/{PREFIX}.c", f"src/{PREFIX}_data.c", f"src/{PREFIX}_kernels.c", f"test/{PREFIX}_trace.c")
_SECONDS = 600


def compiler() -> str | None:
    """Return a C compiler of this computer; None where there is none."""
    names = [os.environ.get("CC", ""), "cc", "gcc", "clang"]
    return next((found for name in names if name and (found := shutil.which(name))), None)


def check_library(folder: Path, model: CModel, x: np.ndarray, run: Run) -> tuple[bool | None, str]:
    """Return whether an export's C library gives every prediction and membrane, and the numbers behind it.

    Args:
        folder: The export.
        model: The network as C.
        x: Recorded inputs.
        run: What the integer model makes of them, traced.

    Returns:
        None for whether: there is no compiler here.
    """
    found = compiler()
    if found is None:
        return None, "not built: there is no C compiler here"
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        wrong = _built(found, folder / FOLDER, work / "trace")
        if wrong:
            return False, f"it does not build: {wrong}"
        (work / "inputs").write_bytes(raw_bytes(x, model.program.feed))
        done = _ran([work / "trace", work / "inputs", work / "shown"])
        if done.returncode:
            return False, f"it ends with {done.returncode}: {_first_line(done.stderr)}"
        shown = (work / "shown").read_bytes()
    wrong = first_wrong(shown, model.network, run)
    n = len(x)
    return not wrong, wrong or f"{n} recorded inputs, every prediction and membrane of every timestep"


def check_monitor(folder: Path, model: CModel, rule: Rule, x: np.ndarray) -> tuple[bool | None, str]:
    """Return whether an export's monitor in C adds up what its rule does here, and the numbers behind it.

    Args:
        folder: The export.
        model: The network as C.
        rule: Of the monitor.
        x: [N, ...] recorded inputs, as a stream.

    Returns:
        None for whether: there is no compiler here.
    """
    found = compiler()
    if found is None:
        return None, "not built: there is no C compiler here"
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        (work / "main.c").write_text(monitor_driver(model, rule), encoding="utf-8")
        sources = [*(folder / FOLDER / name for name in (*SOURCES[:3], MONITOR[1])), work / "main.c"]
        wrong = _built(found, folder / FOLDER, work / "monitor", sources)
        if wrong:
            return False, f"it does not build: {wrong}"
        (work / "inputs").write_bytes(raw_bytes(x, model.program.feed))
        done = _ran([work / "monitor", work / "inputs", work / "shown"])
        if done.returncode:
            return False, f"it ends with {done.returncode}: {_first_line(done.stderr)}"
        shown = (work / "shown").read_bytes()
    return _same_sums(shown, monitor_trace(rule, seen(model.network, x)), rule)


def _same_sums(data: bytes, wanted: np.ndarray, rule: Rule) -> tuple[bool, str]:
    """Return whether a monitor showed what was wanted, [N, 1 + 2 Q], and the numbers behind it."""
    if len(data) != wanted.nbytes:
        return False, f"it must show {wanted.nbytes:,} bytes; got {len(data):,}"
    got = np.frombuffer(data, "<i4").reshape(wanted.shape)
    places = np.argwhere(got != wanted)
    if not len(places):
        return True, f"{len(wanted)} recorded inputs, every sum of {len(rule.watches)} quantities"
    n, at = (int(place) for place in places[0])
    names = [watch.quantity.name for watch in rule.watches]
    what = ["the alarm", *(f"{name} above" for name in names), *(f"{name} below" for name in names)][at]
    return False, f"input {n}, {what}: {got[n, at]}, the rule has {wanted[n, at]} ({len(places):,} differ)"


def _built(found: str, library: Path, program: Path, files: Sequence[Path] = ()) -> str:
    """Compile a library with what traces it, or other files; return what the compiler says first of what is wrong."""
    files = files or [library / name for name in (*SOURCES, "test/main.c")]
    flags = [*WARNINGS, "-O1", f"-I{library / 'src'}", f"-I{library / 'test'}"]
    done = _ran([found, *flags, "-o", program, *files])
    return _first_line(done.stderr.replace(f"{library}/", "")) if done.returncode else ""


def _ran(command: list[str | Path]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, text=True, errors="replace", timeout=_SECONDS, check=False
    )


def _first_line(text: str) -> str:
    lines = [line for line in text.splitlines() if "error" in line] or text.splitlines() or ["no message"]
    return lines[0]


def first_wrong(data: bytes, network: IntegerNetwork, run: Run) -> str:
    """Return in words where a trace first differs from the integer model's; empty where it does not.

    Args:
        data: int32, little-endian, as ``trace_of``.
        network: The integers.
        run: Its run, traced.
    """
    wanted = trace_of(run)
    if len(data) != wanted.nbytes:
        return f"the trace must be {wanted.nbytes:,} bytes long; got {len(data):,}"
    got = np.frombuffer(data, "<i4").reshape(wanted.shape)
    places = np.argwhere(got != wanted)
    if not len(places):
        return ""
    sample, at = (int(n) for n in places[0])
    widths = [p.shape.neurons for p in network.populations]
    timestep, place = divmod(at, sum(widths) + 1)
    ends = np.cumsum([*widths, 1])
    part = int(np.searchsorted(ends, place, side="right"))
    names = [*(p.shape.name for p in network.populations), "prediction"]
    neuron = place - (int(ends[part - 1]) if part else 0)
    where = f"input {sample}, timestep {timestep}, {names[part]}"
    where += f" {neuron}" if part < len(widths) else ""
    return f"{where}: {got[sample, at]}, the integer model has {wanted[sample, at]} ({len(places):,} differ)"


def first_difference(path: Path, wanted: bytes) -> str:
    """Return in words where a file first differs from what it should be."""
    if not path.exists():
        return "missing"
    data = path.read_bytes()
    at = next((i for i, (a, b) in enumerate(zip(data, wanted, strict=False)) if a != b), None)
    if at is None:
        if len(data) == len(wanted):
            return "as it was written, but not as the manifest says"
        what = "ends" if len(data) < len(wanted) else "goes on"
        return f"{what} after byte {min(len(data), len(wanted)):,} of {len(wanted):,}"
    line = wanted[:at].count(b"\n") + 1
    return f"differs from byte {at:,} on, line {line}"
