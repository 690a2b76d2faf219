"""After the search: the front's recipes run again from fresh seeds, and the test split is looked at, once.

A fresh seed is fresh from the start: new training and validation samples, a new dense network, a new ticket, a new
order. A search that tried many candidates on one validation split believes its luck; a member's accuracy on
validation is therefore the mean over the fresh splits, and the network that is handed over is one of these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np

from hwsearch.errors import HwsearchError
from hwsearch.measure.accuracy import wilson
from hwsearch.measure.measured import Measured
from hwsearch.measure.scores import score_interval
from hwsearch.network.params import Params
from hwsearch.plan.plan import Plan
from hwsearch.plan.pricing import price_on_device
from hwsearch.plan.schedules import candidate_schedule
from hwsearch.records.finals import FinalRecord
from hwsearch.records.trials import CostFields, TrialRecord
from hwsearch.search.jobs.pool import Job
from hwsearch.search.stages.context import Context, Reference
from hwsearch.search.stages.dense import fresh_references, whole_steps
from hwsearch.search.stages.skill import lack_of_skill, refuse_without_skill
from hwsearch.search.stages.tickets import ticket_of
from hwsearch.seeds import seed_of
from hwsearch.study.laws import Score

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Scored:
    """The study's score of a recipe: means over the seeds, and the 95 % interval of that on test (`scores`)."""

    score_val: float
    score_test: float
    score_test_low: float
    score_test_high: float


@dataclass(frozen=True)
class Finalist:
    """A recipe run with fresh seeds, and the network of it that is handed over.

    Attributes:
        record: The trial it comes from; None for the dense reference.
        measured: The network that is handed over: of those that keep the budgets and are models, the one that does best
            against the dense network of its own seed. (Each seed has its own validation split: bare accuracies would
            pick the easiest split.)
        seed: Its seed.
        cost: What it costs, by column.
        accuracy_val: Mean over the seeds, each on its own validation split.
        accuracy_test: Mean over the seeds, all on the one test split.
        accuracy_test_interval: 95 % Wilson interval of that mean, for the number of test samples.
        accuracies_val, accuracies_test: Of every seed.
        feasible: Whether the network that is handed over keeps every budget.
        lacking: Why the network that is handed over is no model (`skill`); empty where it is one.
        scored: The study's score, where that is another than accuracy.
        over: Which budgets and limits the network that is handed over breaks, in words; empty where it keeps all.
    """

    record: TrialRecord | None
    measured: Measured
    seed: int
    cost: CostFields
    accuracy_val: float
    accuracy_test: float
    accuracy_test_interval: tuple[float, float]
    accuracies_val: tuple[float, ...]
    accuracies_test: tuple[float, ...]
    feasible: bool
    lacking: str
    scored: Scored | None = None
    over: str = ""

    @property
    def score(self) -> float:
        """The study's score on validation, mean over the seeds."""
        return self.accuracy_val if self.scored is None else self.scored.score_val

    @property
    def score_columns(self) -> dict[str, float]:
        """The study's score as columns; none where that is accuracy."""
        return {} if self.scored is None else asdict(self.scored)


@dataclass(frozen=True)
class Finals:
    """The outcome of the final trainings.

    Attributes:
        references: The dense references under the same protocol, by their network: those that members are cut from, and
            the yardstick of the search.
        members: One a front member that trained, keeps the budgets and is a model.
        lacking: Why each of the others that keep the budgets is no model.
        over: Of each that keeps them with no seed, which trial it is and what its network breaks.
        train_steps, eval_steps: Samples times timesteps that this run spent.
        reused_steps: Those that another run had spent on the same dense networks.
        wall_s: Seconds of the trainings.
    """

    references: Mapping[int, Finalist]
    members: tuple[Finalist, ...]
    lacking: tuple[str, ...]
    train_steps: int
    eval_steps: int
    reused_steps: int
    wall_s: float
    over: tuple[str, ...] = ()

    @property
    def yardstick(self) -> int:
        """The network that losses are counted from: whose dense reference has the best score."""
        return max(self.references, key=lambda number: self.references[number].score)

    @property
    def dense(self) -> Finalist:
        """The dense reference that losses are counted from."""
        return self.references[self.yardstick]


