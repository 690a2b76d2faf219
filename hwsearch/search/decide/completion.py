"""Completion: how likely each candidate that the search stopped or cut is to be on the front after all.

Stopping is a choice of what to train first. When all candidates were asked, the surrogate, which has then learned from
every training, says of each that was not taken up again how likely it is to be measured on the front, trained in full.
What has a larger chance than `study.search.finish` is trained on, for as long as it has: the search ends when nothing
that was deferred promises so much. The sum of the chances that remain is how many members the front is expected to
lack.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hwsearch.records.trials import DEFERRED, TrialRecord
from hwsearch.search.decide.promotion import stopped
from hwsearch.search.decide.state import SearchState

RULED_OUT = 0.02
"""A chance below which a candidate counts as ruled out."""
_AT_ONCE = 256  # of what is not remembered


def to_complete(state: SearchState, most: int) -> list[TrialRecord]:
    """Return what was deferred with a larger chance than the search may leave, the likeliest first, so many at most."""
    records, finish = deferred(state), state.plan.study.search.finish
    if not records or not state.can_learn:
        return []
    chances = _chances(state, records)
    order = np.argsort(-chances, kind="stable")[:most]
    return [records[i] for i in order if chances[i] > finish]


def keep_likely(state: SearchState, rung: Sequence[TrialRecord]) -> list[TrialRecord]:
    """Return the records of a rung (see `promotion.promote`), with outcome ``stopped`` for those that need no more."""
    if not rung:
        return []
    chances = state.learned_with(rung).chances(rung, state.box())
    return [
        record
        if record.feasible and chance > state.plan.study.search.finish
        else stopped(state.plan, record, f"the chance to be on the front is {chance:.0%}")
        for record, chance in zip(rung, chances, strict=True)
    ]


def audited_and_dropped(state: SearchState) -> list[TrialRecord]:
    """Return what was audited and would have been dropped: by what the run knows but for their later training.

    What the search would have completed in the end was not cut.
    """
    audited = [r for r in state.records if r.audited and r.outcome == "trained" and r.feasible]
    when_cut = {r.trial: _as_cut(r) for r in audited}
    known = {name: when_cut.get(r.trial, r) for name, r in state.known.items()}
    before = replace(state, known=known)
    if not audited or not before.can_learn:
        return audited
    chances = _chances(before, list(when_cut.values()))
    finish = state.plan.study.search.finish
    return [r for r, chance in zip(audited, chances, strict=True) if chance <= finish]


def with_chances(state: SearchState, records: Sequence[TrialRecord]) -> list[TrialRecord]:
    """Return the records of a search that has ended, those with a chance that stayed deferred."""
    dropped = deferred(state)
    if not dropped or not state.can_learn:
        return list(records)
    chances = _chances(state, dropped)
    by_trial = {record.trial: float(chance) for record, chance in zip(dropped, chances, strict=True)}
    return [replace(record, chance=by_trial.get(record.trial)) for record in records]


def deferred(state: SearchState) -> list[TrialRecord]:
    """Return what was stopped or cut and not taken up again."""
    return [record for record in state.records if record.outcome in DEFERRED and record.feasible]


def _chances(state: SearchState, records: Sequence[TrialRecord]) -> np.ndarray:
    """Return [N]: how likely each is to be on the front after all; what is not remembered is looked at anew."""
    if state.memory is None:
        return state.learned.chances(records, state.box())
    shares = [records[i : i + _AT_ONCE] for i in range(0, len(records), _AT_ONCE)]
    return np.concatenate([state.learned_with(share).chances(share, state.box()) for share in shares])


def _as_cut(record: TrialRecord) -> TrialRecord:
    """Return an audited record as it was when it would have been cut."""
    return replace(record, outcome="stopped", curve=record.curve[: record.audited_after])
