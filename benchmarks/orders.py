"""Quantise then prune, or the other way round? Accuracy of one-shot tickets of one dense network in both orders.

    python -m benchmarks.orders studies/digits_mcu.yaml --bits 1 2 3 4 --sparsity 0.5 0.8 0.9 0.95

Every seed has its own dense network; from each, tickets are cut and trained with the study's own settings in both
orders. Accuracies are of the integer model on the validation split, on which nothing is chosen; differences are paired
by seed, with Student's 95 % interval.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from hwsearch.network.params import Params, Ticket, initial_params
from hwsearch.plan.plan import Plan, make_plan
from hwsearch.plan.schedules import candidate_schedule
from hwsearch.report.tickets import interval
from hwsearch.search.jobs.job import Bench, Job, run_job
from hwsearch.search.stages.dense import dense_fit
from hwsearch.search.stages.layer_masks import LayerMasks
from hwsearch.search.stages.tickets import TicketSource, bits_of, find_ticket
from hwsearch.search.store.cache import Cache
from hwsearch.search.store.ticket_store import TicketStore
from hwsearch.space.candidate import Candidate
from hwsearch.study.model import load_study
from hwsearch.tickets.fit import dense_masks
from hwsearch.train.machine import OneThread

ORDERS = ("quantise_then_prune", "prune_then_quantise")


def plans(path: Path) -> list[Plan]:
    """Return the study's plan in both orders, cut by magnitude."""
    study = load_study(path)
    tickets = [study.tickets.model_copy(update={"finder": "magnitude", "order": order}) for order in ORDERS]
    return [make_plan(study.model_copy(update={"tickets": own}), path) for own in tickets]


def accuracies(plan: Plan, dense: list[Params], candidate: Candidate) -> np.ndarray:
    """Return the accuracy of a candidate from each dense network."""
    with tempfile.TemporaryDirectory() as folder:
        cache = Cache(Path(folder), plan.digest)
        found = [
            find_ticket(
                TicketSource(plan, TicketStore(cache), own, plan.data, 0, LayerMasks(plan.spec, own)),
                candidate,
            )
            for own in dense
        ]
    bits = bits_of(plan.spec, candidate)
    tickets = tuple(Ticket(own.params, own.masks, bits) for own in found)
    bench = Bench(plan.networks, plan.data, plan.widths, plan.study.train.neuron_loop)
    return np.array(
        [
            m.accuracy_val
            for m in run_job(bench, Job(tickets, candidate.timesteps, candidate_schedule(plan), 0))
        ]
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("study", type=Path)
    parser.add_argument("--bits", nargs="+", type=int, default=[1, 2, 3, 4])
    parser.add_argument("--sparsity", nargs="+", type=float, default=[0.5, 0.8, 0.9, 0.95])
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    both = plans(options.study)
    fit = replace(dense_fit(both[0], both[0].data, 0), seed=0)
    inits = [initial_params(both[0].spec, seed) for seed in range(options.seeds)]
    print("| bits | sparsity | quantise, then prune | prune, then quantise | difference, points |")
    print("|---|---|---|---|---|")
    with OneThread():
        dense = fit.train(inits, [dense_masks(own) for own in inits])
        for bits in options.bits:
            for sparsity in options.sparsity:
                candidate = Candidate((sparsity,), "weight", (bits,), fit.timesteps)
                first, other = (accuracies(plan, dense, candidate) for plan in both)
                mean, half = interval(100 * (first - other))
                cells = f"{first.mean():.2%} | {other.mean():.2%} | {mean:+.2f} ± {half:.2f}"
                print(f"| {bits} | {sparsity:.0%} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
