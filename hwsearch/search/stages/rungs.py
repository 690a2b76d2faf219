"""Training, rung by rung: what is to be trained, from where it starts, and what is known of it after each rung."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hwsearch.measure.measured import Measured
from hwsearch.network.params import Ticket
from hwsearch.network.store import network_digest
from hwsearch.plan.plan import Plan
from hwsearch.plan.pricing import price_on_device
from hwsearch.plan.schedules import rung_schedule
from hwsearch.records.trials import TrialRecord
from hwsearch.search.decide.state import SearchState
from hwsearch.search.jobs.pool import Job
from hwsearch.search.stages.context import Context, Progress
from hwsearch.search.stages.skill import lack_of_skill
from hwsearch.seeds import seed_of
from hwsearch.space.candidate import Candidate

Judge = Callable[[SearchState, Sequence[TrialRecord]], list[TrialRecord]]
"""Gives the records of a rung that stop their outcome (`promotion.promote`, `completion.keep_likely`)."""


@dataclass(frozen=True)
class Trial:
    """A candidate on its way: what is known of it so far, and what is trained.

    Attributes:
        record: Without an outcome for as long as it is to be trained.
        ticket: What its training starts from.
    """

    record: TrialRecord
    ticket: Ticket

    @property
    def open(self) -> bool:
        """Whether it is to be trained, or to be trained on."""
        return self.record.outcome is None


def ascend(
    context: Context,
    state: SearchState,
    trials: Sequence[Trial],
    judge: Judge,
    on_trained: Progress | None,
) -> list[Trial]:
    """Train the open trials rung by rung; after each but the last, those stop that the judge stops.

    Args:
        context: Where it is trained and stored.
        state: What was known before the batch.
        trials: Price; those that have an outcome already stay as they are.
        judge: Which of a rung's records stop.
        on_trained: Told of progress.
    """
    trials = list(trials)
    for rung in range(len(context.plan.cycles)):
        measured = train_rung(context, at_rung(trials, rung), rung, on_trained)
        trials = after_rung(context, state, trials, rung, measured, judge)
    return trials


def at_rung(trials: Sequence[Trial], rung: int) -> list[Trial]:
    """Return the trials of a batch that train for a rung."""
    return [trial for trial in trials if trial.open and len(trial.record.curve) == rung]


def after_rung(
    context: Context,
    state: SearchState,
    trials: Sequence[Trial],
    rung: int,
    measured: Mapping[int, Measured],
    judge: Judge,
) -> list[Trial]:
    """Return the trials of a batch after a rung: those that trained for it with what was measured, and judged.

    Args:
        context: What they are priced by.
        state: What was known before the batch.
        trials: Of the batch.
        rung: The rung.
        measured: By trial number.
        judge: Which of the rung's records stop, if it is not the last one.
    """
    records = {
        trial.record.trial: _measure(context.plan, trial.record, measured[trial.record.trial])
        for trial in at_rung(trials, rung)
    }
    sound = [record for record in records.values() if record.outcome is None]
    if rung + 1 < len(context.plan.cycles):
        with context.model_clock:
            judged = judge(state, sound)
    else:
        judged = [replace(record, outcome="trained") for record in sound]
    records |= {record.trial: record for record in judged}
    return [replace(trial, record=records.get(trial.record.trial, trial.record)) for trial in trials]


def train_rung(
    context: Context, trials: Sequence[Trial], rung: int, on_trained: Progress | None = None
) -> dict[int, Measured]:
    """Train trials for a rung; see `train_rungs`."""
    return train_rungs(context, [(trials, rung)], on_trained)


def train_rungs(
    context: Context, groups: Iterable[tuple[Sequence[Trial], int]], on_trained: Progress | None = None
) -> dict[int, Measured]:
    """Train groups of trials, each for its rung, in stacks of one network and T; what the cache has is read from it.

    Where the weights of an earlier rung are gone from the cache they are trained again. That is not counted again: what
    a trial cost is the same whether a run was disturbed or not.

    Args:
        context: Where it is trained and stored.
        groups: Trials that are sound so far, and their rung; each group begins to train as soon as it comes.
        on_trained: Told of progress.

    Returns:
        What was measured, by trial number.
    """
    study, results, places = context.plan.study, dict[int, Measured](), list[list[tuple[TrialRecord, int]]]()

    def jobs() -> Iterator[Job]:
        for trials, rung in groups:
            results.update(_stored(context, trials, rung))
            missing = [trial for trial in trials if trial.record.trial not in results]
            starts, candidates = _starts(context, missing, rung), [t.record.candidate for t in missing]
            for stack in context.trainer.stacks(candidates, study.train.batch_size, study.search.stack):
                places.append([(missing[i].record, rung) for i in stack])
                yield _rung_job(context.plan, [starts[i] for i in stack], candidates[stack[0]], rung)

    def store(index: int, measured: list[Measured]) -> None:
        for (record, rung), result in zip(places[index], measured, strict=True):
            context.cache.save(_rung_path(context, record, rung), result)
            results[record.trial] = result
        if on_trained is not None:
            on_trained(len(results))

    context.trainer.run(jobs(), store)
    return results


def _rung_job(plan: Plan, tickets: Sequence[Ticket], first: Candidate, rung: int) -> Job:
    """Return the training of a stack for a rung; first: one of its candidates, which share network and T."""
    return Job(
        tuple(tickets),
        first.timesteps,
        rung_schedule(plan, rung),
        seed_of("rung", plan.study.seed, rung),  # each rung sees its own order of the samples
        keep_params=rung + 1 < len(plan.cycles),
        early_timesteps=plan.rung_timesteps(rung, first.timesteps),
        network=first.network,
    )


def _stored(context: Context, trials: Sequence[Trial], rung: int) -> dict[int, Measured]:
    """Return what the cache has of a rung, with the weights that the next one starts from."""
    last = rung + 1 == len(context.plan.cycles)
    loaded = {
        trial.record.trial: context.cache.load(_rung_path(context, trial.record, rung), with_params=not last)
        for trial in trials
    }
    return {number: measured for number, measured in loaded.items() if measured is not None}


def _starts(context: Context, trials: Sequence[Trial], rung: int) -> list[Ticket]:
    """Return what trials start a rung from; an earlier rung that is not in the cache is trained again."""
    tickets = [trial.ticket for trial in trials]
    if rung == 0:
        return tickets
    numbers, stored = [trial.record.trial for trial in trials], _stored(context, trials, rung - 1)
    lost = [trial for trial in trials if trial.record.trial not in stored]
    before = stored | train_rung(context, lost, rung - 1)
    starts = []
    for number, ticket in zip(numbers, tickets, strict=True):
        params = before[number].params
        assert params is not None, before[number].failure  # it was measured sound once
        starts.append(replace(ticket, params=params))
    return starts


def _rung_path(context: Context, record: TrialRecord, rung: int) -> Path:
    """Return where a candidate is stored as it was after a rung."""
    if rung + 1 == len(context.plan.cycles):
        return context.cache.path("trained", record.candidate.digest)
    return context.cache.path("rung", record.candidate.digest, rung)


def _measure(plan: Plan, record: TrialRecord, measured: Measured) -> TrialRecord:
    """Complete a record with what was measured after a rung."""
    spent = replace(
        record,
        train_steps=record.train_steps + measured.train_steps,
        eval_steps=record.eval_steps + measured.eval_steps,
        wall_s=record.wall_s + measured.wall_s,
    )
    if measured.workload is None or measured.accuracy_val is None:
        return replace(spent, outcome="failed", reason=measured.failure)
    price = price_on_device(plan, measured.workload)
    wanted = plan.study.score
    lacking, score = lack_of_skill(measured, wanted), measured.score_val(wanted)
    assert score is not None
    return replace(
        spent,
        reason="; ".join([*price.faults, lacking] if lacking else price.faults),
        measured=price.fields,
        workload=measured.workload,
        accuracy_val=measured.accuracy_val,
        accuracy_val_float=measured.accuracy_val_float,
        accumulator_bits=measured.accumulator_bits,
        membrane_bits=measured.membrane_bits,
        sparsity_effective=measured.sparsity_effective,
        score_val=None if wanted == "accuracy" else score,
        curve=(*record.curve, score),
        feasible=not price.faults,
        loss=measured.loss,
        skilled=not lacking,
        network_digest=None if measured.network is None else network_digest(measured.network),
    )