def finalise(context: Context, front: Sequence[TrialRecord], on_trained: Progress | None = None) -> Finals:
    """Run the front's recipes and their dense references with fresh seeds, and measure them on test.

    Args:
        context: Plan, dense networks, trainer, cache.
        front: Records of the front's members.
        on_trained: Called with how many of how many trainings are done.

    Raises:
        HwsearchError: A dense network did not train with a fresh seed, or knows nothing with it.
    """
    seeds, plan = final_seeds(context.plan), context.plan
    numbers = sorted({context.yardstick.plan.number, *(record.candidate.network for record in front)})
    total, done = len(seeds) * (len(numbers) + len(front)), 0
    dense: dict[int, list[Measured]] = {}
    for number in numbers:
        told = partial(_told, on_trained, done, total)
        dense[number] = _sound_references(context, number, seeds, told)
        done += len(seeds)
    members = _train_members(context, front, dense, seeds, partial(_told, on_trained, done, total))
    whole = [m for runs in dense.values() for m in runs]
    everything = [*whole, *(m for runs in members for m in runs)]
    finalists = [
        _choose(plan, record, runs, dense[record.candidate.network], seeds)
        for record, runs in zip(front, members, strict=True)
    ]
    references = {number: _choose(plan, None, runs, runs, seeds) for number, runs in dense.items()}
    sound = [f for f in finalists if f is not None and f.feasible]
    return Finals(
        {number: finalist for number, finalist in references.items() if finalist is not None},
        tuple(f for f in sound if not f.lacking),
        tuple(f.lacking for f in sound if f.lacking),
        sum(m.train_steps for m in everything),
        sum(m.eval_steps for m in everything),
        sum(whole_steps(plan) - m.train_steps for m in whole),
        sum(m.wall_s for m in everything if m.train_steps),
        tuple(f"trial {f.record.trial}: {f.over}" for f in finalists if f and f.record and not f.feasible),
    )


def _told(on_trained: Progress | None, before: int, total: int, n: int) -> None:
    """Tell how many of all trainings are done: n, and those before."""
    if on_trained is not None:
        on_trained(before + n, total)


def _sound_references(
    context: Context, number: int, seeds: Sequence[int], on_trained: Callable[[int], object]
) -> list[Measured]:
    """Return the dense references of a network and of every fresh seed.

    Raises:
        HwsearchError: One did not train, or knows nothing.
    """
    plan = context.at(number).plan
    dense = fresh_references(plan, context.trainer, context.cache, seeds, on_trained)
    if any(measured.params is None for measured in dense):
        raise HwsearchError("the dense network trained in the search, but not with every fresh seed")
    for seed, measured in zip(seeds, dense, strict=True):
        refuse_without_skill(measured, f"the dense reference of fresh seed {seed}", plan.study.score)
    return dense


def final_record(member: Finalist) -> FinalRecord:
    """Return what is written of a front member's finalist."""
    measured = member.measured
    assert member.record is not None
    assert measured.workload is not None
    return FinalRecord(
        member.record.trial, member.accuracy_val, member.accuracy_test, *member.accuracy_test_interval,
        measured.accumulator_bits, measured.membrane_bits, measured.workload, **member.score_columns,
    )  # fmt: skip


def final_seeds(plan: Plan) -> list[int]:
    """Return the fresh seeds of a study: no other study's, and the first ones stay when more are asked for."""
    return [seed_of("final", plan.study.seed, i) for i in range(plan.study.final.seeds)]


def fresh_dense(context: Context, reference: Reference, seed: int) -> Params:
    """Return the dense network of a fresh seed, trained unless it is stored."""
    (measured,) = fresh_references(reference.plan, context.trainer, context.cache, [seed])
    if measured.params is None:
        raise HwsearchError("the dense network did not train with a fresh seed")
    return measured.params


def member_job(context: Context, records: Sequence[TrialRecord], dense: Params, seed: int) -> Job:
    """Return the final training of recipes that share network and T, from the dense network of a seed."""
    first = records[0].candidate
    fresh = context.cut_from(first.network, dense)
    return Job(
        tuple(ticket_of(fresh, record.candidate, seed) for record in records),
        first.timesteps,
        candidate_schedule(context.plan),
        seed,
        split_seed=seed,
        test=True,
        network=first.network,
    )


