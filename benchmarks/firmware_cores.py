"""Cores fitted on drawn networks and tried on others: the tables of errors, and the files of cores."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.firmware_batch import firmwares, probe_all
from benchmarks.firmware_fit import Measured, core_from, deepest
from benchmarks.firmware_rows import drawn_networks, lacking
from benchmarks.firmware_runs import Observation, case_of, observe
from hwsearch.export.boards.boards import BOARDS, Board
from hwsearch.export.boards.emulate import FLAGS
from hwsearch.export.boards.predict import Prediction
from hwsearch.hardware.firmware.complete import every_kernel, missing
from hwsearch.hardware.firmware.core import Core
from hwsearch.hardware.firmware.stack import stack_bytes
from hwsearch.hardware.profiles.cores import FOLDER

COMMAND = "python -m benchmarks.firmware_instructions"
_WITHIN = {"instructions": 0.15, "flash": 0.03, "RAM": 0.03, "RAM used": 0.03}


@dataclass(frozen=True)
class Networks:
    """Which networks are drawn for what, by their names.

    Attributes:
        probed: Those that instructions are fitted on.
        built: Those that the bytes of a network's own functions are fitted on.
        held: Those that all is tried on.
    """

    probed: list[str]
    built: list[str]
    held: list[str]


_BLOCKS, _GROUPS = (2, 3, 4, 5, 6, 9), 17
PROFILES = Path(__file__).parents[1] / "hardware_profiles"
_PAIRED = 3  # networks, of 2, 4 and 8 bits
_FRAMED = (32, 67)  # numbers of networks of which several frames make a timestep: means, and bits
_HELD, _SEEN = 520, 20
"""Where the numbers of those that are tried begin: what lies before was looked at while terms were sought."""
_ROUND = 56
"""Seven numbers in a row are of the seven kinds and one granularity; these blocks have every granularity, and a further
one groups of 4, 8 and 16."""


def networks(n_rounds: int, n_built: int, n_held: int) -> Networks:
    """Return which networks are drawn: none of those that are tried is fitted on.

    Args:
        n_rounds: Times 79 networks are probed, 3 at most.
        n_built: Networks that are built for bytes of functions, 14 at most; 3 more, for pairs of values, and 2, for
            frames that are added up, always are.
        n_held: Networks that are tried.
    """
    other = [
        number for number in _matrix(6) if number not in {n for seed in (3, 4, 5) for n in _matrix(seed)[:20]}
    ]
    numbers = [
        _ROUND * r + 7 * block + kind for r in range(n_rounds) for block in _BLOCKS for kind in range(7)
    ]
    return Networks(
        [
            *(f"varied {number}" for number in numbers),
            *(f"pooled {number}" for number in range(4 * n_rounds)),
            *(f"paired {number}" for number in range(6 * n_rounds)),
            *(f"aligned {number}" for number in range(4 * n_rounds)),
            *(f"spiking {number}" for number in range(16 * n_rounds)),
            *(f"varied {_ROUND * r + 7 * _GROUPS + kind}" for r in range(n_rounds) for kind in range(7)),
        ],
        [
            *(f"varied {number}" for number in range(n_built)),
            *(f"paired {number}" for number in range(_PAIRED)),
            *(f"varied {number}" for number in _FRAMED),
        ],
        [
            *(f"varied {_HELD + number}" for number in range(n_held // 2)),
            *(f"matrix {number}" for number in other[_SEEN : _SEEN + n_held - n_held // 2]),
        ],
    )


def _matrix(seed: int) -> list[int]:
    """Return the numbers of the matrix in an order; those first in seeds 3 to 5 were seen while terms were sought."""
    return [int(number) for number in np.random.default_rng(seed).permutation(784)]


def cores_table(boards: list[Board], drawn: Networks, runs: Path, write: Path | None) -> None:
    """Print errors of prediction on networks that were held out; write the cores' files.

    Args:
        boards: The boards.
        drawn: The networks.
        runs: Folder of what ran already.
        write: Folder of profiles; None: nothing is written.
    """
    runs.mkdir(parents=True, exist_ok=True)
    fitted, parts = drawn_networks({name: case_of(name) for name in drawn.probed}), firmwares(drawn.probed)
    if further := sorted({name for board in boards for name in lacking(parts, fitted, board.core)}):
        parts.append(further)
    probed = probe_all(parts, boards, runs / "probes.jsonl")
    seen = observe([*drawn.built, *drawn.held], [board.ident for board in boards], runs / "runs.jsonl")
    measured = _measured(seen)
    print(_HEAD.format(probed=len(drawn.probed), built=len(drawn.built), held=len(drawn.held)) + _COLUMNS)
    for board in boards:
        here = [each for each in measured if each.seen.board == board.ident]
        built = [m for m in here if m.seen.network in set(drawn.built)]
        core = core_from(board, _source(board), [p for p in probed if p.board == board.ident], fitted, built)
        errors = _print_errors(board, here, core, set(drawn.held))
        if write is not None:
            write_core(write, replace(core, errors=_in_words(errors)))


def _measured(seen: Sequence[Observation]) -> list[Measured]:
    drawn = drawn_networks({name: case_of(name) for name in {each.network for each in seen}})
    return [
        Measured(
            drawn.cases[each.network].model, drawn.libraries[each.network].on(BOARDS[each.board].core), each
        )
        for each in seen
    ]


def _print_errors(board: Board, here: list[Measured], core: Core, held: set[str]) -> dict[str, np.ndarray]:
    tried = [each for each in here if each.seen.network in held]
    errors = {what: _errors(tried, core, what) for what in _WITHIN}
    for what, values in errors.items():
        print(f"| {board.ident} | {board.core} | {what} | {_row(values, _WITHIN[what])} |", flush=True)
    return errors


_HEAD = """## What is told without a board, and what the board shows

