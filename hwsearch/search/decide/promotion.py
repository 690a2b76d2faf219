"""Rungs: candidates are trained a little, judged, and only the most promising third trains on.

A rung is a training of its own that starts from the last one's weights with a fresh cosine: every rung ends with an
annealed network, and its accuracy says more than that of a schedule cut off. Candidates of a rung had the same epochs.
Promising is who has the largest expected gain of hypervolume for each train_step that it still needs. What was stopped
is kept, and may be proposed again: it goes on where it stopped. A drawn share of the stopped goes on all the same: the
audit. What measured over a budget does not go on, however promising. With one rung nobody is stopped.

Source: Jamieson and Talwalkar 2016 (successive halving), here over expected gains in place of losses, with a floor: a
tiny network that still guesses does not train on, however small it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hwsearch.plan.plan import Plan
from hwsearch.plan.pricing import steps_ahead
from hwsearch.records.trials import CostFields, TrialRecord
from hwsearch.search.decide.hypervolume_gain import choose
from hwsearch.search.decide.learned import box_of, learn, training_of

_KEEP, _DRAW = 3, 0x5709  # one in so many trains on
_OTHERS = "others promised more for the training"
_LEARNED = 0.1  # share of the way from guessing to the dense network that is to be made in the first rung


def judge(
    plan: Plan,
    dense_cost: CostFields,
    dense_error: float,
    similar: bool,
    known: Sequence[TrialRecord],
    standing: Sequence[TrialRecord],
) -> list[TrialRecord]:
    """Return the records of a rung, with outcome ``stopped`` for those that do not train on.

    Args:
        plan: The question.
        dense_cost: Of the dense network, by column.
        dense_error: Of the dense network.
        similar: Whether similarity is to be used.
        known: Records of earlier batches.
        standing: Records that have just finished a rung, not the last one.
    """
    going = _promoted(plan, (dense_cost, dense_error), similar, known, standing)
    return [
        record
        if record.feasible and (record.trial in going or record.audited)
        else stopped(plan, record, _OTHERS)
        for record in standing
    ]


def _promoted(
    plan: Plan,
    dense: tuple[CostFields, float],
    similar: bool,
    known: Sequence[TrialRecord],
    standing: Sequence[TrialRecord],
) -> set[int]:
    """Return the trials that promise most, of those that keep the budgets and have learned something."""
    if len(standing) < 2:
        return {record.trial for record in standing}
    floor = _floor(plan, dense[1])
    sound = [record for record in standing if record.feasible and record.curve[-1] > floor]
    if not sound:
        return set()
    learned = learn(plan, similar, known, standing)
    rng = np.random.default_rng([plan.study.seed, _DRAW, standing[0].trial, len(standing[0].curve)])
    reached, ahead = learned.draws(learned.finished, sound, rng)
    steps = np.array([steps_ahead(plan, record) for record in sound], float)
    promoted = choose(box_of(plan, dense), reached, ahead, steps, -(-len(standing) // _KEEP))
    return {sound[index].trial for index in promoted}


def _floor(plan: Plan, dense_error: float) -> float:
    """Return the accuracy up to which a network has learned nothing yet: a little above the largest class's share."""
    chance = plan.largest_class_share
    return chance + _LEARNED * max(0.0, 1.0 - dense_error - chance)


def stopped(plan: Plan, record: TrialRecord, why: str) -> TrialRecord:
    """Stop a record, unless the audit draws it (once for all of its training).

    What measured over budget is always stopped: no training could bring it to the front.
    """
    rng = np.random.default_rng([plan.study.seed, _DRAW, training_of(record)])
    if record.feasible and rng.random() < plan.study.search.audit:
        return replace(record, audited=True, audited_after=len(record.curve))
    epochs = sum(plan.cycles[: len(record.curve)])
    reason = f"after {epochs} of {plan.study.train.epochs} epochs {why if record.feasible else record.reason}"
    return replace(record, outcome="stopped", reason=reason)