def _train_members(
    context: Context,
    front: Sequence[TrialRecord],
    dense: Mapping[int, Sequence[Measured]],
    seeds: Sequence[int],
    on_trained: Callable[[int], object],
) -> list[list[Measured]]:
    """Return each member's results, one a seed; what is stored is not trained again.

    Args:
        context: Where they are trained and stored.
        front: The members.
        dense: The dense networks by network, one a seed.
        seeds: The fresh seeds.
        on_trained: Told how many trainings are done.
    """
    results: dict[tuple[int, int], Measured] = {}
    missing: list[tuple[int, list[TrialRecord]]] = []
    study = context.plan.study
    for seed in seeds:
        untrained = []
        for record in front:
            stored = context.cache.load(context.cache.final_path(record.candidate, seed))
            if stored is None:
                untrained.append(record)
            else:
                results[record.trial, seed] = stored
        candidates = [record.candidate for record in untrained]
        stacks = context.trainer.stacks(candidates, study.train.batch_size, study.search.stack)
        missing += [(seed, [untrained[i] for i in stack]) for stack in stacks]
    jobs = []
    for seed, stack in missing:
        params = dense[stack[0].candidate.network][seeds.index(seed)].params
        assert params is not None
        jobs.append(member_job(context, stack, params, seed))

    def store(index: int, measured: list[Measured]) -> None:
        seed, stack = missing[index]
        for record, result in zip(stack, measured, strict=True):
            context.cache.save(context.cache.final_path(record.candidate, seed), result)
            results[record.trial, seed] = result
        on_trained(len(results))

    context.trainer.run(jobs, store)
    return [[results[record.trial, seed] for seed in seeds] for record in front]


def _choose(
    plan: Plan,
    record: TrialRecord | None,
    runs: Sequence[Measured],
    dense: Sequence[Measured],
    seeds: Sequence[int],
) -> Finalist | None:
    """Return a recipe's finalist, or None if it never trained."""
    trained, score = [], plan.study.score
    for measured, whole, seed in zip(runs, dense, seeds, strict=True):
        if (
            measured.workload is not None
            and measured.accuracy_val is not None
            and measured.accuracy_test is not None
        ):
            price = price_on_device(plan, measured.workload)
            loss = (whole.score_val(score) or 0.0) - (measured.score_val(score) or 0.0)
            lacking = lack_of_skill(measured, score)
            trained.append((bool(price.faults), bool(lacking), loss, seed, measured, price, lacking))
    if not trained:
        return None
    over, _, _, seed, chosen, price, lacking = min(trained, key=lambda item: item[:4])
    tests = tuple(m.accuracy_test for *_, m, _, _ in trained if m.accuracy_test is not None)
    accuracies = tuple(m.accuracy_val for *_, m, _, _ in trained if m.accuracy_val is not None)
    return Finalist(
        record=record,
        measured=chosen,
        seed=seed,
        cost=price.fields,
        accuracy_val=float(np.mean(accuracies)),
        accuracy_test=float(np.mean(tests)),
        accuracy_test_interval=wilson(float(np.mean(tests)), len(plan.data.y_test)),
        accuracies_val=accuracies,
        accuracies_test=tests,
        feasible=not over,
        lacking=lacking,
        scored=None if score == "accuracy" else _scored([m for *_, m, _, _ in trained], score),
        over="; ".join(price.faults),
    )


def _scored(trained: Sequence[Measured], score: Score) -> Scored:
    """Return the score of a recipe's trainings; its interval is that of their mean answers on the one test split."""
    val = [value for m in trained if (value := m.score_val(score)) is not None]
    test = [value for m in trained if (value := m.score_test(score)) is not None]
    confusion = np.mean([m.answers_test.confusion for m in trained if m.answers_test is not None], axis=0)
    mean = float(np.mean(test))
    low, high = score_interval(confusion, score)
    return Scored(float(np.mean(val)), mean, min(low, mean), max(high, mean))
