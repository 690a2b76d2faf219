"""An exported network beside other ways to classify the same samples, on emulated cores: instructions and bytes.

    python -m benchmarks.firmware_rivals RUN --cmsis-nn DIR [--boards mps2-an386 microbit]
        > benchmarks/results/firmware_rivals.md

RUN is `hwsearch run studies/digits_mcu.yaml`, finished: its pick is exported as a C library. Beside it: the same
network as a dense loop (all weights, a byte each, whatever arrives); an int8 network of one hidden layer on the
kernels that TFLite-Micro has for Arm's cores (DIR is a checkout of https://github.com/ARM-software/CMSIS-NN); and such
a network as emlearn generates it, in floats, where emlearn is installed (`pip install emlearn==0.23.2`). Hidden layers
are widened until the network is within half a point of the pick on the test split; of several seeds the best on
validation is taken. All are built with -O2 and classify the whole test split under one harness. Progress goes to
standard error.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import math
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from benchmarks.rivals import sources
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

_WIDTHS = (24, 64, 128)
_SEEDS = range(3)
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
class Task:
    """Samples, [N, 64] integers of 0 .. 16, and labels."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_val: np.ndarray
    y_val: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("run", type=Path)
    options.add_argument("--cmsis-nn", type=Path)
    options.add_argument("--boards", nargs="*", default=["mps2-an386", "microbit"])
    given = options.parse_args()
    result = load_run(given.run)
    recovered = recover(result.folder, int(result.pick()["trial"]))
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
        f"{stored}; accuracy {accuracy:.4f}. Instructions of an inference, from clearing the state to the class;"
    )
    print(
        "instructions are not cycles. Flash: code and constants, in brackets constants alone. RAM: data and the"
    )
    print("deepest stack. The empty firmware's flash and data are subtracted.")
    trained = Networks(task)
    with tempfile.TemporaryDirectory() as name:
        exported = write_export(model, Path(name) / "model", ["config", "c"]) / FOLDER
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
            for row in rows(board, task, (library, exported, truth), trained, given.cmsis_nn):
                shown = f"{row.accuracy:.4f} | {row.instructions:,.0f} | {row.flash:,} ({row.constants:,})"
                print(f"| {row.name} | {shown} | {row.ram:,} |", flush=True)


