"""Promotion: candidates are trained a little, judged, and only the most promising third trains on.

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
from hwsearch.records.trials import TrialRecord
from hwsearch.search.decide.features import training_name
from hwsearch.search.decide.hypervolume_gain import choose
from hwsearch.search.decide.state import SearchState

_REDUCTION, _DRAW = 3, 0x5709  # one in so many trains on
_OTHERS = "others promised more for the training"
_LEARNED = 0.1  # share of the way from guessing to the dense network that is to be made in the first rung


def promote(state: SearchState, rung: Sequence[TrialRecord]) -> list[TrialRecord]:
    """Return the records of a rung, with outcome ``stopped`` for those that do not train on.

    Args:
        state: What was known before the batch.
        rung: Records that have just finished a rung, not the last one.
    """
    promoted = _promoted(state, rung)
    return [
        record
        if record.feasible and (record.trial in promoted or record.audited)
        else stopped(state.plan, record, _OTHERS)
        for record in rung
    ]


def _promoted(state: SearchState, rung: Sequence[TrialRecord]) -> set[int]:
    """Return the trials that promise most, of those that keep the budgets and have learned something."""
    if len(rung) < 2:
        return {record.trial for record in rung}
    floor = _floor(state)
    sound = [record for record in rung if record.feasible and record.curve[-1] > floor]
    if not sound:
        return set()
    plan, learned = state.plan, state.learned_with(rung)
    rng = np.random.default_rng([plan.study.seed, _DRAW, rung[0].trial, len(rung[0].curve)])
    reached, ahead = learned.draws(learned.finished, sound, rng)
    steps = np.array([steps_ahead(plan, record) for record in sound], float)
    best = choose(state.box(), reached, ahead, steps, -(-len(rung) // _REDUCTION))
    return {sound[index].trial for index in best}


def _floor(state: SearchState) -> float:
    """Return the score up to which a network has learned nothing yet: a little above always the largest class."""
    chance = state.plan.constant_score
    return chance + _LEARNED * max(0.0, 1.0 - state.dense_error - chance)


def stopped(plan: Plan, record: TrialRecord, why: str) -> TrialRecord:
    """Stop a record, unless the audit draws it (once for all of its training).

    What measured over budget is always stopped: no training could bring it to the front.
    """
    rng = np.random.default_rng([plan.study.seed, _DRAW, training_name(record)])
    if record.feasible and rng.random() < plan.study.search.audit:
        return replace(record, audited=True, audited_after=len(record.curve))
    epochs = sum(plan.cycles[: len(record.curve)])
    reason = f"after {epochs} of {plan.study.train.epochs} epochs {why if record.feasible else record.reason}"
    return replace(record, outcome="stopped", reason=reason)
