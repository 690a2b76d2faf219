"""What the search leaves undone: how likely each candidate that it stopped or cut is to be on the front after all.

Stopping is a choice of what to train first. When all candidates were asked, the surrogate, which has then learned from
every training, says of each that was not taken up again how likely it is to be measured on the front, trained in full.
What has a larger chance than `study.search.finish` is trained on, for as long as it has: the search ends when nothing
is left that promises so much. The sum of the chances that remain is how many members the front is expected to lack.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from hwsearch.plan.plan import Plan
from hwsearch.records.trials import LEFT, CostFields, TrialRecord, remember
from hwsearch.search.decide.learned import box_of, learn
from hwsearch.search.decide.promotion import stopped
from hwsearch.search.stages.context import Context

RULED_OUT = 0.02
"""A chance below which a candidate counts as ruled out."""
_LEAST_LEARNED = 2


def unfinished(
    plan: Plan, similar: bool, known: Mapping[str, TrialRecord], dense: tuple[CostFields, float]
) -> list[TrialRecord]:
    """Return what was left with a larger chance than the search may leave, the likeliest first, a batch at most.

    Args:
        plan: The question.
        similar: Whether similarity is to be used.
        known: Records so far, by candidate digest.
        dense: Costs and error of the dense network.
    """
    left = left_of(known.values())
    if not left or sum(bool(record.curve) for record in known.values()) < _LEAST_LEARNED:
        return []
    chances = chances_of(plan, similar, list(known.values()), left, dense)
    order = np.argsort(-chances, kind="stable")[: plan.study.search.batch]
    return [left[i] for i in order if chances[i] > plan.study.search.finish]


def keep_likely(
    plan: Plan,
    dense_cost: CostFields,
    dense_error: float,
    similar: bool,
    known: Sequence[TrialRecord],
    standing: Sequence[TrialRecord],
) -> list[TrialRecord]:
    """Return the records of a rung (see `rungs.judge`), with outcome ``stopped`` for those that need no finishing."""
    if not standing:
        return []
    learned = learn(plan, similar, known, standing)
    chances = learned.chances(standing, box_of(plan, (dense_cost, dense_error)))
    return [
        record
        if record.feasible and chance > plan.study.search.finish
        else stopped(plan, record, f"the chance to be on the front is {chance:.0%}")
        for record, chance in zip(standing, chances, strict=True)
    ]


def audit_of(context: Context, records: Sequence[TrialRecord]) -> list[TrialRecord]:
    """Return what was audited and would have been left for good: by what the run knows but for their later training.

    What the search would have finished in the end was not cut.
    """
    known: dict[str, TrialRecord] = {}
    for record in records:
        remember(known, record)
    audited = [r for r in known.values() if r.audited and r.outcome == "trained" and r.feasible]
    then = {r.trial: _as_cut(r) for r in audited}
    before = [then.get(r.trial, r) for r in known.values()]
    if not audited or sum(bool(r.curve) for r in before) < _LEAST_LEARNED:
        return audited
    chances = chances_of(
        context.plan, context.similar, before, list(then.values()), (context.dense.cost, context.dense.error)
    )
    finish = context.plan.study.search.finish
    return [r for r, chance in zip(audited, chances, strict=True) if chance <= finish]


def _as_cut(record: TrialRecord) -> TrialRecord:
    """Return an audited record as it was when it would have been cut."""
    return replace(record, outcome="stopped", curve=record.curve[: record.audited_after])


def weighed(context: Context, records: Sequence[TrialRecord]) -> list[TrialRecord]:
    """Return the records of a search that has ended, those with a chance that were left."""
    known: dict[str, TrialRecord] = {}
    for record in records:
        remember(known, record)
    left = left_of(known.values())
    if not left or sum(bool(record.curve) for record in known.values()) < _LEAST_LEARNED:
        return list(records)
    chances = chances_of(
        context.plan, context.similar, list(known.values()), left, (context.dense.cost, context.dense.error)
    )
    own = {record.trial: float(chance) for record, chance in zip(left, chances, strict=True)}
    return [replace(record, chance=own.get(record.trial)) for record in records]


def left_of(known: Iterable[TrialRecord]) -> list[TrialRecord]:
    """Return what was stopped or cut, of records that are the last of their candidates."""
    return [record for record in known if record.outcome in LEFT and record.feasible]


def chances_of(
    plan: Plan,
    similar: bool,
    known: Sequence[TrialRecord],
    left: Sequence[TrialRecord],
    dense: tuple[CostFields, float],
) -> np.ndarray:
    """Return the chances [N] of what was left; ``dense``: costs and error of the dense network."""
    return learn(plan, similar, known).chances(left, box_of(plan, dense))
