"""One batch of candidates through the whole flow: read this first.

price     a candidate over a budget or rule is told so and not trained
twin      one that was evaluated before, under whatever spelling, takes that result
foresee   one that could not reach the front is cut, or that behaves like a trained one, unless the audit draws it
train     the others, in stacks, from their ticket; rung by rung, and after each the less promising stop
measure   the integer model's accuracy, counted spikes, cost by the formulas that priced it (after every rung)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from hwsearch.compress.masks import sparsity_of
from hwsearch.plan.plan import Plan
from hwsearch.plan.pricing import price_on_device
from hwsearch.predict.cost import predict_workload
from hwsearch.predict.process import NOT_BEGUN
from hwsearch.predict.quality import Calibration
from hwsearch.records.trials import TrialRecord, objective_values, remember
from hwsearch.search.decide.completion import keep_likely
from hwsearch.search.decide.cutting import foresee
from hwsearch.search.decide.learned import joint_of, training_of
from hwsearch.search.optuna_study import Proposal, Verdict
from hwsearch.search.samplers import LEARNS_FROM_PRUNED
from hwsearch.search.stages.calibration import layer_sparsity
from hwsearch.search.stages.context import Context, Draft
from hwsearch.search.stages.dense import Dense
from hwsearch.search.stages.rungs import ascend
from hwsearch.search.stages.tickets import ticket_of
from hwsearch.space.space import Setting
from hwsearch.study.search_sections import UNRANKED

_MOST_LOOKED = 4096  # small spaces are looked at over and over


def evaluate(
    context: Context,
    batch: Sequence[Proposal],
    known: Mapping[str, TrialRecord],
    on_trained: Callable[[int], None] | None = None,
) -> list[TrialRecord]:
    """Take a batch through the flow.

    Args:
        context: Plan, dense network, trainer, cache.
        batch: Proposals, in order.
        known: Records of earlier batches, by candidate digest.
        on_trained: Called with the number of candidates of this batch that are trained so far.

    Returns:
        A record each, in the order of the batch.
    """
    drafts: list[Draft] = []
    first: dict[str, TrialRecord] = dict(known)
    for proposal in batch:
        draft = _price(context, proposal, first)
        if draft.ticket is not None:  # it is trained, or goes on: a repeat in this batch is its twin
            first[proposal.candidate.digest] = draft.record
        else:
            first.setdefault(proposal.candidate.digest, draft.record)
        drafts.append(draft)
    if context.sight is not None:
        drafts = _foresee(context, context.sight, drafts, known)
    drafts = ascend(context, drafts, known, on_trained)
    return _settle_twins([draft.record for draft in drafts], known)


def finish(
    context: Context,
    batch: Sequence[Proposal],
    known: Mapping[str, TrialRecord],
    on_trained: Callable[[int], None] | None = None,
) -> list[TrialRecord]:
    """Train on what was stopped or cut, for as long as it is likely to be on the front; see ``evaluate``."""
    stopped = {name: record for name, record in known.items() if record.outcome == "stopped"}
    drafts = _liken(context, [_price(context, proposal, stopped) for proposal in batch])
    records = [draft.record for draft in ascend(context, drafts, known, on_trained, keep_likely)]
    return [replace(record, finishing=True) for record in records]


def look(context: Context, settings: Sequence[Setting]) -> list[TrialRecord]:
    """Price settings that nobody proposed yet: records with their similarity, as if each were to be trained."""
    candidates = {own.digest: own for own in (context.plan.space.candidate(setting) for setting in settings)}
    fresh = [own for name, own in candidates.items() if name not in context.looked]
    drafts = _liken(context, [_price(context, Proposal(NOT_BEGUN, own), {}) for own in fresh])
    seen = {name: context.looked[name] for name in candidates if name in context.looked}
    seen |= {draft.record.candidate.digest: draft.record for draft in drafts}
    if len(context.looked) > _MOST_LOOKED:
        context.looked.clear()
    context.looked.update(seen)
    return [seen[context.plan.space.candidate(setting).digest] for setting in settings]


def verdict(plan: Plan, record: TrialRecord, dense: Dense) -> Verdict:
    """Return what the sampler is told of a record (facts and reasons: `propose`)."""
    constraints = _constraints(plan, record)
    scale = objective_values(plan.study.objectives, 0.0, dense.cost)
    unfinished = len(record.curve) < len(plan.cycles) and plan.study.search.sampler in LEARNS_FROM_PRUNED
    if record.measured is not None and not unfinished:
        values = np.divide(record.objectives(plan.study.objectives), scale)
        return Verdict("complete", tuple(float(v) for v in values), constraints)
    if record.outcome == "failed":
        return Verdict("fail", None, constraints)
    if plan.study.search.sampler in LEARNS_FROM_PRUNED.union(UNRANKED):
        return Verdict("pruned", None, constraints)
    # a placeholder for samplers that learn from complete trials only; its constraints keep it off every front
    # (a foreseen one is feasible: it is told as what is expected of it)
    accuracy = plan.largest_class_share if record.accuracy_foreseen is None else record.accuracy_foreseen
    values = np.divide(objective_values(plan.study.objectives, accuracy, record.predicted), scale)
    return Verdict("complete", tuple(float(v) for v in values), constraints)


def _foresee(
    context: Context, sight: Calibration, drafts: Sequence[Draft], known: Mapping[str, TrialRecord]
) -> list[Draft]:
    """Judge the drafts that would be trained; those that are cut lose their ticket."""
    with context.thinking:
        likened = _liken(context, drafts)
        records = [draft.record for draft in likened if draft.ticket is not None]
        judged = {record.trial: record for record in foresee(context.plan, sight, known, records)}
    return [
        Draft(record, draft.ticket if record.outcome == "trained" else None)
        for draft in likened
        for record in [judged.get(draft.record.trial, draft.record)]
    ]


def _liken(context: Context, drafts: Sequence[Draft]) -> list[Draft]:
    """Give drafts with a ticket their similarity, if the run has an estimator."""
    rows = [index for index, draft in enumerate(drafts) if draft.ticket is not None]
    if context.sight is None or not rows:
        return list(drafts)
    records = [drafts[index].record for index in rows]
    sparsities = [record.layer_sparsity or () for record in records]
    joint = joint_of(context.plan, [record.candidate for record in records], sparsities)
    likened = list(drafts)
    for index, own in zip(rows, context.sight.similarity.agreement(joint), strict=True):
        draft = drafts[index]
        likened[index] = replace(draft, record=replace(draft.record, similarity=float(own)))
    return likened


def _price(context: Context, proposal: Proposal, first: Mapping[str, TrialRecord]) -> Draft:
    """Price a candidate before training; draft its record."""
    candidate, plan = proposal.candidate, context.plan
    ticket = ticket_of(context, candidate)
    firing = context.dense.runs[candidate.timesteps]
    workload = predict_workload(
        plan.spec, ticket.masks, ticket.bits, candidate.timesteps, firing, context.counted
    )
    priced = price_on_device(plan, workload)
    record = TrialRecord(
        trial=proposal.number,
        candidate=candidate,
        outcome="over_budget" if priced.faults else "trained",
        reason="; ".join(priced.faults),
        predicted=priced.fields,
        sparsity_mask=sparsity_of(ticket.masks),
        layer_sparsity=layer_sparsity(ticket, candidate.granularity),
        feasible=not priced.faults,
    )
    earlier = first.get(candidate.digest)
    if earlier is not None and earlier.outcome == "stopped" and earlier.feasible:
        return Draft(replace(record, began=training_of(earlier), curve=earlier.curve), ticket)
    if priced.faults or earlier is not None:
        return Draft(record if priced.faults else replace(record, outcome="twin"), None)
    return Draft(record, ticket)


def _settle_twins(records: Sequence[TrialRecord], known: Mapping[str, TrialRecord]) -> list[TrialRecord]:
    """Give each twin the result of the trial that it repeats."""
    originals = dict(known)
    for record in records:
        if record.outcome != "twin" or record.twin_of is not None:
            remember(originals, record)
    settled = []
    for record in records:
        own = record
        if record.outcome == "twin" and record.twin_of is None:
            same = originals[record.candidate.digest]
            own = replace(
                same,
                trial=record.trial,
                outcome="failed" if same.outcome == "failed" else "twin",
                reason=f"the same network as trial {same.trial}",
                twin_of=same.trial,
                finishing=False,
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
    # a rule of the device that is broken, beyond the study's budgets; or a network that knows nothing in the end
    ignorant = not record.skilled and record.outcome != "stopped"
    constraints["device_rules"] = 0.0 if (record.feasible or worst > 0) and not ignorant else 1.0
    return constraints
