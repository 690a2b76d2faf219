"""One batch of candidates through the whole flow: read this first.

price     a candidate over a budget or rule is told so and not trained
twin      one that was evaluated before, under whatever spelling, takes that result
foresee   one that could not reach the front is cut, unless the audit draws it
train     the others, in stacks, from their ticket
measure   the integer model's accuracy, counted spikes, cost by the formulas that priced it
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hwsearch.compress.masks import sparsity_of
from hwsearch.data.datasets import resplit
from hwsearch.network.stack import Ticket
from hwsearch.predict.cost import foretell_workload
from hwsearch.search.cache import Cache
from hwsearch.search.dense import Dense
from hwsearch.search.finders import Ground, find_ticket
from hwsearch.search.foresee import Foresight, foresee, joint_of, layer_sparsity
from hwsearch.search.plan import Plan, Priced, price_on_device
from hwsearch.search.propose import LEARNS_FROM_PRUNED, Proposal, Verdict
from hwsearch.search.records import TrialRecord, objective_values
from hwsearch.search.trainer import Job, Measured, Trainer
from hwsearch.space.candidate import Candidate
from hwsearch.train.loop import Schedule


@dataclass(frozen=True)
class Lab:
    """What evaluating needs.

    Attributes:
        plan: The question.
        dense: The trained dense network: tickets are cut from it, prices foretold from its firing.
        trainer: Where stacks are trained.
        cache: Where trained networks are kept.
        sight: What candidates are foreseen with; None: all are trained.
    """

    plan: Plan
    dense: Dense
    trainer: Trainer
    cache: Cache
    sight: Foresight | None = None


@dataclass(frozen=True)
class _Draft:
    """A candidate that was priced: its record if that is all, else the ticket to train."""

    record: TrialRecord
    ticket: Ticket | None


def evaluate(
    lab: Lab,
    batch: Sequence[Proposal],
    known: Mapping[str, TrialRecord],
    on_trained: Callable[[int], None] | None = None,
) -> list[TrialRecord]:
    """Take a batch through the flow.

    Args:
        lab: Plan, dense network, trainer, cache.
        batch: Proposals, in order.
        known: Records of earlier batches, by candidate digest.
        on_trained: Called with the number of candidates of this batch that are trained so far.

    Returns:
        A record each, in the order of the batch.
    """
    drafts: list[_Draft] = []
    first: dict[str, TrialRecord] = dict(known)
    for proposal in batch:
        draft = _price(lab, proposal, first)
        first.setdefault(proposal.candidate.digest, draft.record)
        drafts.append(draft)
    if lab.sight is not None:
        drafts = _foresee(lab, lab.sight, drafts, known)
    trained = _train(lab, [draft for draft in drafts if draft.ticket is not None], on_trained)
    records = [_measure(lab.plan, d, trained[d.record.trial]) if d.ticket else d.record for d in drafts]
    return _settle_twins(records, known)


def verdict(plan: Plan, record: TrialRecord, dense: Dense) -> Verdict:
    """Return what the sampler is told of a record (facts and reasons: `propose`)."""
    constraints = _constraints(plan, record)
    scale = objective_values(plan.study.objectives, 0.0, dense.cost)
    if record.measured is not None:
        values = np.divide(record.objectives(plan.study.objectives), scale)
        return Verdict("complete", tuple(float(v) for v in values), constraints)
    if record.outcome == "failed":
        return Verdict("fail", None, constraints)
    if plan.study.search.sampler in LEARNS_FROM_PRUNED | {"random", "grid"}:
        return Verdict("pruned", None, constraints)
    # a placeholder for samplers that learn from complete trials only; its constraints keep it off every front
    # (a foreseen one is feasible: it is told as what is expected of it)
    chance = 1.0 / plan.spec.classes
    accuracy = chance if record.accuracy_foreseen is None else record.accuracy_foreseen
    values = np.divide(objective_values(plan.study.objectives, accuracy, record.predicted), scale)
    return Verdict("complete", tuple(float(v) for v in values), constraints)


def ticket_of(lab: Lab, candidate: Candidate, fresh_seed: int | None = None) -> Ticket:
    """Return the ticket of a candidate: what the study's finder lets survive, and its own bits.

    Args:
        lab: Its dense network is the one that tickets are cut from.
        candidate: The knobs.
        fresh_seed: Seed of a final training, with its own split; None: the search's.
    """
    found = find_ticket(ground_of(lab, fresh_seed), candidate)
    return Ticket(found.params, found.masks, candidate.bits(len(lab.plan.spec.layers)))


def ground_of(lab: Lab, fresh_seed: int | None = None) -> Ground:
    """Return where the tickets of a seed are looked for."""
    if fresh_seed is None:
        return Ground(lab.plan, lab.cache, lab.dense.params, lab.plan.data, lab.plan.study.seed)
    return Ground(lab.plan, lab.cache, lab.dense.params, resplit(lab.plan.data, fresh_seed), fresh_seed)


def candidate_schedule(plan: Plan) -> Schedule:
    """Return how candidates are trained."""
    train = plan.study.train
    return Schedule(train.epochs, train.batch_size, train.learning_rate, train.loss_gain, train.input_noise)


def _foresee(
    lab: Lab, sight: Foresight, drafts: Sequence[_Draft], known: Mapping[str, TrialRecord]
) -> list[_Draft]:
    """Judge the drafts that would be trained; those that are cut lose their ticket."""
    open_drafts = [draft for draft in drafts if draft.ticket is not None]
    if not open_drafts:
        return list(drafts)
    candidates = [draft.record.candidate for draft in open_drafts]
    sparsities = [layer_sparsity(d.ticket, d.record.candidate.granularity) for d in open_drafts if d.ticket]
    alike = sight.similarity.agreement(joint_of(lab.plan, candidates, sparsities))
    records = [
        replace(draft.record, similarity=float(own), layer_sparsity=sparsity)
        for draft, own, sparsity in zip(open_drafts, alike, sparsities, strict=True)
    ]
    judged = {record.trial: record for record in foresee(lab.plan, sight, known, records)}
    return [
        draft
        if draft.ticket is None
        else _Draft(record, draft.ticket if record.outcome == "trained" else None)
        for draft in drafts
        for record in [judged.get(draft.record.trial, draft.record)]
    ]


def _price(lab: Lab, proposal: Proposal, first: Mapping[str, TrialRecord]) -> _Draft:
    """Price a candidate before training; draft its record."""
    candidate, plan = proposal.candidate, lab.plan
    ticket = ticket_of(lab, candidate)
    workload = foretell_workload(
        plan.spec, ticket.masks, ticket.bits, candidate.timesteps, lab.dense.runs[candidate.timesteps]
    )
    priced = price_on_device(plan, workload)
    record = TrialRecord(
        trial=proposal.number,
        candidate=candidate,
        outcome="over_budget" if priced.faults else "trained",
        reason="; ".join(priced.faults),
        predicted=priced.fields,
        sparsity_mask=sparsity_of(ticket.masks),
        feasible=not priced.faults,
    )
    earlier = first.get(candidate.digest)
    if priced.faults or earlier is not None:
        return _Draft(record if priced.faults else replace(record, outcome="twin"), None)
    return _Draft(record, ticket)


def _train(
    lab: Lab, drafts: Sequence[_Draft], on_trained: Callable[[int], None] | None
) -> dict[int, Measured]:
    """Train drafts in stacks of one T; what was trained before is read from the cache."""
    study = lab.plan.study
    results: dict[int, Measured] = {}
    left = []
    for draft in drafts:
        cached = lab.cache.load(lab.cache.path("trained", draft.record.candidate.digest))
        if cached is None:
            left.append(draft)
        else:
            results[draft.record.trial] = cached
    timesteps = [draft.record.candidate.timesteps for draft in left]
    stacks = lab.trainer.stacks(timesteps, study.train.batch_size, study.search.stack)
    missing = [[left[i] for i in stack] for stack in stacks]
    jobs = [
        Job(
            tuple(d.ticket for d in stack if d.ticket is not None),
            stack[0].record.candidate.timesteps,
            candidate_schedule(lab.plan),
            study.seed,
        )
        for stack in missing
    ]

    def keep(index: int, measured: list[Measured]) -> None:
        for draft, own in zip(missing[index], measured, strict=True):
            lab.cache.save(lab.cache.path("trained", draft.record.candidate.digest), own)
            results[draft.record.trial] = own
        if on_trained is not None:
            on_trained(len(results))

    lab.trainer.run(jobs, keep)
    return results


def _measure(plan: Plan, draft: _Draft, measured: Measured) -> TrialRecord:
    """Complete a record with what was measured."""
    spent = replace(
        draft.record,
        train_steps=measured.train_steps,
        eval_steps=measured.eval_steps,
        wall_s=measured.wall_s,
    )
    if measured.workload is None:
        return replace(spent, outcome="failed", reason=measured.failure)
    priced: Priced = price_on_device(plan, measured.workload)
    return replace(
        spent,
        reason="; ".join(priced.faults),
        measured=priced.fields,
        workload=measured.workload,
        accuracy_val=measured.accuracy_val,
        accuracy_val_float=measured.accuracy_val_float,
        sparsity_effective=measured.sparsity_effective,
        feasible=not priced.faults,
    )


def _settle_twins(records: Sequence[TrialRecord], known: Mapping[str, TrialRecord]) -> list[TrialRecord]:
    """Give each twin the result of the trial that it repeats."""
    originals = dict(known)
    for record in records:
        if record.outcome != "twin":
            originals.setdefault(record.candidate.digest, record)
    settled = []
    for record in records:
        own = record
        if record.outcome == "twin":
            same = originals[record.candidate.digest]
            own = replace(
                same,
                trial=record.trial,
                outcome="failed" if same.outcome == "failed" else "twin",
                reason=f"the same network as trial {same.trial}",
                twin_of=same.trial,
                train_steps=0,
                eval_steps=0,
                wall_s=0.0,
            )
        settled.append(own)
    return settled


def _constraints(plan: Plan, record: TrialRecord) -> dict[str, float]:
    """Return a record's constraint values: measured where it was trained, else foretold."""
    fields = record.measured or record.predicted
    constraints = {}
    for name, limit in plan.study.device.budgets.items():
        constraints[name] = float(fields[name] or 0.0) / limit - 1.0
    worst = max(constraints.values(), default=0.0)
    # a rule of the device that is broken, beyond the study's budgets
    constraints["device_rules"] = 0.0 if record.feasible or worst > 0 else 1.0
    return constraints
