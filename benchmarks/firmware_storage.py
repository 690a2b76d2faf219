"""Fastest against smallest format of single connections on an emulated core: what is chosen, and what that is worth.

    python -m benchmarks.firmware_storage [--board mps2-an386] [--networks 24] > benchmarks/results/firmware_storage.md

Matrices and filters are drawn: sparsity, bits of a weight, how many inputs spike. Each is built in every format that
an nRF52840 reads and that holds it, and run; membranes must be the integer model's. `storage: fastest` takes the format
for which the fewest instructions are counted (`hwsearch.hardware.families.storing`): how often that is the one with
the fewest, and how many more it takes where it is not, is the error of that count. Progress goes to standard error.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from builders.c_networks import case
from builders.devices import profile
from builders.integer_networks import dense, filters, graph, population

from benchmarks.firmware_batch import run_batch, write_batch
from hwsearch.export.boards.boards import BOARDS, Board
from hwsearch.hardware.families.storing import fastest_format
from hwsearch.hardware.storage import smallest, stored_bytes
from hwsearch.measure.workload import count_workload
from hwsearch.network.integer import run_integer
from hwsearch.network.integers import IntegerNetwork

_TIMESTEPS, _SAMPLES = 8, 2
_SPARSITY, _BITS, _RATES = (0.3, 0.6, 0.8, 0.9, 0.95), (2, 3, 4, 8), (0.02, 0.1, 0.3)
_SIZES = ((64, 32), (100, 64), (256, 128))
_MAPS = ((4, 8, 8, 3), (8, 16, 6, 3), (16, 16, 4, 1))
_DEVICE = profile("nrf52840")


@dataclass(frozen=True)
class Row:
    """A connection in every format.

    Attributes:
        name: What it is.
        instructions, sizes: Of each format.
        small, fast: The smallest format, and the one that is counted as the fastest.
    """

    name: str
    instructions: dict[str, float]
    sizes: dict[str, int]
    small: str
    fast: str

    @property
    def best(self) -> str:
        """The format that takes the fewest instructions; of equal ones the chosen."""
        return min(self.instructions, key=lambda name: (self.instructions[name], name != self.fast))


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--board", default="mps2-an386", choices=list(BOARDS))
    options.add_argument("--networks", type=int, default=24)
    given = options.parse_args()
    board = BOARDS[given.board]
    rows = []
    for number in range(given.networks):
        rows.append(row_of(board, number))
        print(f"{number + 1}/{given.networks} {rows[-1].name}", file=sys.stderr)
    _print(board, rows)


def row_of(board: Board, number: int) -> Row:
    """Return a drawn connection, measured in every format that holds it; every third has filters."""
    name, network, x = drawn(number)
    run = run_integer(network, x)
    workload = count_workload(network, run.input_maps, run.spikes, arrivals=run.arrivals)
    work = workload.connections[0]
    sizes = {
        each: size
        for each in _DEVICE.formats
        if (size := stored_bytes(each, work.census, work.weight_bits, _DEVICE.pointer_bits)) is not None
    }
    taken = measured(board, name, network, x, list(sizes))
    small, _ = smallest(_DEVICE.formats, work.census, work.weight_bits, _DEVICE.pointer_bits)
    return Row(name, taken, sizes, small, fastest_format(work, workload, _DEVICE))


def drawn(number: int) -> tuple[str, IntegerNetwork, np.ndarray]:
    """Return a connection behind spikes, with a readout that is alike in all, and samples."""
    rng = np.random.default_rng(number)
    sparsity, bits, rate = (float(rng.choice(_SPARSITY)), int(rng.choice(_BITS)), float(rng.choice(_RATES)))
    most = max(1, 2 ** (bits - 1) - 1)
    if number % 3 == 2:
        channels, n_out, side, kernel = _MAPS[rng.integers(len(_MAPS))]
        shape, size = (n_out, channels, kernel, kernel), (side, side)
    else:
        channels, n_out = _SIZES[rng.integers(len(_SIZES))]
        shape, size = (n_out, channels), (1, 1)
    weight = rng.integers(1, most + 1, shape) * rng.choice([-1, 1], shape) * (rng.random(shape) >= sparsity)
    neurons = n_out * size[0] * size[1]
    maps = len(shape) == 4
    first = filters("c", -1, 0, weight, size) if maps else dense("c", -1, 0, weight)
    net = graph(
        [population("c", [0] * n_out, [2 * most] * n_out, leak_shift=2, size=size if maps else None),
         population("readout", [0, 0])],
        [first, dense("readout", 0, 1, np.zeros((2, neurons)), fan_columns=size[0] * size[1], readout=True)],
        timesteps=_TIMESTEPS, shape=(channels, *size) if maps else (1, 1, channels), input_max=1, frames=_TIMESTEPS,
        state_bits=16,
    )  # fmt: skip
    x = (rng.random((_SAMPLES, _TIMESTEPS, *net.input.shape)) < rate).astype(np.uint8)
    what = "x".join(map(str, shape)) + (f" over {side}x{side}" if maps else "")
    name = f"{what}, {sparsity:.0%} zeros, {bits} bits, {rate:.0%} spike"
    return name, replace(net, weight_bits=(bits, bits)), x


def measured(
    board: Board, name: str, network: IntegerNetwork, x: np.ndarray, formats: Sequence[str]
) -> dict[str, float]:
    """Return the instructions of an inference in each format: all of them in one firmware, one after the other."""
    cases = [
        case(f"{name}, {form}", network, x, [form, "bitmap"], prefix=f"n{i}")
        for i, form in enumerate(formats)
    ]
    with tempfile.TemporaryDirectory() as folder:
        write_batch(cases, Path(folder), probing=False)
        found = run_batch(board, cases, Path(folder))
    return {form: whole for form, (whole, _) in zip(formats, found, strict=True)}


def _print(board: Board, rows: list[Row]) -> None:
    found = [row.instructions[row.fast] / row.instructions[row.best] for row in rows]
    print("# Fastest against smallest format\n")
    print("Rebuilt by `python -m benchmarks.firmware_storage`. Instructions are not cycles.\n")
    right, more = sum(ratio == 1 for ratio in found), [ratio - 1 for ratio in found]
    print(
        f"{board.name}, {len(rows)} drawn connections, the same readout behind each; instructions of an inference."
    )
    print(f"The format that is counted as the fastest is the fastest in {right} of {len(rows)}; it takes")
    print(f"{np.mean(more):.2%} more than the fastest on average, {max(more):.2%} at most.\n")
    print(
        "| connection | smallest | bytes | instructions | chosen as fastest | bytes | instructions | truly fastest |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        cells = []
        for name in (row.small, row.fast):
            cells += [name, f"{row.sizes[name]:,}", f"{row.instructions[name]:,.0f}"]
        shown = "the same" if row.best == row.fast else f"{row.best}, {row.instructions[row.best]:,.0f}"
        print(f"| {row.name} | {' | '.join(cells)} | {shown} |")


if __name__ == "__main__":
    main()
