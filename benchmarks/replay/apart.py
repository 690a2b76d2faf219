"""How far a recipe lies off what others like it foretell, beyond its trainings' luck: is anything its own?

    python -m benchmarks.replay.apart --work DIR --tasks digits mnist

Of the tabular benchmark's mixes those that were trained with three seeds, each foretold by a model of the others'
(`response`, five folds): the standard deviation of y = -log(1.01 - accuracy) after 16 epochs of one training, that of
the mean of three against what is foretold, and what is left of it without the luck of three trainings, which is what
is a recipe's own together with the model's faults. By how good they are: y against that of the best twentieth.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sklearn.model_selection import GroupKFold

from benchmarks.replay.response import RUNGS, Trainings, fit, trainings, y_of
from benchmarks.replay.world import read_table
from benchmarks.tabular.build import SEEDS, TASKS, lab_of

BANDS = ((-0.5, np.inf), (-1.0, -0.5), (-2.0, -1.0))
_FOLDS, _FINAL, _BEST = 5, len(RUNGS) - 1, 0.95


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=["digits", "mnist"])
    args = parser.parse_args()
    print("| task | y against the best | mixes | one training | three, off what is foretold | left |")
    print("|---|---|---|---|---|---|")
    for task in args.tasks:
        known = trainings(lab_of(task, 0, args.work / "dense"), read_table(task))
        for row in rows(known, foretold(known)):
            print(f"| {task} | {row} |", flush=True)


def foretold(known: Trainings) -> np.ndarray:
    """Return the y [R] of each training that a model of other candidates' trainings foretells."""
    found = np.full(len(known.outputs), np.nan)
    for rest, fold in GroupKFold(_FOLDS).split(known.inputs, groups=known.cell):
        accuracy, _ = fit(known.inputs[rest], known.outputs[rest]).predict(known.inputs[fold])
        found[fold] = y_of(accuracy[:, _FINAL])
    return found


def rows(known: Trainings, guess: np.ndarray) -> Iterator[str]:
    """Yield the cells of each band."""
    y = known.outputs[:, _FINAL]
    _, cell, n = np.unique(known.cell, return_inverse=True, return_counts=True)
    mean, expected = (np.bincount(cell, own) / n for own in (y, guess))
    squares = np.bincount(cell, (y - mean[cell]) ** 2)
    best = np.quantile(mean, _BEST)
    for low, high in BANDS:
        here = (n == len(SEEDS)) & (expected > best + low) & (expected <= best + high)
        luck = squares[here].sum() / here.sum() / (len(SEEDS) - 1)
        off = (mean - expected)[here].var()
        left = np.sqrt(max(0.0, off - luck / len(SEEDS)))
        where = f"from {low:g} up" if np.isinf(high) else f"{low:g} to {high:g}"
        yield f"{where} | {here.sum()} | {np.sqrt(luck):.3f} | {np.sqrt(off):.3f} | {left:.3f}"


if __name__ == "__main__":
    main()
