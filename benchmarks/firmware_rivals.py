"""An exported network beside other ways to classify the same samples, on emulated cores: instructions and bytes.

    python -m benchmarks.firmware_rivals RUN --cmsis-nn DIR [--boards mps2-an386 microbit]
        > benchmarks/results/firmware_rivals.md

RUN is `hwsearch run studies/digits_mcu.yaml`, finished: its pick is exported as a C library. Beside it: the same
network as a dense loop (all weights, a byte each, whatever arrives); an int8 network of ReLUs on the kernels that
TFLite-Micro has for Arm's cores (DIR is a checkout of https://github.com/ARM-software/CMSIS-NN); and the same network
as emlearn generates it, in floats, where emlearn is installed (`pip install emlearn==0.23.2`). Networks of one and two
hidden layers are trained on the training split (`benchmarks.rivals.train`), smaller ones first, eight seeds of each.
The first whose integers are, in the mean over seeds, within half a point of what the study recorded of its pick (a
mean over trainings too) on validation is tried on the test split, its best seed on validation; and larger ones until
one is within half a point of the pick on test. All are built with -O2 and classify the whole test split under one
harness. Progress goes to standard error.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.rivals import sources
from benchmarks.rivals.int8 import quantised
from benchmarks.rivals.task import Task
from benchmarks.rivals.train import Trained, trained
from hwsearch.api import load_run
from hwsearch.errors import InputError
from hwsearch.export.boards.boards import BOARDS, Board
from hwsearch.export.boards.emulate import BoardRun, emulated, missing_tools
from hwsearch.export.bundle import write_export
from hwsearch.export.c.model import CModel, c_model
from hwsearch.export.library import FOLDER
from hwsearch.network.integer import run_integer
from hwsearch.results.export_model import model_of
from hwsearch.results.recover import recover
from hwsearch.rival.integers import Int8Layer, scores

_HIDDEN = ((8,), (10,), (12,), (12, 12), (16,), (16, 16), (24,), (24, 16), (32,), (64,), (64, 32), (128,))
_SEEDS = 8
_TOLERANCE = 0.005
_LIBM = ("-lm", "-lc", "-lnosys")


@dataclass(frozen=True)
class Row:
    """What a classifier took on a board.

    Attributes:
        name: What it is.
        accuracy: On the test split.
        instructions: Of an inference, the mean.
        flash, constants, ram: Bytes: code and constants; constants alone; data and stack. Less what the empty
            firmware has, but for the stack.
    """

    name: str
    accuracy: float
    instructions: float
    flash: int
    constants: int
    ram: int


@dataclass(frozen=True, eq=False)
class Rival:
    """A network: its hidden neurons in words, floats and integers; what seeds get right on validation, the mean."""

    hidden: str
    net: Trained
    layers: list[Int8Layer]
    accuracy_val: float


@dataclass(frozen=True, eq=False)
class Exported:
    """The pick: as C, in its folder, with its predictions of the test split, and its accuracy on two splits."""

    library: CModel
    folder: Path
    predictions: np.ndarray
    accuracy_val: float
    accuracy_test: float


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("run", type=Path)
    options.add_argument("--cmsis-nn", type=Path)
    options.add_argument("--boards", nargs="*", default=["mps2-an386", "microbit"])
    given = options.parse_args()
    result = load_run(given.run)
    pick = result.pick()
    recovered = recover(result.folder, int(pick["trial"]))
    model, data = model_of(recovered), recovered.plan.data
    flat = [x.reshape(len(x), -1) for x in (data.x_train, data.x_val, data.x_test)]
    task = Task(flat[0], data.y_train, flat[1], data.y_val, flat[2], data.y_test)
    library = c_model(model.network, model.formats, model.pointer_bits)
    truth = run_integer(model.network, data.x_test).predictions
    accuracy = float((truth == task.y_test).mean())
    print("# An exported network beside other ways to classify\n")
    print(
        "Rebuilt by `python -m benchmarks.firmware_rivals RUN --cmsis-nn DIR`; its text says how each is made.\n"
    )
    stored = ", ".join(model.formats)
    print(
        f"Study {recovered.plan.study.name}, trial {recovered.record.trial}, {len(truth):,} test samples, stored"
    )
    print(
        f"{stored}; accuracy {accuracy:.4f}, on validation {pick['accuracy_val']:.4f} in the mean of its trainings."
    )
    print("Instructions of an inference, from clearing the state to the class; instructions are not cycles.")
    print("Flash: code and constants, in brackets constants alone. RAM: data and the")
    print("deepest stack. The empty firmware's flash and data are subtracted.")
    networks = Networks(task)
    with tempfile.TemporaryDirectory() as name:
        exported = write_export(model, Path(name) / "model", ["config", "c"]) / FOLDER
        ours = Exported(library, exported, truth, float(pick["accuracy_val"]), accuracy)
        for ident in given.boards:
            board = BOARDS[ident]
            missing = missing_tools(board)
            print(f"\n## {board.name}\n")
            if missing:
                print(f"Not run: {', '.join(missing)} missing.")
                continue
            print(
                "| classifier | accuracy | instructions | flash (constants) | RAM with stack |\n|---|---|---|---|---|"
            )
            for row in rows(board, task, ours, networks, given.cmsis_nn):
                shown = f"{row.accuracy:.4f} | {row.instructions:,.0f} | {row.flash:,} ({row.constants:,})"
                print(f"| {row.name} | {shown} | {row.ram:,} |", flush=True)


class Networks:
    """Networks by their hidden layers, small ones first, trained when they are asked for: the best seed of each."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._chosen: dict[tuple[int, ...], Rival] = {}

    def __iter__(self) -> Iterator[Rival]:
        """Yield the networks, rising in their bytes."""
        for hidden in _HIDDEN:
            if hidden not in self._chosen:
                self._chosen[hidden] = self._best(hidden)
            yield self._chosen[hidden]

    def _best(self, hidden: tuple[int, ...]) -> Rival:
        task = self._task
        nets = trained(hidden, task, _SEEDS)
        integers = [quantised(net, task.x_train, task.most) for net in nets]
        right = np.array([(scores(each, task.x_val).argmax(1) == task.y_val).mean() for each in integers])
        print(
            f"hidden {hidden}: on validation {right.mean():.4f}, each {right.round(4)}",
            file=sys.stderr,
            flush=True,
        )
        best = int(right.argmax())
        return Rival(" and ".join(map(str, hidden)), nets[best], integers[best], float(right.mean()))


