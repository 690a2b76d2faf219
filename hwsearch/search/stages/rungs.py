"""Training, rung by rung: what is to be trained, from where it starts, and what is known of it after each rung."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hwsearch.network.stack import Ticket
from hwsearch.network.store import network_digest
from hwsearch.plan.plan import Plan
from hwsearch.plan.pricing import Priced, price_on_device
from hwsearch.plan.schedules import rung_schedule
from hwsearch.records.trials import CostFields, TrialRecord
from hwsearch.search.decide.promotion import judge
from hwsearch.search.jobs.job import Job, Measured
from hwsearch.search.stages.context import Context, Draft
from hwsearch.search.stages.skill import lack_of_skill
from hwsearch.seeds import seed_of

Judge = Callable[
    [Plan, CostFields, float, bool, Sequence[TrialRecord], Sequence[TrialRecord]], list[TrialRecord]
]
"""See `rungs.judge`."""


def ascend(
    context: Context,
    drafts: Sequence[Draft],
    known: Mapping[str, TrialRecord],
    on_trained: Callable[[int], None] | None,
    judge: Judge = judge,
) -> list[Draft]:
    """Train the drafts with a ticket rung by rung; after each but the last, those stop that the judge stops."""
    plan, standing = context.plan, list(drafts)
    for rung in range(len(plan.cycles)):
        here = [
            index
            for index, draft in enumerate(standing)
            if draft.ticket and draft.record.outcome == "trained" and len(draft.record.curve) == rung
        ]
        trained = train_rung(context, [standing[index] for index in here], rung, on_trained)
        for index in here:
            draft = standing[index]
            standing[index] = replace(draft, record=_measure(plan, draft.record, trained[draft.record.trial]))
        sound = [index for index in here if standing[index].record.outcome == "trained"]
        if rung + 1 < len(plan.cycles):
            records = [standing[index].record for index in sound]
            earlier = list(known.values())
            with context.thinking:
                judged = judge(
                    plan, context.dense.cost, context.dense.error, context.similar, earlier, records
                )
            for index, record in zip(sound, judged, strict=True):
                standing[index] = replace(standing[index], record=record)
    return standing


def train_rung(
    context: Context, drafts: Sequence[Draft], rung: int, on_trained: Callable[[int], None] | None = None
) -> dict[int, Measured]:
    """Train drafts for a rung, in stacks of one T; what was trained before is read from the cache.

    Where the weights of an earlier rung are gone from the cache they are trained again, and counted again.

    Args:
        context: Where it is trained and kept.
        drafts: With a ticket each, and sound so far.
        rung: The rung.
        on_trained: Called with the number of candidates that are trained so far.

    Returns:
        What was measured, by trial.
    """
    study, last = context.plan.study, rung + 1 == len(context.plan.cycles)
    results = _kept(context, drafts, rung)
    left = [draft for draft in drafts if draft.record.trial not in results]
    starts, again = _starts(context, left, rung)
    timesteps = [draft.record.candidate.timesteps for draft in left]
    stacks = context.trainer.stacks(timesteps, study.train.batch_size, study.search.stack)
    jobs = [
        Job(
            tuple(starts[i] for i in stack),
            timesteps[stack[0]],
            rung_schedule(context.plan, rung),
            seed_of("rung", study.seed, rung),  # each rung sees its own order of the samples
            keep_params=not last,
            early_timesteps=context.plan.rung_timesteps(rung, timesteps[stack[0]]),
        )
        for stack in stacks
    ]

    def keep(index: int, measured: list[Measured]) -> None:
        for i, fresh in zip(stacks[index], measured, strict=True):
            own = replace(fresh, train_steps=fresh.train_steps + again[i])
            context.cache.save(_rung_path(context, left[i].record, rung), own)
            results[left[i].record.trial] = own
        if on_trained is not None:
            on_trained(len(results))

    context.trainer.run(jobs, keep)
    return results


def _kept(context: Context, drafts: Sequence[Draft], rung: int) -> dict[int, Measured]:
    """Return what the cache keeps of a rung, with the weights that the next one starts from."""
    last = rung + 1 == len(context.plan.cycles)
    loaded = {
        draft.record.trial: context.cache.load(_rung_path(context, draft.record, rung), with_params=not last)
        for draft in drafts
    }
    return {trial: own for trial, own in loaded.items() if own is not None}


def _starts(context: Context, drafts: Sequence[Draft], rung: int) -> tuple[list[Ticket], list[int]]:
    """Return what drafts start a rung from, and the train_steps of rungs that had to be trained again for it."""
    tickets = [draft.ticket for draft in drafts if draft.ticket is not None]
    if rung == 0:
        return tickets, [0] * len(tickets)
    trials, kept = [draft.record.trial for draft in drafts], _kept(context, drafts, rung - 1)
    again = train_rung(context, [draft for draft in drafts if draft.record.trial not in kept], rung - 1)
    before = kept | again
    starts = []
    for trial, ticket in zip(trials, tickets, strict=True):
        params = before[trial].params
        assert params is not None, before[trial].failure  # it was measured sound once
        starts.append(replace(ticket, params=params))
    return starts, [again[trial].train_steps if trial in again else 0 for trial in trials]


def _rung_path(context: Context, record: TrialRecord, rung: int) -> Path:
    """Return where a candidate is kept as it was after a rung."""
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
    priced: Priced = price_on_device(plan, measured.workload)
    lacking = lack_of_skill(measured)
    return replace(
        spent,
        reason="; ".join([*priced.faults, lacking] if lacking else priced.faults),
        measured=priced.fields,
        workload=measured.workload,
        accuracy_val=measured.accuracy_val,
        accuracy_val_float=measured.accuracy_val_float,
        accumulator_bits=measured.accumulator_bits,
        membrane_bits=measured.membrane_bits,
        sparsity_effective=measured.sparsity_effective,
        curve=(*record.curve, measured.accuracy_val),
        feasible=not priced.faults,
        loss=measured.loss,
        skilled=not lacking,
        network_digest=None if measured.network is None else network_digest(measured.network),
    )
