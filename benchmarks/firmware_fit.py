"""Constants of a core: instructions of each term from probed networks, bytes and stack of each function as compiled.

Instructions are fitted by least squares of relative errors, none below zero: a row is what one connection's scan or
kernel, or one population's update, took in one network, so that terms do not hide behind each other. A kernel's bytes
are what the compiler made of it; bytes of functions that repeat parts (a timestep's statements, the members of a
state) are fitted likewise.
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import nnls

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from builders.c_networks import Case

from benchmarks.firmware_batch import Probed, kernel_sizes, shared_sizes
from benchmarks.firmware_runs import Observation
from hwsearch.export.boards.boards import Board
from hwsearch.export.boards.predict import Prediction, predicted
from hwsearch.export.c.model import CModel
from hwsearch.export.c.work import library_of
from hwsearch.hardware.firmware.code import (
    SHARED,
    added,
    code_parts,
    frame_parts,
    init_parts,
    inlined_parts,
    kernel_functions,
    part_of,
    step_parts,
    update_parts,
)
from hwsearch.hardware.firmware.core import Core
from hwsearch.hardware.firmware.events import lists_of
from hwsearch.hardware.firmware.instructions import plain_terms, terms, update_terms
from hwsearch.hardware.firmware.loops import Term, kernel_terms, scan_terms
from hwsearch.hardware.firmware.program import Library, LibraryConnection
from hwsearch.hardware.firmware.stack import tap_bytes
from hwsearch.measure.workload import count_workload
from hwsearch.network.integer import run_integer

Counts = Mapping[str, float]
_LEAST = 50.0  # instructions: what takes fewer is not worth a fit
_PROBE = "probe"
_CALLERS = ("reset", "started", "main", "snn_trace")  # of a timestep, in a test's firmware
_ROUNDS, _EXACT = 12, 0.01  # renewals of weights; an error below which none is better than another


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


def core_from(
    board: Board, source: str, probed: Sequence[Probed], cases: Mapping[str, Case], built: Sequence[Measured]
) -> Core:
    """Return the constants of a board's core.

    Args:
        board: The board.
        source: How they came about.
        probed: What probes showed there.
        cases: The networks that were probed, by their names.
        built: Networks that were built on their own, for the functions that each has of its own.
    """
    sizes, frames = shared_sizes(board, list(cases.values()))
    rows = [row for each in probed for row in _rows(each, cases[each.network], board.core)]
    rows += [(terms(each.library), each.seen.instructions) for each in built]
    code = _code({part_of(name): n for name, n in sizes.items()}, cases, built, board.core)
    alone = {name: kernel_sizes(board, each.model.program.use) for name, each in cases.items()}
    stack = _stack(frames | _usual([of for _, of in alone.values()]), built)
    return Core(
        name=board.core,
        source=source,
        instructions={name: n for name, n in _instructions(rows).items() if name != _PROBE},
        code_bytes=code | _inlined(board, code, cases, {name: of for name, (of, _) in alone.items()}),
        stack_bytes=stack,
        test_bytes=_test(built, stack),
    )


def _instructions(rows: Sequence[tuple[Counts, float]]) -> dict[str, float]:
    """Return the instructions of each term.

    What adds a decoded plane is one function for all formats. It is fitted on dense filters first, whose planes and
    weights are counted exactly: elsewhere they are expectations, whose errors it would take over.
    """
    dense = [row for row in rows if "conv_dense list" in row[0] and "timestep" not in row[0]]
    known = {name: n for name, n in _fitted(dense, _LEAST).items() if name.startswith("scatter")}
    return known | _fitted(rows, _LEAST, known)


def _rows(probed: Probed, case: Case, core: str) -> Iterator[tuple[Counts, float]]:
    """Yield what each probe, and the whole, took, with the terms that happened in it."""
    whole, names = library(case).on(core), case.model.names
    connections = dict(zip(names.connections, whole.connections, strict=True))
    populations = dict(zip(names.populations, whole.populations, strict=True))
    loops, n_probes = iter(whole.loops), 0.0
    for what, name, spent in probed.probes:
        found: Iterable[tuple[str, float]]
        if what in ("scan", "fc", "conv", "fc_pairs"):
            c = connections[name]
            if (c.kernel == "pairs") != (what == "fc_pairs"):
                continue  # what other cores do in this place
            found, times = _of_connection(what, c)
        elif what in ("fire", "read"):
            p = populations[re.findall(r"&(\w+)_neurons", name)[0]]
            found, times = update_terms(p), p.calls
        else:
            loop = next(loops)
            found, times = plain_terms(loop), loop.calls
        n_probes += times
        if spent > 0:
            yield _added(found), spent
    yield {**terms(whole), _PROBE: n_probes}, probed.instructions


def _of_connection(what: str, c: LibraryConnection) -> tuple[Iterator[Term], float]:
    """Return the terms of what is probed of a connection, and how often that is called in an inference."""
    if what == "scan":
        return scan_terms(c), lists_of(c).all
    return kernel_terms(c), c.calls if what == "fc_pairs" else lists_of(c).filled


def _added(found: Iterable[tuple[str, float]]) -> Counts:
    total: Counter[str] = Counter()
    for name, count in found:
        total[name] += count
    return total


def _code(
    sizes: Mapping[str, float], cases: Mapping[str, Case], built: Sequence[Measured], core: str
) -> dict[str, float]:
    """Return the bytes of each part; of a function that is inlined everywhere none."""
    wanted = {name for name in sizes if name.startswith("snnk_fc_pairs_")}
    wanted |= {name for case in cases.values() for name in code_parts(library(case).on(core))}
    wanted |= {name for each in built for name in code_parts(each.library)}
    found: dict[str, float] = {}
    for parts, function in (
        (step_parts, "snn_step"), (init_parts, "snn_init"), (frame_parts, "snn_frame"),
        (lambda _: {"snn_prediction": 1}, "snn_prediction"),
    ):  # fmt: skip
        having = [each for each in built if function in each.seen.functions and parts(each.library)]
        found |= _fitted([(parts(each.library), each.seen.functions[function]) for each in having])
    populations = {p.name: p for case in cases.values() for p in library(case).populations}
    found |= _fitted([(update_parts(p), sizes[f"snnk_{name}"]) for name, p in populations.items()])
    found |= _fitted(list(_adds(built)))
    helpers = [
        name for name in wanted - found.keys() if not name.startswith(("snnk_", "scan ", "add ", "inlined "))
    ]
    return (
        dict.fromkeys(helpers, 0.0) | {name: float(n) for name, n in sizes.items() if name in wanted} | found
    )


def _inlined(
    board: Board, code: Counts, cases: Mapping[str, Case], alone: Mapping[str, Mapping[str, int]]
) -> dict[str, float]:
    """Return the bytes that it adds (below zero: saves) that a function of several kernels has one call in a library.

    ``alone``: bytes of each network's kernels without those of others, which are compared with ``code``, among all.
    """
    rows, goal = [], []
    for network, each in cases.items():
        of, sizes = library(each).on(board.core), alone[network]
        parts = {name for c in of.connections for name in kernel_functions(c)}
        total = sum(n for name, n in sizes.items() if part_of(name) in parts)
        rows.append([float(f"inlined {name}" in inlined_parts(of)) for name in SHARED])
        goal.append(total - sum(code[name] for name in parts))
    found = np.linalg.lstsq(np.array(rows), np.array(goal), rcond=None)[0]
    return {f"inlined {name}": float(n) for name, n in zip(SHARED, found, strict=True)}


def _adds(measured: Iterable[Measured]) -> Iterable[tuple[Counts, float]]:
    for each in measured:
        kinds = [added(c) for c in each.library.connections]
        names = [f"add_{name}" for name in each.model.names.connections]
        total = sum(each.seen.functions.get(name, 0) for name in names)
        yield {f"add {kind}": kinds.count(kind) for kind in kinds}, total


def _usual(alone: Iterable[Mapping[str, int]]) -> dict[str, float]:
    """Return each function's frame as the kernels of single networks have it, the median: together many are larger."""
    seen: dict[str, list[int]] = defaultdict(list)
    for frames in alone:
        for name, n_bytes in frames.items():
            seen[name].append(n_bytes)
    return {name: float(np.median(values)) for name, values in seen.items()}


