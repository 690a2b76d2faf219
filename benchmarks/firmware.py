"""C libraries of every kind of network against the integer model: on this computer, and on emulated boards.

    python -m benchmarks.firmware [--inputs 200] [--on-boards 40] [--only host|boards] [--runs FILE] [--shown]
        [--together] > benchmarks/results/firmware.md

Every kind x granularity x weight bits x reset is drawn, built with gcc under all warnings and under AddressSanitizer
and UndefinedBehaviorSanitizer, read by cppcheck, and run: each prediction and each membrane after each timestep must be
the integer model's. A network is stored in its granularity's format, and once more as a microcontroller would store it
where that differs: one reset's by `storage: smallest`, the other's by `fastest`, in turns. A random sample of them, a
fresh one for each board, is built for and run on the boards under QEMU, every second one as a rule stores it: each in a
firmware of its own, or, `--together`, many in one, with a tenth of the inputs, where no sizes are read. What ran
is kept in FILE, line by line, and not run again; networks come in a random order, so that what ran until the benchmark
was stopped is a random part, and `--shown` prints the tables of that. Progress goes to standard error.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from builders.c_networks import SANITIZERS, STRICT, Case, built, differing, named_by_cppcheck, traces
from builders.firmware_matrix import BITS, GRANULARITIES, KINDS, RESETS, as_device_stores, drawn, every

from benchmarks.firmware_batch import run_batch, write_batch
from hwsearch.export.boards.boards import BOARDS, Board
from hwsearch.export.boards.emulate import missing_tools, run_on
from hwsearch.export.c.check import first_wrong
from hwsearch.export.c.project import PREFIX, project_files
from hwsearch.network.integer import run_integer

_AT_A_TIME = 14  # networks of one program
_OWN, *_RULES = _STORED = ("granularity", "smallest", "fastest")
_HOST = "host"
_IDENTITY = {"study_digest": "0" * 16, "trial": 0, "network_digest": "0" * 16}


@dataclass(frozen=True)
class Outcome:
    """What became of a network.

    Attributes:
        where: ``host``, or a board.
        place: Of the network in the matrix.
        stored: By what its formats were chosen.
        name: What it is.
        differs: How it differs from the integer model, in words; empty where it does not.
        sizes: On a board: bytes of code and descriptors, of the stack, of constants in the linked file and as priced.
    """

    where: str
    place: int
    stored: str
    name: str
    differs: str
    sizes: dict[str, int] = field(default_factory=dict)


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--inputs", type=int, default=200)
    options.add_argument("--on-boards", type=int, default=40)
    options.add_argument("--only", choices=[_HOST, "boards"])
    options.add_argument("--runs", type=Path)
    options.add_argument("--shown", action="store_true")
    options.add_argument("--together", action="store_true")
    given = options.parse_args()
    known = _read(given.runs)
    boards = [] if given.only == _HOST else [b for b in BOARDS.values() if not missing_tools(b)]
    if not given.shown:
        if given.only != "boards":
            known += _kept(on_host(_left(known, _HOST, _order()), given.inputs), given.runs)
        for board in boards:
            places = _left(known, board.ident, _sample(board, given.on_boards))
            run = together_on_board if given.together else on_board
            known += _kept(run(board, places, given.inputs), given.runs)
    print("# C libraries against the integer model\n")
    print(
        "Rebuilt by `python -m benchmarks.firmware`. Networks are drawn (tests/builders/firmware_matrix.py).\n"
    )
    if given.only != "boards":
        _host_table([each for each in known if each.where == _HOST], given.inputs)
    for board in boards:
        _board_table(board, [each for each in known if each.where == board.ident], given.inputs)
    wrong = [each for each in known if each.differs]
    print("".join(f"Differs: {each.where}, {each.name}: {each.differs}\n" for each in wrong))
    sys.exit(1 if wrong else 0)


def _read(path: Path | None) -> list[Outcome]:
    if path is None or not path.exists():
        return []
    return [Outcome(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def _kept(outcomes: Iterator[Outcome], path: Path | None) -> Iterator[Outcome]:
    """Yield outcomes, each after it was added to a file."""
    for each in outcomes:
        print(each.where, each.name, each.differs or "equal", file=sys.stderr, flush=True)
        if path is not None:
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(each)) + "\n")
        yield each


def _order() -> list[int]:
    return [int(place) for place in np.random.default_rng(0).permutation(len(every()))]


def _sample(board: Board, n_networks: int) -> list[int]:
    order = np.random.default_rng(list(board.ident.encode())).permutation(len(every()))
    return [int(place) for place in order[:n_networks]]


def _left(known: Sequence[Outcome], where: str, places: Sequence[int]) -> list[int]:
    done = {each.place for each in known if each.where == where}
    return [place for place in places if place not in done]


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


def on_host(places: Sequence[int], n_inputs: int) -> Iterator[Outcome]:
    """Yield what becomes of networks on this computer."""
    for first in range(0, len(places), _AT_A_TIME):
        part = [
            (place, *each)
            for i, place in enumerate(places[first : first + _AT_A_TIME])
            for each in stored_alike(place, n_inputs, prefixes=(f"n{i}", f"m{i}"))
        ]
        cases = [case for *_, case in part]
        with tempfile.TemporaryDirectory() as folder:
            differ = differing(cases, traces(cases, built(cases, Path(folder), *SANITIZERS)))
            named = named_by_cppcheck(Path(folder))
        found = f"cppcheck, of this or one beside it: {named[0]}" if named else ""
        for place, stored, case in part:
            yield Outcome(_HOST, place, stored, case.name, "the trace" if case.name in differ else found)


def on_board(board: Board, places: Sequence[int], n_inputs: int) -> Iterator[Outcome]:
    """Yield what becomes of networks on a board."""
    for number, place in enumerate(places):
        stored, case = list(stored_alike(place, n_inputs))[-(number % 2)]
        model = case.model
        run = run_integer(model.network, case.x, trace=True)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for file, data in project_files(model, _IDENTITY, case.x, run).items():
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                (folder / file).write_bytes(data)
            ran = run_on(board, folder / "c", model, case.x)
        sizes = {
            "code and descriptors": ran.model_bytes,
            "stack": ran.stack_bytes,
            "linked": sum(ran.arrays.values()),
            "priced": model.weight_bytes + model.param_bytes,
        }
        yield Outcome(
            board.ident, place, stored, case.name, first_wrong(ran.trace, model.network, run), sizes
        )


def together_on_board(board: Board, places: Sequence[int], n_inputs: int) -> Iterator[Outcome]:
    """Yield what becomes of networks that share a firmware: where one differs, what is said of it is said of all."""
    for first in range(0, len(places), _AT_A_TIME):
        part = [
            (place, *list(stored_alike(place, -(-n_inputs // 10), prefixes=(f"n{i}", f"n{i}")))[-(i % 2)])
            for i, place in enumerate(places[first : first + _AT_A_TIME])
        ]
        cases = [case for *_, case in part]
        with tempfile.TemporaryDirectory() as name:
            write_batch(cases, Path(name), probing=False)
            try:
                run_batch(board, cases, Path(name))
                differs = ""
            except AssertionError as error:
                differs = str(error)
        for place, stored, case in part:
            yield Outcome(board.ident, place, stored, case.name, differs)


def _host_table(outcomes: Sequence[Outcome], n_inputs: int) -> None:
    n_networks = len({each.place for each in outcomes})
    print("## On this computer\n")
    print(f"{_version('gcc')}, {n_inputs} inputs a network, AddressSanitizer and UndefinedBehaviorSanitizer,")
    print(f"{' '.join(flag for flag in STRICT if flag.startswith(('-W', '-p')))};")
    print(f"{_version('cppcheck')} names nothing where no line below says so.")
    print(
        f"{len(GRANULARITIES)} granularities x {len(BITS)} weight bits x {len(RESETS)} resets a kind, in the format of"
    )
    print(
        "the granularity, and those that `smallest` (one reset) or `fastest` (the other) stores in another format."
    )
    if n_networks < len(every()):
        print(f"Run: {n_networks} of {len(every())} networks, chosen at random.")
    print(f"Equal in every prediction and membrane:\n\n| kind | {' | '.join(_STORED)} |\n|---|---|---|---|")
    for kind in KINDS:
        cells = []
        for stored in _STORED:
            of = [not o.differs for o in outcomes if o.stored == stored and every()[o.place][0] == kind]
            cells.append(f"{sum(of)} of {len(of)}")
        print(f"| {kind} | {' | '.join(cells)} |")
    print()


def _version(tool: str) -> str:
    if shutil.which(tool) is None:
        return f"{tool} is missing"
    return subprocess.run(
        [tool, "--version"], capture_output=True, text=True, check=True
    ).stdout.splitlines()[0]


def _board_table(board: Board, outcomes: Sequence[Outcome], n_inputs: int) -> None:
    print(f"## {board.name}\n\n{board.flash.n_bytes:,} bytes of flash, {board.ram.n_bytes:,} of RAM.")
    how = [f"{sum(each.stored == stored for each in outcomes)} by {stored}" for stored in _STORED]
    alone = [each for each in outcomes if each.sizes]
    if len(alone) < len(outcomes):
        print(
            f"{len(outcomes) - len(alone)} networks with {-(-n_inputs // 10)} inputs each, many in one firmware."
        )
    if alone:
        print(f"{len(alone)} networks with {n_inputs} inputs each, a firmware each.")
    print(f"Stored: {', '.join(how)}.\n\n| what | networks or bytes |\n|---|---|")
    equal = sum(not each.differs for each in outcomes)
    print(f"| equal in every prediction and membrane | {equal} of {len(outcomes)} |")
    if alone:
        exact = sum(each.sizes["linked"] == each.sizes["priced"] for each in alone)
        print(f"| constant arrays of the linked file as priced | {exact} of {len(alone)} |")
        for what in ("code and descriptors", "stack"):
            values = [each.sizes[what] for each in alone]
            print(
                f"| {what}: least, median, most | {min(values):,}, {int(np.median(values)):,}, {max(values):,} |"
            )
    print()


if __name__ == "__main__":
    main()
