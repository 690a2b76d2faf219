"""How much smaller a search makes the dense networks of `real_data`, and what that costs in accuracy.

    python -m benchmarks.smaller --work DIR [--sets NAME ...] [--workers 2] > benchmarks/results/smaller.md

Every study of `real_data.SETS` is run by the command line, its pick exported and verified. A test part of a few hundred
samples cannot tell whether the pick loses a point, so the picked recipe (sparsity, granularity, bits, timesteps) is
searched for alone, from a dense network of its own, on further splits: the folds of `real_data`, or, where the test
part is official, training and validation samples drawn anew. The losses of all splits are counted, pick against dense
network, each trained once with a fresh seed. Test parts of thousands need no further splits. Runs lie in DIR, and what
has ended there is not run again. Progress goes to standard error.

Maps, with their membranes and sums, do not shrink with the weights. Where they are too many, another study
(`Task.tenth`) has a network of fewer, and what its pick loses is counted from the figures of `real_data`: from the mean
on an official test part, else fold by fold, where nothing was held out to validate. Where DIR holds the rows of
`real_data --work DIR`, these are not trained again.
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

from benchmarks.real_data import N_FOLDS, SETS, Task, rows_of
from benchmarks.residual import hwsearch
from hwsearch.api import load_run, make_plan
from hwsearch.data.datasets import encoded, find_root, resplit
from hwsearch.data.folds import folds
from hwsearch.data.parts import split_around
from hwsearch.data.readers.read import read_samples
from hwsearch.data.samples import Dataset
from hwsearch.data.together import equal_samples
from hwsearch.measure.accuracy import CONFIDENCE, wilson
from hwsearch.measure.workload import count_workload
from hwsearch.network.fold import fold
from hwsearch.network.integer import run_integer
from hwsearch.plan.plan import Plan
from hwsearch.plan.pricing import price_on_device
from hwsearch.records.run_folder import RunFolder
from hwsearch.search.run import search
from hwsearch.search.stages.dense import dense_ticket
from hwsearch.study.model import Study, load_study

SEEDS = 5
MANY = 5000
"""Test samples that need no further splits."""
_OWN = "the search's own"


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
    for part in folds(asked, samples, equal, N_FOLDS):
        yield part.name, encoded(asked, samples, split_around(asked, samples, equal, part.test))


def pairs(task: Task, plan: Plan, row: pd.Series, work: Path, workers: int) -> list[Pair]:
    """Train the picked recipe and its dense network on every further split."""
    found = []
    only = make_plan(alone(plan.study, row), Path(task.tenth or task.study))
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


def figures(task: Task, work: Path) -> tuple[int, dict[str, float]]:
    """Return the bytes of the task's dense network, and its accuracies on test by split, as `real_data` has them."""
    plan, rows = rows_of(task, SEEDS, work)
    if task.parts == "official":
        return dense_bytes(plan), {_OWN: float(np.mean([row.right / row.n for row in rows]))}
    same_folds = [row for row in rows if row.parts == "folds" and row.seed == plan.study.data.split_seed]
    return dense_bytes(plan), {row.part: row.right / row.n for row in same_folds}


def dense_bytes(plan: Plan) -> int:
    """Return the price of a plan's dense network: of any weights, since a dense format stores zeros as well."""
    ticket = dense_ticket(plan, plan.study.seed)
    network = fold(
        plan.spec, ticket.params, ticket.masks, ticket.bits, plan.dense_timesteps, plan.reference_widths
    )
    run = run_integer(network, plan.data.x_val[:1])
    need = price_on_device(
        plan, count_workload(network, run.input_maps, run.spikes, arrivals=run.arrivals)
    ).fields["memory_bytes"]
    assert need is not None  # the pick's rule needs it too
    return int(need)


def print_task(task: Task, work: Path, workers: int) -> str:
    """Search, pick, export, verify, train again; print what came out, and return a line of the summary."""
    file = Path(task.tenth or task.study)
    study = load_study(file)
    run, model = work / study.name, work / f"{study.name}_model"
    hwsearch("run", str(file), "--out", str(run), "--workers", str(workers))
    hwsearch("export", str(run), "--to", str(model))
    verified = hwsearch("verify", str(model)).strip()
    plan, result = make_plan(study, file), load_run(run)
    row, dense = result.pick(), result.dense
    own = Pair(_OWN, row["accuracy_test"], dense["accuracy_test"], len(plan.data.y_test),
               int(row["memory_bytes"]))  # fmt: skip
    found, larger = [own, *pairs(task, plan, row, work, workers)], dense["memory_bytes"]
    if task.tenth is not None:
        larger, shares = figures(task, work)
        found = [replace(pair, dense=shares[pair.name]) for pair in found if pair.name in shares]
    print_pairs(plan, row, larger, found)
    print(f"\n```\n{verified}\n```")
    smaller = larger / max(own.bytes, *(pair.bytes for pair in found))
    lost = loss_words([pair for pair in found if pair.name != _OWN] or found)
    minutes = result.summary["cost"]["wall_s"] / 60
    return f"| {study.name} | {larger:,} | {own.bytes:,} | {smaller:.1f} | {lost} | {minutes:.1f} |"


def print_pairs(plan: Plan, row: pd.Series, larger: int, found: Sequence[Pair]) -> None:
    """Print what was picked and what it loses; larger: bytes of the dense network."""
    study = plan.study
    print(f"\n## {study.name}\n\n{study.description}; {plan.profile.id}. Pick: trial {int(row['trial'])} of "
          f"`{study.network.layers}`, sparsity {row['sparsity']:g}, granularity {row['granularity']}, "
          f"{int(row['weight_bits'])} bits, T {int(row['timesteps'])}, chosen on validation "
          f"within {study.pick.within:.1%}: {int(row['memory_bytes']):,} B where the dense network has {larger:,}."
          "\n")  # fmt: skip
    print("| split | dense, test | pick, test | samples | loses, points | pick, B |")
    print("|---|---|---|---|---|---|")
    for pair in found:
        print(
            f"| {pair.name} | {pair.dense:.2%} | {pair.pick:.2%} | {pair.n} | {pair.lost:+.2f} | {pair.bytes:,} |"
        )


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
