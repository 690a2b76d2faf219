"""Is the dense network no larger than it needs to be? Accuracy of the 8-bit integer model by width, many seeds.

    python -m benchmarks.width studies/digits_mcu.yaml fc128-fc128 fc64-fc64 --seeds 32

Each topology is trained dense with the study's own settings; accuracies are on the validation and the test split
together (nothing is chosen here), mean and 95 % interval of the differences to the first topology.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from hwsearch.measure.accuracy import accuracy
from hwsearch.network.fold import fold
from hwsearch.network.integer import run_integer
from hwsearch.plan.plan import make_plan
from hwsearch.plan.schedules import dense_schedule
from hwsearch.search.stages.dense import dense_ticket
from hwsearch.study.model import load_study
from hwsearch.train.loop import train_stack
from hwsearch.train.machine import OneThread

_STACK = 8


def accuracies(path: Path, topology: str, seeds: int) -> np.ndarray:
    """Return the accuracy of each seed."""
    study = load_study(path)
    study = study.model_copy(update={"network": study.network.model_copy(update={"layers": topology})})
    plan = make_plan(study, path)
    data, T = plan.data, plan.dense_timesteps
    x, y = np.concatenate([data.x_val, data.x_test]), np.concatenate([data.y_val, data.y_test])
    scores = []
    for first in range(0, seeds, _STACK):
        tickets = [dense_ticket(plan, seed) for seed in range(first, min(first + _STACK, seeds))]
        trained = train_stack(
            plan.spec,
            tickets,
            data.x_train,
            data.y_train,
            timesteps=T,
            schedule=dense_schedule(plan),
            seed=first,
        )
        for ticket, own in zip(tickets, trained, strict=True):
            network = fold(plan.spec, own.params, ticket.masks, ticket.bits, T, plan.widths)
            scores.append(accuracy(run_integer(network, x).predictions, y))
    return np.array(scores)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("study", type=Path)
    parser.add_argument("topologies", nargs="+")
    parser.add_argument("--seeds", type=int, default=32)
    options = parser.parse_args()
    rows: list[tuple[str, np.ndarray]] = []
    with OneThread():
        for topology in options.topologies:
            rows.append((topology, accuracies(options.study, topology, options.seeds)))
    print("| layers | accuracy | difference to the first (95 % interval) |")
    print("|---|---|---|")
    for topology, scores in rows:
        gap = scores - rows[0][1]
        reach = 1.96 * gap.std(ddof=1) / np.sqrt(len(gap))
        change = (
            ""
            if topology == rows[0][0]
            else f"{gap.mean():+.2%} ({gap.mean() - reach:+.2%} to {gap.mean() + reach:+.2%})"
        )
        print(f"| {topology} | {scores.mean():.2%} | {change} |")


if __name__ == "__main__":
    main()
