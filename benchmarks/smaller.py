"""How much smaller a search makes the dense networks of `real_data`, and what that costs in accuracy.

    python -m benchmarks.smaller --work DIR [--sets NAME ...] [--workers 2] > benchmarks/results/smaller.md

Every study of `real_data.SETS` is run by the command line, its pick exported and verified. A test part of a few hundred
samples cannot tell whether the pick loses a point, so the picked recipe (sparsity, granularity, bits, timesteps) is
searched for alone, from a dense network of its own, on further splits: the folds of `real_data`, or, where the test
part is official, training and validation samples drawn anew. The losses of all splits are counted, pick against dense
network, each trained once with a fresh seed. Test parts of thousands need no further splits. Runs lie in DIR, and what
has ended there is not run again. Progress goes to standard error.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy.stats import t as student

from benchmarks.real_data import N_FOLDS, SETS, Task
from benchmarks.residual import hwsearch
from hwsearch.api import load_run, make_plan
from hwsearch.data.datasets import encoded, find_root, resplit
from hwsearch.data.folds import folds
from hwsearch.data.parts import split_around
from hwsearch.data.readers.read import read_samples
from hwsearch.data.samples import Dataset
from hwsearch.data.together import equal_samples
from hwsearch.measure.accuracy import CONFIDENCE, wilson
from hwsearch.plan.plan import Plan
from hwsearch.records.run_folder import RunFolder
from hwsearch.search.run import search
from hwsearch.study.model import Study, load_study

SEEDS = 5
MANY = 5000
"""Test samples that need no further splits."""


@dataclass(frozen=True)
class Pair:
    """A pick and the dense network that it is smaller than, on one test part.

    Attributes:
        name: Of the split.
        pick, dense: Accuracies on test.
        n: Test samples.
        bytes: Of the pick.
    """

    name: str
    pick: float
    dense: float
    n: int
    bytes: int

    @property
    def lost(self) -> float:
        """Points that the pick loses."""
        return 100 * (self.dense - self.pick)


def alone(study: Study, row: pd.Series) -> Study:
    """Return the study with one recipe to try, trained in full."""
    space = study.space.model_copy(
        update={
            "sparsity": (float(row["sparsity"]),),
            "granularity": (str(row["granularity"]),),
            "weight_bits": (int(row["weight_bits"]),),
            "timesteps": (int(row["timesteps"]),),
        }
    )
    asked = study.search.model_copy(
        update={"candidates": 1, "batch": 1, "sampler": "random", "foresee": False}
    )
    final = study.final.model_copy(update={"seeds": 1})
    return study.model_copy(update={"space": space, "search": asked, "final": final})


def splits(task: Task, plan: Plan) -> Iterator[tuple[str, Dataset]]:
    """Return the data of every further split."""
    if len(plan.data.y_test) >= MANY:
        return
    asked = plan.study.data
    if task.parts == "official":
        yield from ((f"seed {seed}", resplit(plan.data, seed)) for seed in range(1, SEEDS))
        return
    samples = read_samples(asked, find_root(asked.root, None, os.environ))
    equal = equal_samples(samples.x)
    for fold in folds(asked, samples, equal, N_FOLDS):
        yield fold.name, encoded(asked, samples, split_around(asked, samples, equal, fold.test))


def pairs(task: Task, plan: Plan, row: pd.Series, work: Path, workers: int) -> list[Pair]:
    """Train the picked recipe and its dense network on every further split."""
    found = []
    only = make_plan(alone(plan.study, row), Path(task.study))
    for name, data in splits(task, plan):
        at = work / f"{plan.study.name}_{int(row['trial'])}_{name.replace(' ', '_')}"
        search(
            replace(only, data=data), RunFolder(at), storage=None, workers=workers, listen=lambda event: None
        )
        result = load_run(at)
        (member,) = [pick for _, pick in result.front.iterrows()]
        pair = Pair(name, member["accuracy_test"], result.dense["accuracy_test"], len(data.y_test),
                    int(member["memory_bytes"]))  # fmt: skip
        print(f"{plan.study.name}, {name}: loses {pair.lost:.2f} points", file=sys.stderr, flush=True)
        found.append(pair)
    return found


def print_task(task: Task, work: Path, workers: int) -> str:
    """Search, pick, export, verify, train again; print what came out, and return a line of the summary."""
    study = load_study(Path(task.study))
    run, model = work / study.name, work / f"{study.name}_model"
    hwsearch("run", task.study, "--out", str(run), "--workers", str(workers))
    hwsearch("export", str(run), "--to", str(model))
    verified = hwsearch("verify", str(model)).strip()
    plan, result = make_plan(study, Path(task.study)), load_run(run)
    row, dense = result.pick(), result.dense
    own = Pair("the search's own", row["accuracy_test"], dense["accuracy_test"], len(plan.data.y_test),
               int(row["memory_bytes"]))  # fmt: skip
    others = pairs(task, plan, row, work, workers)
    within = f"chosen on validation within {study.pick.within:.1%}"
    print(f"\n## {study.name}\n\n{study.description}; {plan.profile.id}. Pick: trial {int(row['trial'])}, sparsity "
          f"{row['sparsity']:g}, granularity {row['granularity']}, {int(row['weight_bits'])} bits, "
          f"T {int(row['timesteps'])}, {within}: {own.bytes:,} B where the dense network has "
          f"{dense['memory_bytes']:,}.\n\n| split | dense, test | pick, test | samples | loses, points |"
          " pick, B |\n|---|---|---|---|---|---|")  # fmt: skip
    for pair in (own, *others):
        print(
            f"| {pair.name} | {pair.dense:.2%} | {pair.pick:.2%} | {pair.n} | {pair.lost:+.2f} | {pair.bytes:,} |"
        )
    minutes = result.summary["cost"]["wall_s"] / 60
    print(f"\n```\n{verified}\n```")
    smaller = dense["memory_bytes"] / max(pair.bytes for pair in (own, *others))
    lost = loss_words(others or [own])
    return f"| {study.name} | {dense['memory_bytes']:,} | {own.bytes:,} | {smaller:.1f} | {lost} | {minutes:.1f} |"


def loss_words(found: Sequence[Pair]) -> str:
    """Say what is lost, in points, with an interval: over splits, or, of one, of two shares of its samples."""
    lost, n = np.array([pair.lost for pair in found]), np.array([pair.n for pair in found])
    if len(found) == 1:
        (pair,) = found
        reach = [high - low for low, high in (wilson(pair.pick, pair.n), wilson(pair.dense, pair.n))]
        return f"{pair.lost:+.2f} (each accuracy to {50 * max(reach):.2f}, Wilson)"
    reach = student.ppf(0.5 + CONFIDENCE / 2, len(lost) - 1) * lost.std(ddof=1) / math.sqrt(len(lost))
    mean = float((lost * n).sum() / n.sum())
    return f"{mean:+.2f} ({mean - reach:+.2f} to {mean + reach:+.2f} over {len(lost)} splits, t)"


def main() -> None:
    """Print the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--work", type=Path, required=True, help="folder of the runs so far")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    command = f"python -m benchmarks.smaller --work DIR --sets {' '.join(options.sets)}"
    print(f"# Ten times smaller within a point\n\nRebuilt by `{command}`; torch {torch.__version__}.")
    lines = [print_task(task, options.work, options.workers) for name in options.sets for task in SETS[name]]
    print("\n## All\n\n| study | dense, B | pick, B | times smaller, at least | loses on test, points |"
          " the search, min |\n|---|---|---|---|---|---|")  # fmt: skip
    print("\n".join(lines))


if __name__ == "__main__":
    main()