Instructions are fitted on probes of {probed} drawn networks, bytes of kernels are as compiled, those of a network's
own functions are fitted on {built}. Errors are those of {held} others: half are drawn alike, half are smaller ones of
[the equality](firmware.md). Instructions are told from events counted on the same inputs; flash and RAM are of the
whole linked firmware, the test's own included. RAM has the stack of the deepest way, by the frames that the compiler
wrote; RAM that was used has what four inputs wrote to, which is less where no event came to the deepest kernel.
"""
_COLUMNS = """
| board | core | what | networks | median error | within | largest |
|---|---|---|---|---|---|---|"""


def _errors(tried: Sequence[Measured], core: Core, what: str) -> np.ndarray:
    """Return predicted / measured - 1 of each network; NaN where a constant is missing."""
    of: Mapping[str, Callable[[Prediction], float | None]] = {
        "instructions": lambda p: p.instructions, "flash": lambda p: p.flash_bytes, "RAM": lambda p: p.ram_bytes,
        "RAM used": lambda p: p.ram_bytes,
    }  # fmt: skip
    errors = []
    for each in tried:
        told, seen = each.predicted(core), each.seen
        took = {
            "instructions": seen.instructions,
            "flash": seen.flash_bytes,
            "RAM": seen.ram_bytes + deepest(each),
            "RAM used": seen.ram_bytes + seen.stack_bytes,
        }
        value = None if told is None else of[what](told)
        errors.append(np.nan if value is None else value / took[what] - 1)
    return np.array(errors)


def _row(errors: np.ndarray, limit: float) -> str:
    size = np.abs(errors)
    within = f"{(size <= limit).sum()} within {limit:.0%}"
    return f"{len(size)} | {np.nanmedian(size):.1%} | {within} | {np.nanmax(size):.1%}"


def _in_words(errors: Mapping[str, np.ndarray]) -> str:
    parts = []
    for what, values in errors.items():
        size, limit = np.abs(values), _WITHIN[what]
        parts.append(
            f"{what}: {(size <= limit).sum()} of {len(size)} within {limit:.0%}, largest {np.nanmax(size):.1%}"
        )
    return f"networks that were held out: {'; '.join(parts)}"


def _source(board: Board) -> str:
    said = subprocess.run(
        [f"{board.prefix}gcc", "--version"], capture_output=True, text=True, check=True
    ).stdout
    shown = subprocess.run([board.emulator, "--version"], capture_output=True, text=True, check=True).stdout
    flags = " ".join([*board.flags, "-O2", *FLAGS])
    emulator = re.search(r"version (\S+)", shown)
    return f"{COMMAND} --write; {said.splitlines()[0]}; {flags}; QEMU {emulator[1] if emulator else ''} {board.machine}"


def write_core(folder: Path, core: Core) -> None:
    """Write a core's file.

    Raises:
        ValueError: It does not tell of every kernel: more networks must be drawn.
    """
    terms, parts = missing(core)
    if terms or parts:
        raise ValueError(
            f"{core.name}: nothing is known of {', '.join([*terms, *parts])}: draw more networks"
        )
    if stack_bytes(every_kernel(core), core.stack_bytes) is None:
        raise ValueError(f"{core.name}: a function's frame is not known: draw more networks")
    lines = [
        f"# What the exported C library takes on this core: emulated. Written by {COMMAND} --write; not by hand.",
        "schema_version: 1", f"core: {core.name}", "grade: emulated", f'source: "{core.source}"',
        f'errors: "{core.errors}"',
    ]  # fmt: skip
    tables = {
        "instructions": ("# of an emulator, not cycles: what each turn of a loop takes", core.instructions),
        "code_bytes": ("# of each function, and of parts that functions repeat", core.code_bytes),
        "stack_bytes": ("# of each function's frame", core.stack_bytes),
        "test_bytes": ("# of the firmware around a library that is tried on a board", core.test_bytes),
    }
    for name, (comment, values) in tables.items():
        lines += [
            "",
            comment,
            f"{name}:",
            *(f'  "{key}": {value:.6g}' for key, value in sorted(values.items())),
        ]
    (folder / FOLDER).mkdir(exist_ok=True)
    (folder / FOLDER / f"{core.name}.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