class Networks:
    """Networks by their width, trained when they are asked for: of several seeds the best on the validation split."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._trained: dict[int, MLPClassifier] = {}

    def __iter__(self) -> Iterator[tuple[int, MLPClassifier]]:
        """Yield widths, rising, and their networks."""
        for width in _WIDTHS:
            if width not in self._trained:
                tried = [self._fitted(width, seed) for seed in _SEEDS]
                self._trained[width] = max(tried, key=self._right)
                print(
                    f"width {width}: {self._right(self._trained[width]):.4f} on validation", file=sys.stderr
                )
            yield width, self._trained[width]

    def _fitted(self, width: int, seed: int) -> MLPClassifier:
        net = MLPClassifier((width,), solver="lbfgs", alpha=0.3, max_iter=200, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return net.fit(self._task.x_train / 16.0, self._task.y_train)

    def _right(self, net: MLPClassifier) -> float:
        return float(net.score(self._task.x_val / 16.0, self._task.y_val))


def rows(
    board: Board,
    task: Task,
    ours: tuple[CModel, Path, np.ndarray],
    trained: Networks,
    cmsis: Path | None,
) -> Iterator[Row]:
    """Yield what each classifier takes."""
    library, folder, truth = ours
    nothing = _ran(board, task, sources.empty())
    least = float((truth == task.y_test).mean()) - _TOLERANCE
    for name, loop in (
        ("exported, event-driven", None),
        ("the same network, a dense loop", sources.dense_loop(library)),
    ):
        done = _ran(board, task, sources.exported(folder, loop))
        row = _row(name, done, nothing, task)
        if not np.array_equal(_predicted(done), truth):
            raise AssertionError(f"{name} on {board.name} does not predict what the integer model does")
        yield (
            row
            if loop is None
            else replace_constants(row, sum(c.weight.size for c in library.network.connections))
        )
    ways = {"int8": lambda width, net: _int8(board, task, width, net, nothing, cmsis)} if cmsis else {}
    if importlib.util.find_spec("emlearn") is None:
        print("| emlearn: not installed | | | | |")
    else:
        ways["floats"] = lambda width, net: _floats(board, task, width, net, nothing)
    for name, built in ways.items():
        try:
            yield from _as_accurate(built, trained, task, least)
        except InputError as error:
            print(f"| {name}: {error} | | | | |")


def _as_accurate(
    built: Callable[[int, MLPClassifier], Row], trained: Networks, task: Task, least: float
) -> Iterator[Row]:
    """Yield the rows of the narrowest network, and of the narrowest that is accurate enough, else of the widest."""
    for width, net in trained:
        first, last = width == _WIDTHS[0], width == _WIDTHS[-1]
        if first or last or net.score(task.x_test / 16.0, task.y_test) >= least:
            row = built(width, net)
            yield row
            if row.accuracy >= least:
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


def _int8(board: Board, task: Task, width: int, net: MLPClassifier, nothing: BoardRun, cmsis: Path) -> Row:
    """Return what an int8 network takes."""
    arrays, scales = quantised(net, task.x_train)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = sources.int8_network(cmsis, folder, arrays, scales)
        done = _ran(board, task, files, folder=folder)
    return _row(f"int8 network of {width} hidden neurons, CMSIS-NN", done, nothing, task)


def quantised(net: MLPClassifier, x: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, int]]:
    """Return a network's integers as TensorFlow Lite has them: symmetric int8 weights, a scale a layer.

    An input of 0 .. 16 is its own int8; a hidden value of scale s is q = round(h / s) - 128. Ranges of values are
    those of the training samples.

    Source: Jacob et al. 2018, Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
    Inference, equations 1 to 6.
    """
    (first, second), (bias_1, bias_2) = net.coefs_, net.intercepts_
    hidden = np.maximum(x / 16.0 @ first + bias_1, 0.0)
    out = hidden @ second + bias_2
    s_1, s_2 = np.abs(first).max() / 127, np.abs(second).max() / 127
    s_hidden, s_out = hidden.max() / 255, np.abs(out).max() / 127
    arrays = {
        "weights_1": np.rint(first.T / s_1).astype(np.int8),
        "weights_2": np.rint(second.T / s_2).astype(np.int8),
        "bias_1": np.rint(bias_1 / (s_1 / 16)).astype(np.int32),
        "bias_2": np.rint(bias_2 / (s_2 * s_hidden)).astype(np.int32),
    }
    to_hidden, to_out = _multiplier(s_1 / 16 / s_hidden), _multiplier(s_2 * s_hidden / s_out)
    names = ("HIDDEN_MULTIPLIER", "HIDDEN_SHIFT", "OUT_MULTIPLIER", "OUT_SHIFT")
    return arrays, dict(zip(names, (*to_hidden, *to_out), strict=True))


def _multiplier(scale: float) -> tuple[int, int]:
    """Return (multiplier, shift) of a scale: multiplier * 2**(shift - 31)."""
    mantissa, exponent = math.frexp(scale)
    multiplier = round(mantissa * 2**31)
    return (multiplier // 2, exponent + 1) if multiplier == 2**31 else (multiplier, exponent)


def _floats(board: Board, task: Task, width: int, net: MLPClassifier, nothing: BoardRun) -> Row:
    """Return what emlearn's code takes."""
    import emlearn
    from emlearn.net import c_generate_net_loadable

    activations = [net.activation, net.out_activation_]
    generated = c_generate_net_loadable(activations, net.coefs_, net.intercepts_, "rival")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = sources.emlearn_network(Path(emlearn.includedir), folder, generated, task.x_test.shape[1])
        done = _ran(board, task, files, _LIBM, folder)
    version = importlib.metadata.version("emlearn")
    return _row(f"float network of {width} hidden neurons, emlearn {version}", done, nothing, task)


if __name__ == "__main__":
    main()
