"""Constants of a core: instructions of each term from probed networks, bytes and stack of each function as compiled.

Instructions are fitted by least squares of relative errors, none below zero: a row is what one connection's scan or
kernel, or one population's update, took in one network, so that terms do not hide behind each other. A kernel's bytes
are what the compiler made of it; bytes of functions that repeat parts (a timestep's statements, the members of a
state) are fitted likewise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from benchmarks.firmware_batch import Probed, kernel_sizes, shared_sizes
from benchmarks.firmware_rows import PROBE, Counts, Drawn, probe_rows
from benchmarks.firmware_runs import Observation
from hwsearch.export.boards.boards import Board
from hwsearch.export.boards.predict import Prediction, predicted
from hwsearch.export.c.model import CModel
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
    with_merged,
)
from hwsearch.hardware.firmware.core import Core
from hwsearch.hardware.firmware.instructions import terms
from hwsearch.hardware.firmware.program import Library
from hwsearch.hardware.firmware.stack import ALIGNMENT, below_bytes, kernel_frame, tap_bytes

_LEAST = 50.0  # instructions: what takes fewer is not worth a fit
_CALLERS = ("reset", "started", "main", "snn_trace")  # of a timestep, in a test's firmware
_ALIGNED = {"arm": 8, "riscv": 16}  # bytes of stack, by AAPCS32 and by the psABI of ilp32
_ADDING = ("scatter", "merged scatter")
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


def deepest(each: Measured) -> int:
    """Return the bytes of the firmware's stack by the frames that the compiler wrote, down its deepest way."""
    frames = {part_of(name): float(n) for name, n in each.seen.frames.items()}
    ways = [
        frames.get(f"add_{name}", 0.0) + (below_bytes(c, frames) or 0.0)
        for name, c in zip(each.model.names.connections, each.library.connections, strict=True)
    ]
    callers = (*_CALLERS, "snn_step", *(["snn_frame"] if each.library.frames else []))
    return round(sum(frames.get(name, 0) for name in callers) + max(ways))


def core_from(
    board: Board, source: str, probed: Sequence[Probed], drawn: Drawn, built: Sequence[Measured]
) -> Core:
    """Return the constants of a board's core.

    Args:
        board: The board.
        source: How they came about.
        probed: What probes showed there.
        drawn: The networks that were probed.
        built: Networks that were built on their own, for the functions that each has of its own.
    """
    cases = drawn.cases
    sizes, frames = shared_sizes(board, list(cases.values()))
    rows = [row for each in probed for row in probe_rows(each, drawn, board.core)]
    rows += [(terms(each.library), each.seen.instructions) for each in built]
    code = _code({part_of(name): n for name, n in sizes.items()}, drawn.libraries, built, board.core)
    alone = {name: kernel_sizes(board, each.model.program.use) for name, each in cases.items()}
    kernels = frames | _alone({name: of for name, (_, of) in alone.items()}, drawn.libraries, board.core)
    stack = _stack(kernels, built, _ALIGNED[board.architecture])
    return Core(
        name=board.core,
        source=source,
        instructions=fitted_instructions(rows),
        code_bytes=code
        | _inlined(board, code, drawn.libraries, {name: of for name, (of, _) in alone.items()}),
        stack_bytes=stack,
        test_bytes=_test(built, stack),
    )


def fitted_instructions(rows: Sequence[tuple[Counts, float]]) -> dict[str, float]:
    """Return the instructions of each term.

    What adds a decoded plane is one function for all formats (or a part of each kernel: then likewise). It is fitted
    on dense filters first, whose planes and weights are counted exactly: elsewhere they are expectations, whose errors
    it would take over.
    """
    dense = [row for row in rows if "conv_dense list" in row[0] and "timestep" not in row[0]]
    known = {name: n for name, n in _fitted(dense, _LEAST).items() if name.startswith(_ADDING)}
    found = known | _fitted(rows, _LEAST, known)
    return {name: n for name, n in found.items() if name != PROBE}


def _code(
    sizes: Mapping[str, float], libraries: Mapping[str, Library], built: Sequence[Measured], core: str
) -> dict[str, float]:
    """Return the bytes of each part; of a function that is inlined everywhere none."""
    wanted = {name for name in sizes if name.startswith("snnk_fc_pairs_")}
    wanted |= {name for each in libraries.values() for name in code_parts(each.on(core))}
    wanted |= {name for each in built for name in code_parts(each.library)}
    found: dict[str, float] = {}
    for parts, function in (
        (step_parts, "snn_step"), (init_parts, "snn_init"), (frame_parts, "snn_frame"),
        (lambda _: {"snn_prediction": 1}, "snn_prediction"),
    ):  # fmt: skip
        having = [each for each in built if function in each.seen.functions and parts(each.library)]
        found |= _fitted([(parts(each.library), each.seen.functions[function]) for each in having])
    populations = {p.name: p for each in libraries.values() for p in each.populations}
    found |= _fitted([(update_parts(p), sizes[f"snnk_{name}"]) for name, p in populations.items()])
    found |= _fitted(list(_adds(built)))
    own = ("snnk_", "scan ", "add ", "inlined ", "frame_", "mean_")  # never a part of another function
    helpers = [name for name in wanted - found.keys() if not name.startswith(own)]
    return (
        dict.fromkeys(helpers, 0.0) | {name: float(n) for name, n in sizes.items() if name in wanted} | found
    )


def _inlined(
    board: Board, code: Counts, libraries: Mapping[str, Library], alone: Mapping[str, Mapping[str, int]]
) -> dict[str, float]:
    """Return the bytes that it adds (below zero: saves) that a function of several kernels has one call in a library.

    ``alone``: bytes of each network's kernels without those of others, which are compared with ``code``, among all.
    """
    rows, goal = [], []
    for network, each in libraries.items():
        of, sizes = each.on(board.core), alone[network]
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


def _alone(
    alone: Mapping[str, Mapping[str, int]], libraries: Mapping[str, Library], core: str
) -> dict[str, float]:
    """Return each function's frame as the kernels of single networks have it, the most: together many are larger.

    A kernel that shared functions are a part of has a frame of another name.
    """
    seen: dict[str, float] = defaultdict(float)
    for network, frames in alone.items():
        known = {c.function: kernel_frame(c) for c in with_merged(libraries[network].on(core))}
        for name, n_bytes in frames.items():
            seen[known.get(name, name)] = max(seen[known.get(name, name)], n_bytes)
    return dict(seen)


def _stack(kernels: Mapping[str, float], built: Sequence[Measured], unit: int) -> dict[str, float]:
    """Return the bytes of each function's frame: the most that it ever had.

    Of a connection's function it is the frame without its taps before it was made a multiple of ``unit``: the most that
    every frame of it allows. One that never has a frame is a part of the timestep everywhere, and takes none.
    """
    frames: dict[str, float] = defaultdict(float)
    adds: dict[str, list[float]] = defaultdict(list)
    for name, n_bytes in kernels.items():
        frames[part_of(name)] = max(frames[part_of(name)], n_bytes)
    for each in built:
        for name in ("snn_step", "snn_frame"):
            frames[name] = max(frames[name], each.seen.frames.get(name, 0))
        for name, c in zip(each.model.names.connections, each.library.connections, strict=True):
            seen = adds[f"add {added(c)}"]
            if f"add_{name}" in each.seen.frames:
                seen.append(each.seen.frames[f"add_{name}"] - tap_bytes(c))
    return (
        dict(frames)
        | {part: min(values, default=0.0) for part, values in adds.items()}
        | {ALIGNMENT: float(unit)}
    )


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
