"""Constants of a core, from networks that ran on it: instructions of each term, bytes and stack of each function.

Instructions are fitted by least squares of relative errors, none below zero. A kernel's bytes are the median of what
the compiler made of it; bytes of functions that repeat parts (a timestep's statements, the members of a state) are
fitted likewise.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import nnls

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from builders.c_networks import Case

from benchmarks.firmware_runs import Observation
from hwsearch.export.boards.predict import Prediction, predicted
from hwsearch.export.c.model import CModel
from hwsearch.export.c.work import library_of
from hwsearch.hardware.firmware.code import (
    added,
    code_parts,
    frame_parts,
    init_parts,
    part_of,
    step_parts,
    update_parts,
)
from hwsearch.hardware.firmware.core import Core
from hwsearch.hardware.firmware.instructions import terms
from hwsearch.hardware.firmware.program import Library
from hwsearch.hardware.firmware.stack import stack_bytes, tap_bytes
from hwsearch.measure.workload import count_workload
from hwsearch.network.integer import run_integer

Counts = Mapping[str, float]
_STACKED = (
    "snn", "add ", "scan ", "pooled ", "plane_", "seek_", "scatter", "locate", "bits_at", "pointer", "read_",
    "stream_of", "gather", "last_bits", "met", "add_column",
)  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """A network on a core.

    Attributes:
        model: The network as C.
        library: What it does, with events counted on its inputs.
        seen: What it took.
    """

    model: CModel
    library: Library
    seen: Observation

    def predicted(self, core: Core) -> Prediction | None:
        """Return what the core's constants say of it."""
        return predicted(self.model, self.library, core)


def library(each: Case) -> Library:
    """Return what a network's library does, its events counted on its inputs."""
    network = each.model.network
    run = run_integer(network, each.x)
    return library_of(each.model, count_workload(network, run.input_maps, run.spikes))


def core_from(name: str, source: str, measured: Sequence[Measured]) -> Core:
    """Return a core's constants."""
    stack = _stack(measured)
    return Core(
        name=name,
        source=source,
        instructions=_fitted([(terms(each.library), each.seen.instructions) for each in measured]),
        code_bytes=_code(measured),
        stack_bytes=stack,
        test_bytes=_test(measured, stack),
    )


def _code(measured: Sequence[Measured]) -> dict[str, float]:
    wanted = {name for each in measured for name in code_parts(each.library)}
    sizes: dict[str, list[int]] = defaultdict(list)
    for each in measured:
        for name, n_bytes in each.seen.functions.items():
            sizes[part_of(name)].append(n_bytes)
    named = [name for name in wanted if "_" in name and not name.startswith(("frame_", "mean_"))]
    whole = {*named, *(wanted & sizes.keys())}
    found = {name: float(np.median(sizes[name])) if name in sizes else 0.0 for name in whole}
    for parts, function in ((step_parts, "snn_step"), (init_parts, "snn_init"), (frame_parts, "snn_frame")):
        having = [each for each in measured if function in each.seen.functions and parts(each.library)]
        found |= _fitted([(parts(each.library), each.seen.functions[function]) for each in having])
    return found | _fitted(list(_updates(measured))) | _fitted(list(_adds(measured)))


def _updates(measured: Iterable[Measured]) -> Iterable[tuple[Counts, float]]:
    for each in measured:
        for p in {p.name: p for p in each.library.populations}.values():
            yield update_parts(p), each.seen.functions[f"snnk_{p.name}"]


def _adds(measured: Iterable[Measured]) -> Iterable[tuple[Counts, float]]:
    for each in measured:
        kinds = [added(c) for c in each.library.connections]
        names = [f"add_{name}" for name in each.model.names.connections]
        total = sum(each.seen.functions.get(name, 0) for name in names)
        yield {f"add {kind}": kinds.count(kind) for kind in kinds}, total


def _stack(measured: Sequence[Measured]) -> dict[str, float]:
    """Return the bytes of each function's frame: the most that it ever had, and of a connection's without its taps."""
    frames: dict[str, float] = defaultdict(float)
    for each in measured:
        for name, n_bytes in each.seen.frames.items():
            frames[part_of(name)] = max(frames[part_of(name)], n_bytes)
        for name, c in zip(each.model.names.connections, each.library.connections, strict=True):
            part = f"add {added(c)}"
            frames[part] = max(frames[part], each.seen.frames.get(f"add_{name}", 0) - tap_bytes(c))
    return {name: n_bytes for name, n_bytes in frames.items() if name.startswith(_STACKED)}


def _test(measured: Sequence[Measured], stack: Mapping[str, float]) -> dict[str, float]:
    """Return what the test's own firmware takes around a library: flash, RAM, and stack above a timestep."""
    rows = []
    for each in measured:
        counts = {"flash": 1, "flash population": len(each.library.populations)}
        rows.append((counts, each.seen.flash_bytes - each.seen.model_bytes - each.seen.const_bytes))
    above = [each.seen.stack_bytes - (stack_bytes(each.library, stack) or 0) for each in measured]
    around = [each.seen.ram_bytes - each.seen.state_bytes for each in measured]
    return {**_fitted(rows), "ram": float(np.median(around)), "stack": float(np.median(above))}


def _fitted(rows: Sequence[tuple[Counts, float]]) -> dict[str, float]:
    """Return constants, none below zero, by least squares of relative errors."""
    names = sorted({name for counts, _ in rows for name in counts})
    if not names:
        return {}
    matrix = np.array([[counts.get(name, 0.0) for name in names] for counts, _ in rows])
    relative = matrix / np.array([[total] for _, total in rows])
    scale = np.maximum(relative.max(0), 1e-12)
    constants, _ = nnls(relative / scale, np.ones(len(rows)), maxiter=50_000)
    return dict(zip(names, (constants / scale).tolist(), strict=True))
