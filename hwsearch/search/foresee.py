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

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import spearmanr

from hwsearch.network.stack import Ticket
from hwsearch.predict.changes import Asked
from hwsearch.predict.flip_rate import flip_rate
from hwsearch.predict.margin_gradient import margin_gradient
from hwsearch.predict.probe_and_add import probe_and_add
from hwsearch.predict.probes import Probes, one_shot_logits, probe
from hwsearch.predict.similarity import Estimator, Similarity, calibrated
from hwsearch.predict.surrogate import accuracy_of
from hwsearch.search.cache import Cache
from hwsearch.search.dense import Dense, dense_ticket
from hwsearch.search.kept_probes import Probed, load_probed, save_probed
from hwsearch.search.outlook import Learned, joint_of, learn
from hwsearch.search.plan import REFERENCE_BITS, Plan
from hwsearch.search.records import TrialRecord
from hwsearch.space.candidate import Candidate
from hwsearch.train.machine import OneThread

LEAST_TRAINED = 12
"""Trained trials below which nothing is cut."""
JUDGING = 32
"""Candidates that the quality of similarity is measured on."""
_PROBED, _JUDGED = 128, 256  # inputs, at most
_SETTLING, _SETTLING_IF_TRAINED, _DRAW = 192, 48, 0x5EE
_POOR_SPEARMAN = 0.7
_DEVIATIONS, _DEVIATIONS_IF_POOR = 2.33, 3.0

TicketOf = Callable[[Candidate], Ticket]


@dataclass(frozen=True)
class Quality:
    """How well similarity foretold the agreement of candidates and inputs that it was not settled on.

    Attributes:
        n: Candidates.
        spearman, mae: Of predicted against measured agreements.
        brier: Mean squared difference of the prediction and each input's agreement (0 or 1).
        ece: Expected calibration error, bins of equal size.
    """

    n: int
    spearman: float
    mae: float
    brier: float
    ece: float

    @property
    def poor(self) -> bool:
        """Whether it is left out of the surrogate."""
        return self.spearman < _POOR_SPEARMAN


@dataclass(frozen=True, eq=False)
class Foresight:
    """What is needed to foresee.

    Attributes:
        similarity: The settled estimator.
        quality: How good it is here.
        eval_steps: Samples times timesteps pushed forward for both.
    """

    similarity: Similarity
    quality: Quality
    eval_steps: int


def foresight(
    plan: Plan, dense: Dense, ticket_of: TicketOf, judging: int = JUDGING, cache: Cache | None = None
) -> Foresight:
    """Probe the dense network, settle the estimator and measure its quality.

    Args:
        plan: The question.
        dense: The trained dense network.
        ticket_of: What gives a candidate's ticket.
        judging: Candidates that the quality is measured on.
        cache: Where what was measured is kept, for a run that goes on; None: nowhere.
    """
    rng = np.random.default_rng([plan.study.seed, _DRAW])
    x, other = _inputs_of(plan, rng)
    # other finders train for the tickets that are settled on
    n = _SETTLING if plan.study.tickets.finder == "magnitude" else _SETTLING_IF_TRAINED
    candidates = [plan.space.candidate(plan.space.draw(rng)) for _ in range(n + judging)]
    tickets = [ticket_of(candidate) for candidate in candidates]
    sparsities = [
        layer_sparsity(ticket, c.granularity) for ticket, c in zip(tickets, candidates, strict=True)
    ]
    joint = joint_of(plan, candidates, sparsities)
    timesteps = min(plan.space.timesteps)
    path = None if cache is None else cache.path("probes", judging)
    probed = None if path is None else load_probed(path)
    with OneThread():
        if probed is None:
            settled = one_shot_agreement(plan, dense, tickets[:n], x).mean(1)
            agree = one_shot_agreement(plan, dense, tickets[n:], other)
            probed = Probed(_probes(plan, dense, x, timesteps), settled, agree)
            if path is not None:
                save_probed(path, probed)
        estimator = _estimator(plan, dense, x, timesteps, probed.probes)
    spent = (n + 1) * len(x) * timesteps
    similarity = calibrated(estimator, joint[slice(0, n)], probed.settled, spent)
    quality = quality_of(similarity.agreement(joint[slice(n, None)]), probed.agree)
    judged = (judging + 1) * len(other) * timesteps
    return Foresight(similarity, quality, similarity.eval_steps + judged)