def rows(board: Board, task: Task, ours: Exported, networks: Networks, cmsis: Path | None) -> Iterator[Row]:
    """Yield what each classifier takes."""
    nothing = _ran(board, task, sources.empty())
    for name, loop in (
        ("exported, event-driven", None),
        ("the same network, a dense loop", sources.dense_loop(ours.library)),
    ):
        done = _ran(board, task, sources.exported(ours.folder, loop))
        row = _row(name, done, nothing, task)
        if not np.array_equal(_predicted(done), ours.predictions):
            raise AssertionError(f"{name} on {board.name} does not predict what the integer model does")
        weights = sum(c.weight.size for c in ours.library.network.connections)
        yield row if loop is None else replace_constants(row, weights)
    ways: dict[str, Callable[[Rival], Row]] = {}
    if cmsis is not None:
        ways["int8"] = lambda rival: _int8(board, task, rival, nothing, cmsis)
    if importlib.util.find_spec("emlearn") is None:
        print("| emlearn: not installed | | | | |")
    else:
        ways["floats"] = lambda rival: _floats(board, task, rival, nothing)
    for name, built in ways.items():
        try:
            yield from _as_accurate(built, networks, ours)
        except InputError as error:
            print(f"| {name}: {error} | | | | |")


def _as_accurate(built: Callable[[Rival], Row], networks: Networks, ours: Exported) -> Iterator[Row]:
    """Yield the rows of the first network that is as accurate on validation, and on until one is so on test too."""
    for rival in networks:
        if rival.accuracy_val >= ours.accuracy_val - _TOLERANCE:
            row = built(rival)
            yield row
            if row.accuracy >= ours.accuracy_test - _TOLERANCE:
                return


def replace_constants(row: Row, n_bytes: int) -> Row:
    """Return a row whose constants lie in its code's section."""
    return Row(row.name, row.accuracy, row.instructions, row.flash, row.constants + n_bytes, row.ram)


def _ran(
    board: Board,
    task: Task,
    files: dict[str, str],
    libraries: tuple[str, ...] = (),
    folder: Path | None = None,
) -> BoardRun:
    with tempfile.TemporaryDirectory() as name:
        place = sources.write(folder or Path(name), files, task.x_test.shape[1])
        samples = task.x_test.astype(np.uint8).tobytes()
        return emulated(board, place, samples, (len(task.x_test), 1), libraries=libraries)


def _predicted(done: BoardRun) -> np.ndarray:
    return np.frombuffer(done.trace, "<i4")


def _row(name: str, done: BoardRun, nothing: BoardRun, task: Task) -> Row:
    return Row(
        name,
        float((_predicted(done) == task.y_test).mean()),
        float(done.instructions.mean()),
        done.flash_bytes - nothing.flash_bytes,
        done.const_bytes,
        done.ram_bytes - nothing.ram_bytes + done.stack_bytes,
    )


def _int8(board: Board, task: Task, rival: Rival, nothing: BoardRun, cmsis: Path) -> Row:
    """Return what an int8 network takes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        done = _ran(board, task, sources.int8_network(cmsis, folder, rival.layers), folder=folder)
    if not np.array_equal(_predicted(done), scores(rival.layers, task.x_test).argmax(1)):
        raise AssertionError(
            f"int8 network of {rival.hidden} on {board.name} does not predict what its integers do"
        )
    return _row(f"int8 network of {rival.hidden} hidden neurons, CMSIS-NN", done, nothing, task)


def _floats(board: Board, task: Task, rival: Rival, nothing: BoardRun) -> Row:
    """Return what emlearn's code takes."""
    import emlearn
    from emlearn.net import c_generate_net_loadable

    activations = [*["relu"] * (len(rival.layers) - 1), "softmax"]
    weights = [weight.T for weight in rival.net.weights]
    generated = c_generate_net_loadable(activations, weights, rival.net.biases, "rival")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = sources.emlearn_network(Path(emlearn.includedir), folder, generated, task.x_test.shape[1])
        done = _ran(board, task, files, _LIBM, folder)
    version = importlib.metadata.version("emlearn")
    return _row(f"float network of {rival.hidden} hidden neurons, emlearn {version}", done, nothing, task)


if __name__ == "__main__":
    main()
