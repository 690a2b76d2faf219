"""The pick of a finished run on emulated boards: the whole test split, against the accuracy that was recorded.

    python -m benchmarks.firmware_study RUN [--boards microbit ...] > benchmarks/results/firmware_study.md

The pick is exported as a C library, verified, built for each board, and classifies every sample of the test split; each
prediction and each membrane must be the integer model's. Boards that it does not fit are named with need and limit.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from hwsearch.api import load_run
from hwsearch.data.frames import timestep_labels
from hwsearch.errors import InputError
from hwsearch.export.boards.boards import BOARDS
from hwsearch.export.boards.emulate import missing_tools, run_on
from hwsearch.export.bundle import verify, write_export
from hwsearch.export.c.check import first_wrong
from hwsearch.export.c.model import c_model
from hwsearch.export.library import FOLDER
from hwsearch.network.integer import run_integer
from hwsearch.results.export_model import model_of
from hwsearch.results.recover import recover


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("run", type=Path)
    options.add_argument("--boards", nargs="*", default=list(BOARDS))
    given = options.parse_args()
    result = load_run(given.run)
    recovered = recover(result.folder, int(result.pick()["trial"]))
    model, data = model_of(recovered), recovered.plan.data
    run = run_integer(recovered.network, data.x_test, trace=True)
    library = c_model(model.network, model.formats, model.pointer_bits)
    y = timestep_labels(data.y_test, model.network.timesteps)
    print("# A study's pick on emulated boards\n")
    print("Rebuilt by `python -m benchmarks.firmware_study RUN`.\n")
    print(f"Study {recovered.plan.study.name}, trial {recovered.record.trial}, {', '.join(model.formats)}:")
    print(f"{library.weight_bytes:,} bytes of weights. {len(y):,} test samples; accuracy of the record")
    print(f"{recovered.accuracy_test:.4f}. Instructions are not cycles.\n")
    print(
        "| board | accuracy | equal to the integer model | flash (code) | RAM with stack | instructions an inference |"
    )
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = write_export(model, Path(name) / "model", ["config", "c"])
        assert all(check.passed for check in verify(folder))
        for ident in given.boards:
            board = BOARDS[ident]
            if missing_tools(board):
                print(f"| {ident} | not run: {', '.join(missing_tools(board))} missing | | | | |")
                continue
            try:
                ran = run_on(board, folder / FOLDER, library, data.x_test)
            except InputError as error:
                print(f"| {ident} | {error} | | | | |")
                continue
            shown = np.frombuffer(ran.trace, "<i4").reshape(len(y), model.network.timesteps, -1)[:, :, -1]
            predicted = shown if y.ndim == 2 else shown[:, -1]
            equal = first_wrong(ran.trace, model.network, run) or "every prediction and membrane"
            print(
                f"| {ident} | {(predicted == y).mean():.4f} | {equal} | {ran.flash_bytes:,} ({ran.model_bytes:,}) | "
                f"{ran.ram_bytes + ran.stack_bytes:,} | {ran.instructions.sum(1).mean():,.0f} |", flush=True,
            )  # fmt: skip


if __name__ == "__main__":
    main()
