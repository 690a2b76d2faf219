"""Training, rung by rung: what is to be trained, from where it starts, and what is known of it after each rung."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hwsearch.network.stack import Ticket
from hwsearch.network.store import network_digest
from hwsearch.search.lab import Draft, Lab
from hwsearch.search.plan import Plan, Priced, price_on_device
from hwsearch.search.records import CostFields, TrialRecord
from hwsearch.search.rungs import judge, rung_schedule
from hwsearch.search.skill import lack_of_skill
from hwsearch.search.trainer import Job, Measured
from hwsearch.seeds import seed_of

Judge = Callable[
    [Plan, CostFields, float, bool, Sequence[TrialRecord], Sequence[TrialRecord]], list[TrialRecord]
]
"""See `rungs.judge`."""


def ascend(
    lab: Lab,
    drafts: Sequence[Draft],
    known: Mapping[str, TrialRecord],
    on_trained: Callable[[int], None] | None,
    judge: Judge = judge,
) -> list[Draft]:
    """Train the drafts with a ticket rung by rung; after each but the last, those stop that the judge stops."""
    plan, standing = lab.plan, list(drafts)
    for rung in range(len(plan.cycles)):
        here = [
            index
            for index, draft in enumerate(standing)
            if draft.ticket and draft.record.outcome == "trained" and len(draft.record.curve) == rung
        ]
        trained = train_rung(lab, [standing[index] for index in here], rung, on_trained)
        for index in here:
            draft = standing[index]
            standing[index] = replace(draft, record=_measure(plan, draft.record, trained[draft.record.trial]))
        sound = [index for index in here if standing[index].record.outcome == "trained"]
        if rung + 1 < len(plan.cycles):
            records = [standing[index].record for index in sound]
            earlier = list(known.values())
            with lab.thinking:
                judged = judge(plan, lab.dense.cost, lab.dense.error, lab.similar, earlier, records)
            for index, record in zip(sound, judged, strict=True):
                standing[index] = replace(standing[index], record=record)
    return standing


def train_rung(
    lab: Lab, drafts: Sequence[Draft], rung: int, on_trained: Callable[[int], None] | None = None
) -> dict[int, Measured]:
    """Train drafts for a rung, in stacks of one T; what was trained before is read from the cache.

    Where the weights of an earlier rung are gone from the cache they are trained again, and counted again.

    Args:
        lab: Where it is trained and kept.
        drafts: With a ticket each, and sound so far.
        rung: The rung.
        on_trained: Called with the number of candidates that are trained so far.

    Returns:
        What was measured, by trial.
    """
    study, last = lab.plan.study, rung + 1 == len(lab.plan.cycles)
    results = _kept(lab, drafts, rung)
    left = [draft for draft in drafts if draft.record.trial not in results]
    starts, again = _starts(lab, left, rung)
    timesteps = [draft.record.candidate.timesteps for draft in left]
    stacks = lab.trainer.stacks(timesteps, study.train.batch_size, study.search.stack)
    jobs = [
        Job(
            tuple(starts[i] for i in stack),
            timesteps[stack[0]],
            rung_schedule(lab.plan, rung),
            seed_of("rung", study.seed, rung),  # each rung sees its own order of the samples
            keep_params=not last,
            early_timesteps=lab.plan.rung_timesteps(rung, timesteps[stack[0]]),
        )
        for stack in stacks
    ]

    def keep(index: int, measured: list[Measured]) -> None:
        for i, fresh in zip(stacks[index], measured, strict=True):
            own = replace(fresh, train_steps=fresh.train_steps + again[i])
            lab.cache.save(_rung_path(lab, left[i].record, rung), own)
            results[left[i].record.trial] = own
        if on_trained is not None:
            on_trained(len(results))

    lab.trainer.run(jobs, keep)
    return results


def _kept(lab: Lab, drafts: Sequence[Draft], rung: int) -> dict[int, Measured]:
    """Return what the cache keeps of a rung, with the weights that the next one starts from."""
    last = rung + 1 == len(lab.plan.cycles)
    loaded = {
        draft.record.trial: lab.cache.load(_rung_path(lab, draft.record, rung), with_params=not last)
        for draft in drafts
    }
    return {trial: own for trial, own in loaded.items() if own is not None}


def _starts(lab: Lab, drafts: Sequence[Draft], rung: int) -> tuple[list[Ticket], list[int]]:
    """Return what drafts start a rung from, and the train_steps of rungs that had to be trained again for it."""
    tickets = [draft.ticket for draft in drafts if draft.ticket is not None]
    if rung == 0:
        return tickets, [0] * len(tickets)
    trials, kept = [draft.record.trial for draft in drafts], _kept(lab, drafts, rung - 1)
    again = train_rung(lab, [draft for draft in drafts if draft.record.trial not in kept], rung - 1)
    before = kept | again
    starts = []
    for trial, ticket in zip(trials, tickets, strict=True):
        params = before[trial].params
        assert params is not None, before[trial].failure  # it was measured sound once
        starts.append(replace(ticket, params=params))
    return starts, [again[trial].train_steps if trial in again else 0 for trial in trials]


def _rung_path(lab: Lab, record: TrialRecord, rung: int) -> Path:
    """Return where a candidate is kept as it was after a rung."""
    if rung + 1 == len(lab.plan.cycles):
        return lab.cache.path("trained", record.candidate.digest)
    return lab.cache.path("rung", record.candidate.digest, rung)


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
