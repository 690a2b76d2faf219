"""Constants of a core, from networks that ran on it: instructions of each term, bytes and stack of each function.

Instructions are fitted by least squares of relative errors, none below zero. A kernel's bytes are the median of what
the compiler made of it; bytes of functions that repeat parts (a timestep's statements, the members of a state) are
fitted likewise.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from builders.c_networks import Case
from scipy.optimize import nnls

from benchmarks.firmware_runs import Observation
from hwsearch.export.c.work import library_of
from hwsearch.hardware.firmware.code import (
    code_parts,
    frame_parts,
    init_parts,
    step_parts,
    update_parts,
)
from hwsearch.hardware.firmware.instructions import terms
from hwsearch.hardware.firmware.program import Library
from hwsearch.measure.workload import count_workload
from hwsearch.network.integer import run_integer

_UPDATE = re.compile(r"snnk_((?:fire|read)_\w+)")


@dataclass(frozen=True)
class Measured:
    """A network on a core, with what is known of it without running it.

    Attributes:
        seen: What it took.
        library: What it does, with counted events.
        const_bytes, state_bytes: Of its arrays and its state, exactly.
    """

    seen: Observation
    library: Library
    const_bytes: int
    state_bytes: int


def counted(each: Case) -> Library:
    """Return what a network's library does, its events counted on its inputs."""
    network = each.model.network
    run = run_integer(network, each.x)
    return library_of(each.model, count_workload(network, run.input_maps, run.spikes))


def fit_instructions(measured: Sequence[Measured]) -> dict[str, float]:
    """Return the instructions of each term that happens in any of these networks."""
    rows = [(terms(each.library), each.seen.instructions) for each in measured]
    return _fitted(rows)


def fit_code(measured: Sequence[Measured]) -> dict[str, float]:
    """Return the bytes of each part of the code."""
    wanted = {name for each in measured for name in code_parts(each.library)}
    sizes: dict[str, list[int]] = defaultdict(list)
    for each in measured:
        for name, n_bytes in each.seen.functions.items():
            sizes[name].append(n_bytes)
    found = {name: float(np.median(sizes[name])) if name in sizes else 0.0 for name in wanted if "_" in name}
    for parts, function in ((step_parts, "snn_step"), (init_parts, "snn_init")):
        found |= _fitted([(parts(m.library), m.seen.functions[function]) for m in measured])
    frames = [m for m in measured if frame_parts(m.library)]
    found |= _fitted([(frame_parts(m.library), m.seen.functions["snn_frame"]) for m in frames])
    found |= _fitted(_updates(measured)) | _fitted(_adds(measured))
    return found


def _updates(measured: Iterable[Measured]) -> list[tuple[Mapping[str, float], float]]:
    rows = []
    for each in measured:
        by_name = {f"snnk_{p.name}": p for p in each.library.populations}
        rows += [(update_parts(p), each.seen.functions[name]) for name, p in by_name.items()]
    return rows


def _adds(measured: Iterable[Measured]) -> list[tuple[Mapping[str, float], float]]:
    rows = []
    for each in measured:
        kinds = {kind for c in each.library.connections for kind in [c.work.kind]}
        total = sum(n for name, n in each.seen.functions.items() if name.startswith("add_"))
        counts = {f"add {kind}": sum(c.work.kind == kind for c in each.library.connections) for kind in kinds}
        rows.append((counts, total))
    return rows


def _fitted(rows: Sequence[tuple[Mapping[str, float], float]]) -> dict[str, float]:
    """Return constants, none below zero, by least squares of relative errors."""
    names = sorted({name for counts, _ in rows for name in counts})
    if not names:
        return {}
    matrix = np.array([[counts.get(name, 0.0) for name in names] for counts, _ in rows])
    spent = np.array([total for _, total in rows], float)
    scale = np.maximum(np.abs(matrix / spent[:, None]).max(0), 1e-12)
    constants, _ = nnls(matrix / spent[:, None] / scale, np.ones(len(rows)), maxiter=50_000)
    return dict(zip(names, (constants / scale).tolist(), strict=True))


def relative_errors(
    measured: Sequence[Measured],
    predicted: Callable[[Measured], float | None],
    seen: Callable[[Measured], float],
) -> np.ndarray:
    """Return predicted / seen - 1 of each network; NaN where it cannot be told."""
    pairs = [(predicted(each), seen(each)) for each in measured]
    return np.array([np.nan if p is None else p / s - 1 for p, s in pairs])
