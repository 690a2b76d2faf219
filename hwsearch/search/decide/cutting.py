"""Cutting: which priced candidates need no training, because they could not reach the front.

The surrogate is fitted anew for every batch on the trials that were trained. A candidate is cut when some trained trial
costs no more than it could cost at least, and is at least as accurate as it could become; or when it is predicted to
behave like such a trial on nearly all inputs: its lookalike. (Of neighbours in the tabular benchmark that are alike on
98 % or more, the costlier is better by half a point in less than 1 %.) A drawn share of what is cut is trained all the
same: the audit, which alone can say how often cutting is wrong. With few trained trials nothing is cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hwsearch.measure.scores import most_lost
from hwsearch.predict.joint import Joint, joint_of
from hwsearch.predict.surrogate import accuracy_of
from hwsearch.records.trials import TrialRecord
from hwsearch.search.decide.front import cost_names
from hwsearch.search.decide.state import SearchState

LEAST_TRAINED = 12
"""Trained trials below which nothing is cut."""
_DRAW = 0x5EE
_DEVIATIONS, _DEVIATIONS_IF_POOR = 2.33, 3.0


def cut(state: SearchState, candidates: Sequence[TrialRecord]) -> list[TrialRecord]:
    """Return the records of a batch with what is predicted of them; those that are cut have their outcome.

    Args:
        state: What is known; without a similarity estimator nothing is cut.
        candidates: Priced, and to be trained unless they are cut here.
    """
    trained = [r for r in state.remembered if r.outcome == "trained" and r.accuracy_val is not None]
    if not state.calibrations or len(trained) < LEAST_TRAINED or not candidates:
        return list(candidates)
    mean, sd = state.learned.predict(candidates, begun=True)
    deviations = _DEVIATIONS if state.trusts_similarity else _DEVIATIONS_IF_POOR
    most = accuracy_of(mean + deviations * np.hypot(sd, state.learned.surrogate.noise))
    expected = accuracy_of(mean)
    predicted = [
        record.expecting(float(e), float(m), state.plan.study.score)
        for record, e, m in zip(candidates, expected, most, strict=True)
    ]
    cheaper = _Trials(state, trained)
    judged = [_cut_if_dominated(state, cheaper, record) for record in predicted]
    if not state.trusts_similarity or state.plan.study.search.twins >= 1:
        return judged
    return _cut_alike(state, judged)


def _cut_if_dominated(state: SearchState, trained: _Trials, record: TrialRecord) -> TrialRecord:
    """Cut a candidate that a trained trial must dominate, unless the audit draws it."""
    cheaper = trained.no_costlier(record)
    better = next((r for r in cheaper if (r.score or 0.0) >= (record.most or 1.0)), None)
    if better is None:
        return record
    reason = f"{record.most:.1%} at most is foreseen: trial {better.trial} is as accurate and costs no more"
    return _cut_unless_audited(state, record, "foreseen", reason)


def _cut_alike(state: SearchState, records: Sequence[TrialRecord]) -> list[TrialRecord]:
    """Cut candidates that are predicted to behave like a trained one that costs no more, unless the audit draws them.

    The estimator compares candidates of one network as they are before their membranes have a width: with others none
    is compared.
    """
    judged, finished = list(records), list(state.learned.finished)
    kinds = {
        kind: _Trials(state, [r for r in finished if _kind(r) == kind]) for kind in set(map(_kind, finished))
    }
    others = {
        place: kinds[_kind(record)].no_costlier(record)
        for place, record in enumerate(judged)
        if not (record.outcome is not None or record.audited or record.curve) and _kind(record) in kinds
    }
    for number, calibration in enumerate(state.calibrations):
        places = [p for p, found in others.items() if found and judged[p].candidate.network == number]
        if not places:
            continue
        first = _joint(state, [judged[place] for place in places])
        second = _joint(state, [other for place in places for other in others[place]])
        counts = [len(others[place]) for place in places]
        alike = calibration.similarity.alike(first[np.repeat(np.arange(len(places)), counts)], second)
        for place, shares in zip(places, np.split(alike, np.cumsum(counts)[:-1]), strict=True):
            judged[place] = _cut_if_alike(state, judged[place], others[place], shares)
    return judged


def _cut_if_alike(
    state: SearchState, record: TrialRecord, others: Sequence[TrialRecord], alike: np.ndarray
) -> TrialRecord:
    """Cut a candidate whose nearest of others, by shares of inputs [N] on which it is alike, is near enough."""
    nearest = int(alike.argmax())
    if alike[nearest] < _share_of_twins(state):
        return record
    same = others[nearest]
    reason = (
        f"alike to trial {same.trial} on {alike[nearest]:.1%} of inputs, as predicted, which costs no more"
    )
    return replace(_cut_unless_audited(state, record, "lookalike", reason), twin_of=same.trial)


def _share_of_twins(state: SearchState) -> float:
    """Return the share of inputs on which two must behave alike for one to stand for the other.

    What `search.twins` leaves is meant as a loss of score. Where all that differs could be one small class, whose
    inputs count for more than their share, less may differ (`most_lost`).
    """
    study = state.plan.study
    if study.score == "accuracy":
        return study.search.twins
    return 1.0 - (1.0 - study.search.twins) / most_lost(1.0, state.plan.samples_val, study.score)


def _cut_unless_audited(state: SearchState, record: TrialRecord, outcome: str, reason: str) -> TrialRecord:
    search, seed = state.plan.study.search, state.plan.study.seed
    drawn = np.random.default_rng([seed, _DRAW, record.trial]).random() < search.audit
    return replace(record, audited=True) if drawn else replace(record, outcome=outcome, reason=reason)


class _Trials:
    """Trained, feasible trials with what they cost."""

    def __init__(self, state: SearchState, trained: Sequence[TrialRecord]) -> None:
        self._learned, self._trials = state.learned, [trial for trial in trained if trial.feasible]
        names = cost_names(state.plan)
        costs = [[float((trial.measured or {})[name] or 0.0) for name in names] for trial in self._trials]
        self._costs = np.array(costs).reshape(len(costs), len(names))

    def no_costlier(self, record: TrialRecord) -> list[TrialRecord]:
        """Return those that are sure to cost no more than a candidate in anything."""
        shares = self._learned.shares(record)
        least = [float(record.predicted[name] or 0.0) * min(1.0, each.min()) for name, each in shares.items()]
        return [self._trials[row] for row in np.flatnonzero((self._costs <= least).all(1))]


def _kind(record: TrialRecord) -> tuple[int, int | None]:
    """Return a candidate's network and its width of membranes."""
    return record.candidate.network, record.candidate.state_bits


def _joint(state: SearchState, records: Sequence[TrialRecord]) -> Joint:
    """Return candidates of one network as arrays."""
    candidates = [record.candidate for record in records]
    sparsities = [record.layer_sparsity or () for record in records]
    spec = state.plan.networks[candidates[0].network]
    return joint_of(candidates, sparsities, spec.connections)
