"""How well the energy of unseen mixes after training is foretold by the model that worlds tell it by.

    python -m benchmarks.replay.energy_error --work DIR --tasks digits fsdd mnist

Five folds of the tabular benchmark's trainings at the longest T, no mix in two of them. Printed is a row a task and
group of mixes: the root mean square of the error in the logarithm of energy (0.1: 10 %) of the mean over each mix's
trainings, nine tenths of the errors, the largest one, and Spearman's rank correlation of energies foretold and
measured; beside them the error of the product's price before training, which no model corrects, and how far single
trainings of a mix lie apart (those with three seeds).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import spearmanr
from sklearn.model_selection import GroupKFold

from benchmarks.replay.energies import Spent, log_ratio, spent
from benchmarks.replay.response import GOOD, RUNGS, Trainings, fit, trainings
from benchmarks.replay.world import read_table
from benchmarks.tabular.build import SEEDS, TASKS, lab_of

_FOLDS = 5


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=["digits", "fsdd", "mnist"])
    args = parser.parse_args()
    print(
        "| task | mixes | | error | nine of ten | largest | rank correlation | price alone | one training |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for task in args.tasks:
        context, table = lab_of(task, 0, args.work / "dense"), read_table(task)
        known = trainings(context, table)
        frame = table[table["timesteps"] == context.plan.dense_timesteps].assign(
            told=held_out(known, spent(context, known, table)), cell=known.cell
        )
        for row in rows(frame[known.is_mix]):
            print(f"| {task} | {row} |", flush=True)


def held_out(known: Trainings, own: Spent) -> np.ndarray:
    """Return the logarithm [R] of energy after training over energy foretold, by a model of other candidates."""
    found = np.full(len(own.outputs), np.nan)
    for rest, fold in GroupKFold(_FOLDS).split(own.inputs, groups=known.cell):
        found[fold] = log_ratio(fit(own.inputs[rest], own.outputs[rest]), own.inputs[fold])
    return found


def rows(frame: pd.DataFrame) -> Iterator[str]:
    """Yield the cells of all mixes, and of those that are accurate.

    Args:
        frame: Trainings of mixes: columns of the table, ``cell`` and ``told`` (see `held_out`).
    """
    logs = pd.DataFrame(
        {
            "cell": frame["cell"],
            "accuracy": frame[RUNGS[-1]],
            "measured": np.log(frame["energy_j_measured"]),
            "price": np.log(frame["energy_j"]),
            "told": frame["told"],
        }
    )
    groups = logs.groupby("cell")
    means, n, spread = groups.mean(), groups.size(), groups["measured"].var()
    off = means["told"] + means["price"] - means["measured"]
    for name, here in (("all", means["accuracy"] > -1), (f"over {GOOD}", means["accuracy"] > GOOD)):
        error, price = off[here], (means["price"] - means["measured"])[here]
        rank = spearmanr((means["told"] + means["price"])[here], means["measured"][here])[0]
        luck = np.sqrt(spread[here & (n == len(SEEDS))].mean())
        ends = f"{np.quantile(error.abs(), 0.9):.3f} | {error.abs().max():.2f} | {rank:.4f}"
        yield f"{name} | {here.sum()} | {_size(error):.3f} | {ends} | {_size(price):.3f} | {luck:.3f}"


def _size(errors: pd.Series) -> float:
    return float(np.sqrt((errors**2).mean()))


if __name__ == "__main__":
    main()