def _probes(plan: Plan, dense: Dense, x: np.ndarray, timesteps: int) -> Probes | None:
    """Return the probes of the study's estimator, if it takes any."""
    if plan.study.search.similarity != "probe_and_add":
        return None
    return probe(plan.spec, dense.params, x, _asked(plan, timesteps))


def _asked(plan: Plan, timesteps: int) -> Asked:
    return Asked(plan.space.granularity, plan.space.weight_bits, REFERENCE_BITS, timesteps)


def _estimator(plan: Plan, dense: Dense, x: np.ndarray, timesteps: int, probes: Probes | None) -> Estimator:
    """Return what the study foretells agreement by, made of the dense network's behaviour on x."""
    if probes is not None:
        return probe_and_add(probes)
    make = margin_gradient if plan.study.search.similarity == "margin_gradient" else flip_rate
    return make(plan.spec, dense.params, x, _asked(plan, timesteps))


def one_shot_agreement(plan: Plan, dense: Dense, tickets: Sequence[Ticket], x: np.ndarray) -> np.ndarray:
    """Return [K, B] booleans: whether a ticket, as it stands, predicts what the dense network predicts.

    What similarity foretells, measured: one forward pass a ticket at the shortest T.
    """
    whole = replace(dense_ticket(plan, plan.study.seed), params=dense.params)
    logits = one_shot_logits(plan.spec, [whole, *tickets], x, min(plan.space.timesteps))
    agree: np.ndarray = logits[1:].argmax(-1) == logits[0].argmax(-1)
    return agree


def _inputs_of(plan: Plan, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs to probe and settle on, and others to judge on: halves of the validation split, or less.

    A small half is filled up with training inputs.
    """
    unseen = plan.data.x_val[rng.permutation(len(plan.data.x_val))]
    n = min(_PROBED, len(unseen) // 2)
    seen = plan.data.x_train[rng.permutation(len(plan.data.x_train))[: _PROBED - n]]
    return np.concatenate([unseen[:n], seen]), unseen[n : n + _JUDGED]


def quality_of(predicted: np.ndarray, agree: np.ndarray) -> Quality:
    """Return the quality of predicted agreements [N] against what each input did [N, B] (booleans)."""
    measured = agree.mean(1)
    bins = np.array_split(np.argsort(predicted, kind="stable"), min(10, len(predicted)))
    gaps = [len(b) * abs(float(predicted[b].mean() - measured[b].mean())) for b in bins]
    constant = np.ptp(predicted) == 0 or np.ptp(measured) == 0
    return Quality(
        n=len(predicted),
        spearman=0.0 if constant else float(spearmanr(predicted, measured).statistic),
        mae=float(np.abs(predicted - measured).mean()),
        brier=float(((predicted[:, None] - agree) ** 2).mean()),
        ece=sum(gaps) / len(predicted),
    )


def layer_sparsity(ticket: Ticket, granularity: str) -> tuple[float, ...]:
    """Return the fraction of each layer that its mask removes: of output channels for ``channel``, else of weights."""
    if granularity == "channel":
        return tuple(float(1 - mask.reshape(len(mask), -1).any(1).mean()) for mask in ticket.masks)
    return tuple(float(1 - mask.mean()) for mask in ticket.masks)


def foresee(
    plan: Plan, sight: Foresight, known: Mapping[str, TrialRecord], drafts: Sequence[TrialRecord]
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


def _twin(plan: Plan, sight: Foresight, learned: Learned, draft: TrialRecord) -> TrialRecord:
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
