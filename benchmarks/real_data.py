"""Dense networks of 8-bit integers on real data.

    python -m benchmarks.real_data --set NAME [--seeds 5] [--work DIR] > benchmarks/results/NAME.md

NAME is one of ``SETS``. Every seed trains the dense network of the study as a run does, and its integer model, of the
device's widths, answers the test samples: the official ones, with training and validation samples drawn anew by the
seed, or, where a set has too few or none, all samples in turn, as the test part of one of five folds that the seed
draws (groups whole). Where a set has speakers, each is also left out once. With ``--work`` a training that has its row
there is not done again. Progress goes to standard error.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.stats import t as student

from hwsearch.api import make_plan
from hwsearch.data.datasets import encoded, find_root, resplit
from hwsearch.data.folds import folds, left_out_groups
from hwsearch.data.parts import Split
from hwsearch.data.readers.read import read_samples
from hwsearch.data.samples import Dataset, Samples
from hwsearch.data.together import equal_samples
from hwsearch.measure.accuracy import CONFIDENCE, wilson
from hwsearch.network.fold import fold
from hwsearch.network.integer import run_integer
from hwsearch.plan.plan import Plan
from hwsearch.plan.schedules import dense_schedule
from hwsearch.search.stages.dense import dense_ticket
from hwsearch.study.model import load_study
from hwsearch.train.loop import train_stack
from hwsearch.train.machine import tune_process

N_FOLDS = 5
BATCH = 500


@dataclass(frozen=True)
class Task:
    """What is asked of a data set.

    Attributes:
        study: Its file.
        parts: ``official``, or ``folds``.
        asked: Accuracy of the dense network's integer model.
        leave_out: Whether each group is left out once as well.
        tenth: Study of another network for the same task, which is to take a tenth of this one's bytes (`smaller`);
            None: this one is made smaller itself.
    """

    study: str
    parts: str
    asked: float
    leave_out: bool = False
    tenth: str | None = None


_FULL = "benchmarks/full_sets"
SETS = {
    "mnist": (Task(f"{_FULL}/mnist_conv.yaml", "official", 0.99, tenth=f"{_FULL}/mnist_tenth.yaml"),),
    "fashion": (Task(f"{_FULL}/fashion_conv.yaml", "official", 0.90, tenth=f"{_FULL}/fashion_tenth.yaml"),),
    "nmnist": (Task("studies/nmnist_events.yaml", "folds", 0.95, tenth=f"{_FULL}/nmnist_tenth.yaml"),),
    "fsdd": (Task("studies/fsdd_speech.yaml", "official", 0.95, leave_out=True),),
    "hydraulic": (
        Task("studies/hydraulic_opta_cooler.yaml", "folds", 0.99),
        Task("studies/hydraulic_opta_pump.yaml", "folds", 0.99),
        Task("studies/hydraulic_opta.yaml", "folds", 0.76),
    ),
}


@dataclass(frozen=True)
class Row:
    """What one training gave.

    Attributes:
        study: The study's name.
        parts: ``official``, ``folds``, or ``left out``.
        seed: Of weights, order and split.
        part: The fold, or the group that was left out; empty: the official part.
        right: Test samples that the integer model gets right.
        n: Test samples.
        n_train: Training samples.
        cpu_s: Processor time of the training.
    """

    study: str
    parts: str
    seed: int
    part: str
    right: int
    n: int
    n_train: int
    cpu_s: float

    @property
    def key(self) -> tuple[str, str, int, str]:
        """Which training it is of."""
        return self.study, self.parts, self.seed, self.part


def splits(task: Task, plan: Plan, samples: Samples, seeds: int) -> Iterator[tuple[str, int, str, Dataset]]:
    """Return every split of a task: parts, seed, part, data."""
    asked, equal = plan.study.data, equal_samples(samples.x)
    for seed in range(seeds):
        if task.parts == "official":
            yield "official", seed, "", resplit(plan.data, seed)
        else:
            drawn = asked.model_copy(update={"split_seed": seed})
            for fold_ in folds(drawn, samples, equal, N_FOLDS):
                yield "folds", seed, fold_.name, _without(plan, samples, fold_.test)
    if task.leave_out:
        for group in left_out_groups(samples):
            yield "left out", 0, group.name, _without(plan, samples, group.test)


def _without(plan: Plan, samples: Samples, test: np.ndarray) -> Dataset:
    """Return the data with these test samples; all others train, and nothing is held out to validate."""
    training = np.setdiff1d(np.arange(len(samples.y)), test)
    return encoded(plan.study.data, samples, Split(training, test[:0], test, "stratified", None, ()))


def trained(plan: Plan, data: Dataset, seed: int) -> tuple[int, float]:
    """Train the dense network; return test samples that its integers get right, and seconds of processor time."""
    start, ticket = time.process_time(), dense_ticket(plan, seed)
    (result,) = train_stack(
        plan.spec, [ticket], data.x_train, data.y_train,
        timesteps=plan.dense_timesteps, schedule=dense_schedule(plan), seed=seed,
    )  # fmt: skip
    assert result.params is not None, result.failure
    seconds = time.process_time() - start
    network = fold(
        plan.spec, result.params, ticket.masks, ticket.bits, plan.dense_timesteps, plan.reference_widths
    )
    right = 0
    for at in range(0, len(data.y_test), BATCH):
        run = run_integer(network, data.x_test[at : at + BATCH])
        right += int((run.predictions == data.y_test[at : at + BATCH]).sum())
    return right, seconds


def rows_of(task: Task, seeds: int, kept: Path | None) -> tuple[Plan, list[Row]]:
    """Train all that has no row yet."""
    plan = make_plan(load_study(Path(task.study)), Path(task.study))
    samples = read_samples(plan.study.data, find_root(plan.study.data.root, None, os.environ))
    path = None if kept is None else kept / f"{plan.study.name}.jsonl"
    lines = path.read_text().splitlines() if path is not None and path.exists() else []
    there = {row.key: row for row in (Row(**json.loads(line)) for line in lines)}
    found = []
    for parts, seed, part, data in splits(task, plan, samples, seeds):
        row = there.get((plan.study.name, parts, seed, part))
        if row is None:
            right, seconds = trained(plan, data, seed)
            row = Row(plan.study.name, parts, seed, part, right, len(data.y_test), len(data.y_train), seconds)
            print(f"{row.key}: {right / row.n:.2%}, {seconds:.0f} s", file=sys.stderr, flush=True)
            if path is not None:
                with path.open("a") as file:
                    file.write(json.dumps(asdict(row)) + "\n")
        found.append(row)
    return plan, found


def print_accuracies(task: Task, plan: Plan, rows: Sequence[Row]) -> None:
    """Print the accuracy of each seed, and their mean, with intervals."""
    tested = [row for row in rows if row.parts == task.parts]
    seeds = sorted({row.seed for row in tested})
    sums = [
        (sum(r.right for r in tested if r.seed == s), sum(r.n for r in tested if r.seed == s)) for s in seeds
    ]
    shares = np.array([right / n for right, n in sums])
    study, n_train = plan.study, round(np.mean([row.n_train for row in tested]))
    how = "official test part" if task.parts == "official" else f"{N_FOLDS} folds over all samples"
    print(f"\n## {study.name}\n\n{study.description}. Network `{study.network.layers}`, T {plan.dense_timesteps}, "
          f"{study.train.dense_epochs} epochs over {n_train} samples, {plan.profile.id}; {how}; "
          f"{np.mean([row.cpu_s for row in tested]):.0f} s of one core a training.\n")  # fmt: skip
    print("| seed | 8-bit integers, test | 95 % interval (Wilson) |\n|---|---|---|")
    for seed, share, (_, n) in zip(seeds, shares, sums, strict=True):
        low, high = wilson(share, n)
        print(f"| {seed} | {share:.2%} of {n} | {low:.2%} to {high:.2%} |")
    print(
        f"\nMean {shares.mean():.2%}{_over_seeds(shares)}; asked: {task.asked:.1%}: "
        f"{'reached' if shares.mean() >= task.asked else 'not reached'}."
    )
    if out := [row for row in rows if row.parts == "left out"]:
        print_left_out(out)


def print_left_out(rows: Sequence[Row]) -> None:
    """Print the accuracy on each group that took no part in training."""
    shares = np.array([row.right / row.n for row in rows])
    print("\n| left out | 8-bit integers, test | 95 % interval (Wilson) |\n|---|---|---|")
    for row, share in zip(rows, shares, strict=True):
        low, high = wilson(share, row.n)
        print(f"| {row.part} | {share:.2%} of {row.n} | {low:.1%} to {high:.1%} |")
    print(f"\nMean over who is left out {shares.mean():.2%}{_over_seeds(shares, 'those left out')}.")


def _over_seeds(shares: np.ndarray, over: str = "seeds") -> str:
    if len(shares) < 2:
        return " (one seed: no interval)"
    reach = student.ppf(0.5 + CONFIDENCE / 2, len(shares) - 1) * shares.std(ddof=1) / math.sqrt(len(shares))
    return f" (95 % interval over {over}, t: {shares.mean() - reach:.2%} to {shares.mean() + reach:.2%})"


def main() -> None:
    """Print the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--set", choices=SETS, required=True)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--work", type=Path, help="folder of the trainings so far")
    options = parser.parse_args()
    if options.work is not None:
        options.work.mkdir(parents=True, exist_ok=True)
    tune_process()
    torch.set_num_threads(1)
    command = f"python -m benchmarks.real_data --set {options.set} --seeds {options.seeds}"
    print(f"# {options.set}: real data\n\nRebuilt by `{command}`; "
          f"torch {torch.__version__}.")  # fmt: skip
    cpu_s = 0.0
    for task in SETS[options.set]:
        plan, rows = rows_of(task, options.seeds, options.work)
        print_accuracies(task, plan, rows)
        cpu_s += sum(row.cpu_s for row in rows)
    print(f"\nProcessor time of these trainings: {cpu_s / 60:.1f} min.")


if __name__ == "__main__":
    main()
