"""C libraries of every kind of network against the integer model: on this computer, and on emulated boards.

    python -m benchmarks.firmware [--inputs 200] [--on-boards 40] [--only host|boards] > benchmarks/results/firmware.md

Every kind x granularity x weight bits x reset is drawn, built with gcc under all warnings and under AddressSanitizer
and UndefinedBehaviorSanitizer, and run: each prediction and each membrane after each timestep must be the integer
model's. A random sample of them, a fresh one for each board, is built for and run on the boards under QEMU. Progress
goes to standard error.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from builders.c_networks import SANITIZERS, built, differing, traces
from builders.firmware_matrix import BITS, GRANULARITIES, KINDS, RESETS, drawn, every

from hwsearch.export.boards.boards import BOARDS, Board
from hwsearch.export.boards.emulate import BoardRun, missing_tools, run_on
from hwsearch.export.c.check import first_wrong
from hwsearch.export.c.project import project_files
from hwsearch.network.integer import run_integer

_AT_A_TIME = 28  # networks of one program
_IDENTITY = {"study_digest": "0" * 16, "trial": 0, "network_digest": "0" * 16}


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--inputs", type=int, default=200)
    options.add_argument("--on-boards", type=int, default=40)
    options.add_argument("--only", choices=["host", "boards"])
    given = options.parse_args()
    print("# C libraries against the integer model\n")
    print(
        "Rebuilt by `python -m benchmarks.firmware`. Networks are drawn (tests/builders/firmware_matrix.py).\n"
    )
    failed = 0
    if given.only != "boards":
        failed += host(given.inputs)
    if given.only != "host":
        failed += sum(on_board(board, given.on_boards) for board in BOARDS.values())
    sys.exit(1 if failed else 0)


def host(n_inputs: int) -> int:
    """Run all on this computer; return how many differ."""
    start, wrong, equal = time.monotonic(), [], Counter[str]()
    chosen = every()
    for first in range(0, len(chosen), _AT_A_TIME):
        part = chosen[first : first + _AT_A_TIME]
        cases = [drawn(*each, prefix=f"n{i}", n_inputs=n_inputs) for i, each in enumerate(part)]
        with tempfile.TemporaryDirectory() as folder:
            differ = differing(cases, traces(cases, built(cases, Path(folder), *SANITIZERS)))
        wrong += differ
        equal.update(kind for (kind, *_), case in zip(part, cases, strict=True) if case.name not in differ)
        print(f"{first + len(part)}/{len(chosen)} {time.monotonic() - start:.0f} s {wrong}", file=sys.stderr)
    compiler = subprocess.run(["gcc", "--version"], capture_output=True, text=True, check=True).stdout
    print("## On this computer\n")
    print(
        f"{compiler.splitlines()[0]}, {n_inputs} inputs a network, AddressSanitizer and UndefinedBehaviorSanitizer."
    )
    print(f"{len(GRANULARITIES)} granularities x {len(BITS)} weight bits x {len(RESETS)} resets a kind.\n")
    print("| kind | networks | equal in every prediction and membrane |\n|---|---|---|")
    for kind in KINDS:
        print(f"| {kind} | {len(chosen) // len(KINDS)} | {equal[kind]} |")
    print("".join(f"\nDiffers: {name}" for name in wrong))
    return len(wrong)


def on_board(board: Board, n_networks: int) -> int:
    """Run a sample on a board; return how many differ."""
    missing = missing_tools(board)
    if missing:
        print(f"## {board.name}\n\nNot run: {', '.join(missing)} missing.\n")
        return 0
    chosen = np.random.default_rng(list(board.ident.encode())).choice(len(every()), n_networks, replace=False)
    rows, wrong, exact = [], [], 0
    for place in sorted(chosen):
        case = drawn(*every()[place], n_inputs=5)
        run = run_integer(case.model.network, case.x, trace=True)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for file, data in project_files(case.model, _IDENTITY, case.x, run).items():
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                (folder / file).write_bytes(data)
            ran = run_on(board, folder / "c", case.model, case.x)
        different = first_wrong(ran.trace, case.model.network, run)
        if different:
            wrong.append(f"{case.name}: {different}")
        exact += sum(ran.arrays.values()) == case.model.weight_bytes + case.model.param_bytes
        rows.append(ran)
        print(f"{board.ident} {case.name} {different or 'equal'}", file=sys.stderr)
    _board_table(board, rows, len(wrong), exact)
    print("".join(f"Differs: {name}\n" for name in wrong))
    return len(wrong)


def _board_table(board: Board, rows: list[BoardRun], n_wrong: int, exact: int) -> None:
    print(f"## {board.name}\n\n{board.flash.n_bytes:,} bytes of flash, {board.ram.n_bytes:,} of RAM.\n")
    print("| what | networks or bytes |\n|---|---|")
    print(f"| equal in every prediction and membrane | {len(rows) - n_wrong} of {len(rows)} |")
    print(f"| constant arrays of the linked file as priced | {exact} of {len(rows)} |")
    for what, values in [
        ("code and descriptors", [row.model_bytes for row in rows]),
        ("stack", [row.stack_bytes for row in rows]),
    ]:
        print(
            f"| {what}: least, median, most | {min(values):,}, {int(np.median(values)):,}, {max(values):,} |"
        )
    print()


if __name__ == "__main__":
    main()
