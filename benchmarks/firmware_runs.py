"""Drawn networks on emulated boards: what each took, kept as lines of JSON, so that a fit can be made anew at once."""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from builders.c_networks import Case
from builders.firmware_matrix import drawn, every
from builders.firmware_varied import aligned, paired, pooled, spiking, varied

from hwsearch.errors import InputError
from hwsearch.export.boards.boards import BOARDS, Board
from hwsearch.export.boards.emulate import BoardRun, run_on
from hwsearch.export.c.check import first_wrong
from hwsearch.export.c.project import project_files
from hwsearch.network.integer import Run, run_integer

_IDENTITY = {"study_digest": "0" * 16, "trial": 0, "network_digest": "0" * 16}
N_INPUTS = 4
_VARIED = {"varied": varied, "pooled": pooled, "paired": paired, "aligned": aligned, "spiking": spiking}


@dataclass(frozen=True)
class Observation:
    """A network on a board.

    Attributes:
        board, network: Which.
        instructions: Of an inference, mean over its inputs.
        flash_bytes, ram_bytes, stack_bytes, model_bytes, const_bytes, state_bytes: As `BoardRun`.
        functions, frames: As `BoardRun`.
    """

    board: str
    network: str
    instructions: float
    flash_bytes: int
    ram_bytes: int
    stack_bytes: int
    model_bytes: int
    const_bytes: int
    state_bytes: int
    functions: dict[str, int]
    frames: dict[str, int]


def case_of(network: str, prefix: str = "snn") -> Case:
    """Return a network by its name, of `_VARIED` or of the matrix: ``pooled 1``, ``matrix 203``."""
    kind, _, number = network.partition(" ")
    if kind in _VARIED:
        return _VARIED[kind](int(number), prefix=prefix, n_inputs=N_INPUTS)
    return drawn(*every()[int(number)], prefix=prefix, n_inputs=N_INPUTS)


def ran(board: Board, each: Case, loop: str | None = None) -> BoardRun:
    """Run a network on a board, its step replaced by a loop if one is given; it must equal the integer model."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run = write_library(each, folder)
        if loop is not None:
            source = folder / "c/src/snn.c"
            source.write_text(source.read_text().replace("void snn_step(", "void snn_unused(") + loop)
        return _run(board, each, folder, run)


def write_library(each: Case, folder: Path) -> Run:
    """Write a network's library into a folder; return what the integer model does."""
    run = run_integer(each.model.network, each.x, trace=True)
    for file, data in project_files(each.model, _IDENTITY, each.x, run).items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(data)
    return run


def _run(board: Board, each: Case, folder: Path, run: Run) -> BoardRun:
    done = run_on(board, folder / "c", each.model, each.x)
    wrong = first_wrong(done.trace, each.model.network, run)
    if wrong:
        raise AssertionError(f"{each.name} on {board.name}: {wrong}")
    return done


def observe(networks: list[str], boards: list[str], path: Path | None) -> list[Observation]:
    """Return what networks take on boards; what a file holds already is not run again, and what is run is added to it.

    A network that does not fit a board is left out there.
    """
    known = {(each.board, each.network): each for each in _read(path)}
    for network in networks:
        todo = [ident for ident in boards if (ident, network) not in known]
        if not todo:
            continue
        each = case_of(network)
        with tempfile.TemporaryDirectory() as name:
            run = write_library(each, Path(name))
            for ident in todo:
                try:
                    made = _observation(ident, network, _run(BOARDS[ident], each, Path(name), run))
                except InputError as error:
                    print(f"{ident} {network} left out: {error}", file=sys.stderr)
                    continue
                known[ident, network] = made
                _append(path, made)
        print(network, each.name, file=sys.stderr, flush=True)
    wanted = set(networks)
    return [each for each in known.values() if each.network in wanted and each.board in boards]


def _append(path: Path | None, made: Observation) -> None:
    if path is not None:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(made)) + "\n")


def _observation(ident: str, network: str, done: BoardRun) -> Observation:
    return Observation(
        board=ident,
        network=network,
        instructions=float(done.instructions.sum(1).mean()),
        flash_bytes=done.flash_bytes,
        ram_bytes=done.ram_bytes,
        stack_bytes=done.stack_bytes,
        model_bytes=done.model_bytes,
        const_bytes=done.const_bytes,
        state_bytes=done.state_bytes,
        functions=done.functions,
        frames=done.frames,
    )


def _read(path: Path | None) -> list[Observation]:
    if path is None or not path.exists():
        return []
    return [Observation(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
