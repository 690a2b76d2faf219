"""Would cheaper starts do? What one forward pass, a short training from the dense network, and one from a trained
neighbour tell of a candidate.

    python -m benchmarks.starts [--task digits] [--mixes 64] [--work DIR]

Mixes of the tabular benchmark (knobs of each layer); the neighbour of each is one move of the search's away
(`SearchSpace.neighbour`) and was trained in full. Every training starts from weights of the trained dense network with
the candidate's masks; one from the neighbour starts from the neighbour's weights (and the dense network's where the
neighbour has none). Truth is the test accuracy of three more trainings in full from the dense network, other orders of
the samples. ``rank``: Spearman's correlation with truth; ``short``: points below truth; validation accuracy throughout.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from benchmarks.tabular.build import CYCLES, STACK, cells, lab_of
from hwsearch.network.params import Params, Ticket
from hwsearch.plan.schedules import candidate_schedule
from hwsearch.predict.probes import untrained_logits
from hwsearch.search.jobs.job import Bench, Job, run_job
from hwsearch.search.stages.context import Context
from hwsearch.search.stages.tickets import ticket_of
from hwsearch.space.candidate import Candidate
from hwsearch.train.machine import OneThread, tune_process

TRUTHS = (11, 12, 13)


def climb(
    context: Context, tickets: Sequence[Ticket], cycles: Sequence[int], seed: int
) -> tuple[np.ndarray, np.ndarray, list[Params]]:
    """Train tickets in cycles; return accuracies on validation [cycles, N] and test [N], and the weights."""
    plan, standing, values = context.plan, list(tickets), []
    bench = Bench(plan.networks, plan.data, plan.widths, plan.study.train.neuron_loop)
    for index, epochs in enumerate(cycles):
        own = []
        for first in range(0, len(standing), STACK):
            job = Job(
                tuple(standing[first : first + STACK]), plan.dense_timesteps,
                replace(candidate_schedule(plan), epochs=epochs), 100 * seed + index, test=True, keep_params=True,
            )  # fmt: skip
            own += run_job(bench, job)
        params = [m.params for m in own]
        assert all(p is not None for p in params), [m.failure for m in own]
        values.append([(m.accuracy_val, m.accuracy_test) for m in own])
        standing = [replace(t, params=p) for t, p in zip(standing, params, strict=True)]
    table = np.array(values, float)
    return table[:, :, 0], table[-1, :, 1], [t.params for t in standing]


def from_neighbour(own: Ticket, neighbour: Ticket, trained: Params) -> Ticket:
    """Return a ticket that starts from its neighbour's weights, and from its own where the neighbour has none."""
    parts = zip(trained.weights, own.params.weights, neighbour.masks, strict=True)
    weights = tuple(np.where(mask, new, old) for new, old, mask in parts)
    return replace(own, params=replace(trained, weights=weights))


def one_shot(context: Context, tickets: Sequence[Ticket]) -> np.ndarray:
    """Return the accuracy [N] of tickets on validation as they stand, after one forward pass for their statistics."""
    data = context.plan.data
    logits = untrained_logits(context.plan.spec, tickets, data.x_val, context.plan.dense_timesteps)
    accuracy: np.ndarray = (logits.argmax(-1) == data.y_val).mean(1)
    return accuracy


def neighbours(context: Context, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return a neighbour of each candidate in the space with knobs of each layer."""
    rng, space = (
        np.random.default_rng(5),
        replace(context.plan.space, per_layer=len(context.plan.spec.prunable)),
    )
    moved = []
    for candidate in candidates:
        near = candidate
        while near.digest == candidate.digest:
            near = space.candidate(space.neighbour(space.setting(candidate), rng))
        moved.append(near)
    return moved


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--task", choices=["digits", "mnist"], default="digits")
    parser.add_argument("--mixes", type=int, default=64)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "hwsearch-replay-dense")
    args = parser.parse_args()
    tune_process()
    context = lab_of(args.task, 0, args.work)
    mixes = [cell.candidate for cell in cells(args.task) if cell.kind == "mix"][: args.mixes]
    near = neighbours(context, mixes)
    tickets, others = ([ticket_of(context, c) for c in own] for own in (mixes, near))
    with OneThread():
        truth = np.mean([climb(context, tickets, CYCLES, seed)[1] for seed in TRUTHS], axis=0)
        dense, _, _ = climb(context, tickets, CYCLES, 1)
        of_near, _, trained = climb(context, others, CYCLES, 2)
        starts = [from_neighbour(*own) for own in zip(tickets, others, trained, strict=True)]
        warm, _, _ = climb(context, starts, CYCLES[:-1], 3)
        shot = one_shot(context, tickets)
    rows = {
        ("one forward pass", 0): shot,
        ("nothing: the neighbour's accuracy", 0): of_near[-1],
        **{("from the dense network", sum(CYCLES[: i + 1])): own for i, own in enumerate(dense)},
        **{("from the trained neighbour", sum(CYCLES[: i + 1])): own for i, own in enumerate(warm)},
    }
    better = truth >= np.median(truth)
    print(f"{args.task}, {len(mixes)} mixes\n")
    print(
        "| start | epochs | rank: all | better half | short: all | better half |\n|---|---|---|---|---|---|"
    )
    for (name, epochs), own in rows.items():
        ranks = [spearmanr(own[which], truth[which]).statistic for which in (truth >= 0, better)]
        short = [100 * (truth[which] - own[which]).mean() for which in (truth >= 0, better)]
        print(f"| {name} | {epochs} | {ranks[0]:.3f} | {ranks[1]:.3f} | {short[0]:.1f} | {short[1]:.1f} |")
    suffices = (shot >= dense[-1]).mean()
    print(
        f"\nAs accurate on validation after one forward pass as trained in full: {suffices:.0%} of the mixes"
    )


if __name__ == "__main__":
    main()
