"""Do rungs rank at few timesteps? Trainings at fewer timesteps, measured at the candidates' own T.

    python -m benchmarks.early_time [--task digits] [--mixes 128] [--work DIR]

Mixes of the tabular benchmark (knobs of each layer, T = 4). Every training starts from the dense network's weights and
goes through the search's rungs (1, 3 and 12 epochs), each at some number of timesteps; its integer model is measured
on validation at T = 4 after each. Truth is the mean test accuracy of three more trainings in full at T = 4, other
orders of the samples. ``rank``: Spearman's correlation with truth; ``short``: points below truth; ``steps``:
train_steps so far, as a share of one training in full; ``time``: likewise of seconds on the clock, with measuring.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from benchmarks.starts import TRUTHS, climb
from benchmarks.tabular.build import CYCLES, STACK, cells, lab_of
from hwsearch.network.params import Ticket
from hwsearch.plan.schedules import candidate_schedule
from hwsearch.search.jobs.job import Bench, Job, run_job
from hwsearch.search.stages.context import Context
from hwsearch.search.stages.tickets import ticket_of
from hwsearch.train.machine import OneThread, tune_process

WAYS = ((4, 4, 4), (2, 2, 4), (1, 2, 4), (1, 1, 4))


@dataclass(frozen=True)
class Rung:
    """What a rung of all candidates gave.

    Attributes:
        accuracy: [N] on validation.
        steps: Samples times timesteps so far, a candidate.
        seconds: So far, all candidates.
    """

    accuracy: np.ndarray
    steps: int
    seconds: float


def train(context: Context, tickets: Sequence[Ticket], way: Sequence[int], seed: int) -> list[Rung]:
    """Train tickets through the rungs, each at its number of timesteps."""
    plan, standing, rungs, steps = context.plan, list(tickets), [], 0
    bench = Bench(plan.networks, plan.data, plan.widths, plan.study.train.neuron_loop)
    start = time.perf_counter()
    for index, (epochs, timesteps) in enumerate(zip(CYCLES, way, strict=True)):
        own = []
        for first in range(0, len(standing), STACK):
            job = Job(
                tuple(standing[first : first + STACK]), plan.dense_timesteps,
                replace(candidate_schedule(plan), epochs=epochs), 100 * seed + index, keep_params=True,
                early_timesteps=timesteps,
            )  # fmt: skip
            own += run_job(bench, job)
        params = [m.params for m in own if m.params is not None]
        standing = [replace(t, params=p) for t, p in zip(standing, params, strict=True)]
        steps += epochs * timesteps * len(plan.data.y_train)
        accuracy = np.array([m.accuracy_val for m in own], float)
        rungs.append(Rung(accuracy, steps, time.perf_counter() - start))
    return rungs


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--task", choices=["digits", "mnist"], default="digits")
    parser.add_argument("--mixes", type=int, default=128)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "hwsearch-replay-dense")
    args = parser.parse_args()
    tune_process()
    context = lab_of(args.task, 0, args.work)
    mixes = [cell.candidate for cell in cells(args.task) if cell.kind == "mix"][: args.mixes]
    tickets = [ticket_of(context, c) for c in mixes]
    with OneThread():
        truth = np.mean([climb(context, tickets, CYCLES, seed)[1] for seed in TRUTHS], axis=0)
        ways = {way: train(context, tickets, way, 1) for way in WAYS}
    better, whole = truth >= np.median(truth), ways[WAYS[0]][-1]
    print(f"{args.task}, {len(mixes)} mixes\n")
    print(
        "| timesteps of the rungs | epochs | rank: all | better half | short: all | better half | steps | time |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for way, rungs in ways.items():
        for index, own in enumerate(rungs):
            ranks = [spearmanr(own.accuracy[w], truth[w]).statistic for w in (truth >= 0, better)]
            short = [100 * (truth[w] - own.accuracy[w]).mean() for w in (truth >= 0, better)]
            print(
                f"| {', '.join(map(str, way[: index + 1]))} | {sum(CYCLES[: index + 1])} "
                f"| {ranks[0]:.3f} | {ranks[1]:.3f} | {short[0]:.1f} | {short[1]:.1f} "
                f"| {own.steps / whole.steps:.3f} | {own.seconds / whole.seconds:.3f} |"
            )


if __name__ == "__main__":
    main()
