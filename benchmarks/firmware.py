"""C libraries of every kind of network against the integer model: on this computer, and on emulated boards.

    python -m benchmarks.firmware [--inputs 200] [--on-boards 40] [--only host|boards] > benchmarks/results/firmware.md

Every kind x granularity x weight bits x reset is drawn, built with gcc under all warnings and under AddressSanitizer
and UndefinedBehaviorSanitizer, read by cppcheck, and run: each prediction and each membrane after each timestep must be
the integer model's. A network is stored in its granularity's format, and once more as a microcontroller would store it:
one reset's by `storage: smallest`, the other's by `fastest`, in turns. A random sample of them, a fresh one for each
board, is built for and run on the boards under QEMU. Progress goes to standard error.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from builders.c_networks import SANITIZERS, STRICT, Case, built, differing, named_by_cppcheck, traces
from builders.firmware_matrix import BITS, GRANULARITIES, KINDS, RESETS, as_device_stores, drawn, every

from hwsearch.export.boards.boards import BOARDS, Board
from hwsearch.export.boards.emulate import BoardRun, missing_tools, run_on
from hwsearch.export.c.check import first_wrong
from hwsearch.export.c.project import PREFIX, project_files
from hwsearch.network.integer import run_integer

_AT_A_TIME = 28  # networks of one program
_OWN, *_RULES = _STORED = ("granularity", "smallest", "fastest")
_IDENTITY = {"study_digest": "0" * 16, "trial": 0, "network_digest": "0" * 16}


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--inputs", type=int, default=200)
    options.add_argument("--on-boards", type=int, default=40)
    options.add_argument("--only", choices=["host", "boards"])
    given = options.parse_args()
    if given.only != "boards":
        print("# C libraries against the integer model\n")
        print(
            "Rebuilt by `python -m benchmarks.firmware`. Networks are drawn (tests/builders/firmware_matrix.py).\n"
        )
    failed = 0
    if given.only != "boards":
        failed += host(given.inputs)
    if given.only != "host":
        failed += sum(on_board(board, given.on_boards, given.inputs) for board in BOARDS.values())
    sys.exit(1 if failed else 0)


def stored_alike(
    place: int, n_inputs: int, *, prefixes: Sequence[str] = (PREFIX, PREFIX)
) -> Iterator[tuple[str, Case]]:
    """Yield a network of the matrix as its granularity is stored, and as a rule stores it where that differs.

    Of the two resets of a kind, granularity and width, which are neighbours, each rule gets one, in turns.
    """
    own = drawn(*every()[place], prefix=prefixes[0], n_inputs=n_inputs)
    rule = _RULES[(place // 2 + place) % 2]
    other = as_device_stores(own, rule, prefix=prefixes[1])
    yield _OWN, own
    if _formats(other) != _formats(own):
        yield rule, other


def _formats(each: Case) -> list[str]:
    return [weights.format for weights in each.model.weights]


def host(n_inputs: int) -> int:
    """Run all on this computer; return how many differ, or have something that cppcheck names."""
    start, wrong, named, ran, equal = (
        time.monotonic(),
        [],
        [],
        Counter[tuple[str, str]](),
        Counter[tuple[str, str]](),
    )
    chosen = every()
    for first in range(0, len(chosen), _AT_A_TIME):
        places = range(first, min(first + _AT_A_TIME, len(chosen)))
        part = [
            (p, *each)
            for p in places
            for each in stored_alike(p, n_inputs, prefixes=(f"n{p - first}", f"m{p - first}"))
        ]
        cases = [case for *_, case in part]
        with tempfile.TemporaryDirectory() as folder:
            differ = differing(cases, traces(cases, built(cases, Path(folder), *SANITIZERS)))
            named += named_by_cppcheck(Path(folder))
        wrong += differ
        for place, rule, case in part:
            ran[chosen[place][0], rule] += 1
            equal[chosen[place][0], rule] += case.name not in differ
        print(
            f"{places.stop}/{len(chosen)} {time.monotonic() - start:.0f} s {wrong} {named}", file=sys.stderr
        )
    _host_table(n_inputs, ran, equal)
    print("".join(f"\nDiffers: {name}" for name in wrong) + "".join(f"\ncppcheck: {line}" for line in named))
    return len(wrong) + len(named)


def _host_table(n_inputs: int, ran: Counter[tuple[str, str]], equal: Counter[tuple[str, str]]) -> None:
    print("## On this computer\n")
    print(f"{_version('gcc')}, {n_inputs} inputs a network, AddressSanitizer and UndefinedBehaviorSanitizer,")
    print(
        f"{' '.join(flag for flag in STRICT if flag.startswith(('-W', '-p')))}; {_version('cppcheck')} names nothing"
    )
    print("where no line below says so.")
    print(
        f"{len(GRANULARITIES)} granularities x {len(BITS)} weight bits x {len(RESETS)} resets a kind, and those that"
    )
    print(
        "`smallest` (one reset) and `fastest` (the other) store in another format. Equal to the integer model:\n"
    )
    print(f"| kind | {' | '.join(_STORED)} |\n|---|---|---|---|")
    for kind in KINDS:
        cells = [f"{equal[kind, rule]} of {ran[kind, rule]}" for rule in _STORED]
        print(f"| {kind} | {' | '.join(cells)} |")


def _version(tool: str) -> str:
    if shutil.which(tool) is None:
        return f"{tool} is missing"
    return subprocess.run(
        [tool, "--version"], capture_output=True, text=True, check=True
    ).stdout.splitlines()[0]


def on_board(board: Board, n_networks: int, n_inputs: int) -> int:
    """Run a sample on a board, every second network as a rule stores it; return how many differ."""
    missing = missing_tools(board)
    if missing:
        print(f"## {board.name}\n\nNot run: {', '.join(missing)} missing.\n")
        return 0
    chosen = np.random.default_rng(list(board.ident.encode())).choice(len(every()), n_networks, replace=False)
    rows, wrong, exact, rules = [], [], 0, Counter[str]()
    for number, place in enumerate(sorted(chosen)):
        rule, case = list(stored_alike(place, n_inputs))[-(number % 2)]
        ran, different = _on(board, case)
        if different:
            wrong.append(f"{case.name}: {different}")
        exact += sum(ran.arrays.values()) == case.model.weight_bytes + case.model.param_bytes
        rows.append(ran)
        rules[rule] += 1
        print(f"{board.ident} {case.name} {different or 'equal'}", file=sys.stderr, flush=True)
    _board_table(board, rows, len(wrong), exact, rules, n_inputs)
    print("".join(f"Differs: {name}\n" for name in wrong), flush=True)
    return len(wrong)


def _on(board: Board, case: Case) -> tuple[BoardRun, str]:
    """Return what a network does on a board, and what differs."""
    model = case.model
    run = run_integer(model.network, case.x, trace=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, data in project_files(model, _IDENTITY, case.x, run).items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes(data)
        ran = run_on(board, folder / "c", model, case.x)
    return ran, first_wrong(ran.trace, model.network, run)


def _board_table(
    board: Board, rows: list[BoardRun], n_wrong: int, exact: int, rules: Counter[str], n_inputs: int
) -> None:
    print(f"## {board.name}\n\n{board.flash.n_bytes:,} bytes of flash, {board.ram.n_bytes:,} of RAM.")
    how = ", ".join(f"{n} {rule}" for rule, n in rules.items())
    print(f"{n_inputs} inputs a network; stored as: {how}.\n")
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