def _stack(kernels: Mapping[str, float], built: Sequence[Measured]) -> dict[str, float]:
    """Return the bytes of each function's frame: the most that it ever had, and of a connection's without its taps."""
    frames: dict[str, float] = defaultdict(float)
    for name, n_bytes in kernels.items():
        frames[part_of(name)] = max(frames[part_of(name)], n_bytes)
    for each in built:
        frames["snn_step"] = max(frames["snn_step"], each.seen.frames["snn_step"])
        for name, c in zip(each.model.names.connections, each.library.connections, strict=True):
            part = f"add {added(c)}"
            frames[part] = max(frames[part], each.seen.frames.get(f"add_{name}", 0) - tap_bytes(c))
    return dict(frames)


def _test(measured: Sequence[Measured], stack: Mapping[str, float]) -> dict[str, float]:
    """Return what the test's own firmware takes around a library: flash, RAM, and stack above a timestep."""
    rows = []
    for each in measured:
        counts = {"flash": 1, "flash population": len(each.library.populations)}
        rows.append((counts, each.seen.flash_bytes - each.seen.model_bytes - each.seen.const_bytes))
    above = [sum(each.seen.frames.get(name, 0) for name in _CALLERS) for each in measured]
    around = [each.seen.ram_bytes - each.seen.state_bytes for each in measured]
    return {**_fitted(rows), "ram": float(np.median(around)), "stack": float(np.median(above))}


def _fitted(
    rows: Sequence[tuple[Counts, float]], least: float = 1.0, known: Counts | None = None
) -> dict[str, float]:
    """Return constants, none below zero, by least absolute errors relative to the total, or to ``least``.

    Those that are known are taken off first, and are not among what is returned.

    Absolute, not squared: where events come in clusters their expected number may be off by a factor, and such a row
    must not bend the constants of all others. Solved by least squares whose weights are renewed.
    """
    known = known or {}
    names = sorted({name for counts, _ in rows for name in counts} - known.keys())
    if not names:
        return {}
    matrix = np.array([[counts.get(name, 0.0) for name in names] for counts, _ in rows])
    totals = np.array([total for _, total in rows])
    rest = totals - [sum(n * counts.get(name, 0.0) for name, n in known.items()) for counts, _ in rows]
    relative, goal = matrix / np.maximum(totals, least)[:, None], rest / np.maximum(totals, least)
    weights = np.ones(len(rows))
    for _ in range(_ROUNDS):
        weighted = relative * weights[:, None]
        scale = np.maximum(weighted.max(0), 1e-12)
        found, _ = nnls(weighted / scale, goal * weights, maxiter=50_000)
        constants = found / scale
        weights = 1 / np.sqrt(np.maximum(np.abs(relative @ constants - goal), _EXACT))
    return dict(zip(names, constants.tolist(), strict=True))
