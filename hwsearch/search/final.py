"""After the search: the front's members are trained again with fresh seeds, and the test split is looked at, once.

A member's ticket stays; fresh seeds reorder its training (and start the dense network anew), so the best of a search's
many draws is not believed twice. Of a member's trainings the best on validation that keeps the budgets is the one
that is handed over; its accuracy on test stands beside the mean over all seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from hwsearch.measure.accuracy import wilson
from hwsearch.search.cache import Cache
from hwsearch.search.dense import dense_schedule, dense_ticket
from hwsearch.search.evaluate import Lab, candidate_schedule, ticket_of
from hwsearch.search.plan import Plan, price_on_device
from hwsearch.search.records import CostFields, TrialRecord
from hwsearch.search.trainer import Job, Measured

_FRESH = 10_000
"""Seeds of the final trainings start here, above the study's own."""


@dataclass(frozen=True)
class Finalist:
    """A network that is handed over.

    Attributes:
        record: The trial it comes from; None for the dense reference.
        measured: The network of the chosen seed.
        seed: The chosen seed.
        cost: What it costs, by column.
        accuracy_test_interval: 95 % Wilson interval of its test accuracy.
        accuracies_val, accuracies_test: Of every seed.
        feasible: Whether it keeps every budget.
    """

    record: TrialRecord | None
    measured: Measured
    seed: int
    cost: CostFields
    accuracy_test_interval: tuple[float, float]
    accuracies_val: tuple[float, ...]
    accuracies_test: tuple[float, ...]
    feasible: bool


@dataclass(frozen=True)
class Finals:
    """The outcome of the final trainings.

    Attributes:
        dense: The dense reference under the same protocol; its tickets are fresh networks.
        members: One a front member that trained and keeps the budgets.
        train_steps, eval_steps: Samples times timesteps spent.
    """

    dense: Finalist
    members: tuple[Finalist, ...]
    train_steps: int
    eval_steps: int


def finalise(
    lab: Lab, front: Sequence[TrialRecord], on_trained: Callable[[int, int], None] | None = None
) -> Finals:
    """Retrain the front's members and the dense reference, and measure them on test.

    Args:
        lab: Plan, dense network, trainer, cache.
        front: Records of the front's members.
        on_trained: Called with how many of how many trainings are done.
    """
    seeds = [lab.plan.study.seed + _FRESH + i for i in range(lab.plan.study.final.seeds)]
    dense, members = _train_all(lab, front, seeds, on_trained)
    everything = [m for runs in [dense, *members] for m in runs]
    finalists = [_choose(lab.plan, r, runs, seeds) for r, runs in zip(front, members, strict=True)]
    reference = _choose(lab.plan, None, dense, seeds)
    if reference is None:
        raise RuntimeError("the dense reference trained in the search but not with a fresh seed")
    return Finals(
        reference,
        tuple(f for f in finalists if f is not None and f.feasible),
        sum(m.train_steps for m in everything),
        sum(m.eval_steps for m in everything),
    )


def _train_all(
    lab: Lab,
    front: Sequence[TrialRecord],
    seeds: Sequence[int],
    on_trained: Callable[[int, int], None] | None,
) -> tuple[list[Measured], list[list[Measured]]]:
    """Return the dense network's and each member's results, one a seed; what is cached is not trained again."""
    plan = lab.plan
    tasks = [(None, seed) for seed in seeds] + [(record, seed) for seed in seeds for record in front]
    results: dict[tuple[int | None, int], Measured] = {}
    for stack in _stacks(tasks, plan):
        paths = [finalist_path(lab.cache, record, seed) for record, seed in stack]
        kept = [m for path in paths if (m := lab.cache.load(path)) is not None]
        if len(kept) == len(stack):
            results |= {_key(record, seed): m for (record, seed), m in zip(stack, kept, strict=True)}
    missing = [s for s in _stacks(tasks, plan) if _key(*s[0]) not in results]
    jobs = [_job(lab, stack) for stack in missing]

    def keep(index: int, measured: list[Measured]) -> None:
        for (record, seed), own in zip(missing[index], measured, strict=True):
            lab.cache.save(finalist_path(lab.cache, record, seed), own)
            results[_key(record, seed)] = own
        if on_trained is not None:
            on_trained(len(results), len(tasks))

    lab.trainer.run(jobs, keep)
    members = [[results[record.trial, seed] for seed in seeds] for record in front]
    return [results[None, seed] for seed in seeds], members


def _stacks(
    tasks: list[tuple[TrialRecord | None, int]], plan: Plan
) -> list[list[tuple[TrialRecord | None, int]]]:
    """Group trainings that share seed, T and epochs into stacks."""

    def kind(task: tuple[TrialRecord | None, int]) -> tuple[bool, int, int]:
        record, seed = task
        return (
            record is not None,
            seed,
            plan.dense_timesteps if record is None else record.candidate.timesteps,
        )

    size, stacks = plan.study.search.stack, []
    for _, same in groupby(sorted(tasks, key=kind), key=kind):
        members = list(same)
        stacks += [members[i : i + size] for i in range(0, len(members), size)]
    return stacks


def _job(lab: Lab, stack: list[tuple[TrialRecord | None, int]]) -> Job:
    record, seed = stack[0]
    if record is None:
        tickets = tuple(dense_ticket(lab.plan, own) for _, own in stack)
        return Job(tickets, lab.plan.dense_timesteps, dense_schedule(lab.plan), seed, test=True)
    tickets = tuple(ticket_of(lab, own.candidate) for own, _ in stack if own is not None)
    return Job(tickets, record.candidate.timesteps, candidate_schedule(lab.plan), seed, test=True)


def _key(record: TrialRecord | None, seed: int) -> tuple[int | None, int]:
    return None if record is None else record.trial, seed


def finalist_path(cache: Cache, record: TrialRecord | None, seed: int) -> Path:
    """Return where a final training's network is kept."""
    return cache.path("final", "dense" if record is None else record.candidate.digest, seed)


def _choose(
    plan: Plan, record: TrialRecord | None, runs: Sequence[Measured], seeds: Sequence[int]
) -> Finalist | None:
    """Return the network to hand over: of those that keep the budgets, the best on validation (the first of equals)."""
    trained = []
    for own, seed in zip(runs, seeds, strict=True):
        if own.workload is not None and own.accuracy_val is not None and own.accuracy_test is not None:
            priced = price_on_device(plan, own.workload)
            trained.append((bool(priced.faults), -own.accuracy_val, seed, own, priced))
    if not trained:
        return None
    over, _, seed, best, priced = min(trained, key=lambda item: item[:3])
    assert best.accuracy_test is not None
    return Finalist(
        record=record,
        measured=best,
        seed=seed,
        cost=priced.fields,
        accuracy_test_interval=wilson(best.accuracy_test, len(plan.data.y_test)),
        accuracies_val=tuple(-item[1] for item in trained),
        accuracies_test=tuple(
            own.accuracy_test for _, _, _, own, _ in trained if own.accuracy_test is not None
        ),
        feasible=not over,
    )
