"""Foreseeing: which priced candidates need no training, because they could not reach the front.

Before the search the dense network is probed, and random candidates are run once, without training, to settle the
similarity estimator on most of them and to measure its quality on the rest, on other inputs. Both use inputs that the
dense network was not trained on (their labels stay unread): on those that it was, compressed networks agree with it
more often. In the search the surrogate is fitted anew for every batch on the trials that were trained. A candidate is
cut when some trained trial costs no more than it could cost at least, and is at least as accurate as it could become;
or when it is foretold to behave like such a trial on nearly all inputs: its twin. (Of neighbours in the tabular
benchmark that are alike on 98 % or more, the dearer is better by half a point in less than 1 %.) A drawn share of what
is cut is trained all the same: the audit, which alone can say how often cutting is wrong. With few trained trials
nothing is cut.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from hwsearch.plan.plan import Plan
from hwsearch.predict.quality import Calibration
from hwsearch.predict.surrogate import accuracy_of
from hwsearch.records.trials import TrialRecord
from hwsearch.search.decide.learned import Learned, joint_of, learn

LEAST_TRAINED = 12
"""Trained trials below which nothing is cut."""
_DRAW = 0x5EE
_DEVIATIONS, _DEVIATIONS_IF_POOR = 2.33, 3.0


def foresee(
    plan: Plan, sight: Calibration, known: Mapping[str, TrialRecord], drafts: Sequence[TrialRecord]
) -> list[TrialRecord]:
    """Return the drafts with what is foreseen of them: outcome ``foreseen`` for those that are cut.

    Args:
        plan: The question.
        sight: Similarity and its quality.
        known: Records of earlier batches.
        drafts: Priced records that are to be trained.
    """
    trained = [r for r in known.values() if r.outcome == "trained" and r.accuracy_val is not None]
    if len(trained) < LEAST_TRAINED or not drafts:
        return list(drafts)
    learned = learn(plan, not sight.quality.poor, list(known.values()))
    mean, sd = learned.predict(drafts, begun=True)
    deviations = _DEVIATIONS_IF_POOR if sight.quality.poor else _DEVIATIONS
    most = accuracy_of(mean + deviations * np.hypot(sd, learned.surrogate.noise))
    expected = accuracy_of(mean)
    judged = [
        _judge(plan, learned, trained, replace(draft, accuracy_foreseen=float(e), accuracy_most=float(m)))
        for draft, e, m in zip(drafts, expected, most, strict=True)
    ]
    if sight.quality.poor or plan.study.search.twins >= 1:
        return judged
    return [_twin(plan, sight, learned, draft) for draft in judged]


def _judge(plan: Plan, learned: Learned, trained: Sequence[TrialRecord], draft: TrialRecord) -> TrialRecord:
    """Cut a draft that a trained trial must dominate, unless the audit draws it."""
    no_dearer = _no_dearer(learned, trained, draft)
    better = next((r for r in no_dearer if (r.accuracy_val or 0.0) >= (draft.accuracy_most or 1.0)), None)
    if better is None:
        return draft
    reason = f"{draft.accuracy_most:.1%} at most is foreseen: trial {better.trial} is as accurate and costs no more"
    return _cut(plan, draft, "foreseen", reason)


def _twin(plan: Plan, sight: Calibration, learned: Learned, draft: TrialRecord) -> TrialRecord:
    """Cut a draft that is foretold to behave like a trained trial that costs no more, unless the audit draws it."""
    others = _no_dearer(learned, learned.finished, draft)
    if draft.outcome != "trained" or draft.audited or draft.curve or not others:
        return draft
    pairs = [draft] * len(others), others
    one, other = (
        joint_of(plan, [r.candidate for r in own], [r.layer_sparsity or () for r in own]) for own in pairs
    )
    alike = sight.similarity.alike(one, other)
    nearest = int(alike.argmax())
    if alike[nearest] < plan.study.search.twins:
        return draft
    same = others[nearest]
    reason = (
        f"alike to trial {same.trial} on {alike[nearest]:.1%} of inputs, as foretold, which costs no more"
    )
    return replace(_cut(plan, draft, "twin", reason), twin_of=same.trial)


def _cut(plan: Plan, draft: TrialRecord, outcome: str, reason: str) -> TrialRecord:
    drawn = np.random.default_rng([plan.study.seed, _DRAW, draft.trial]).random() < plan.study.search.audit
    return replace(draft, audited=True) if drawn else replace(draft, outcome=outcome, reason=reason)


def _no_dearer(learned: Learned, trained: Sequence[TrialRecord], draft: TrialRecord) -> list[TrialRecord]:
    """Return the trained, feasible trials that are sure to cost no more than a draft in anything."""
    least = {
        name: float(draft.predicted[name] or 0.0) * min(1.0, *shares)
        for name, shares in learned.shares(draft).items()
    }
    return [
        record
        for record in trained
        if record.feasible
        and all(float((record.measured or {})[name] or 0.0) <= own for name, own in least.items())
    ]
