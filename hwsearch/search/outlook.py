"""What is expected of candidates: the surrogate of a run, its front, and what each candidate would gain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from hwsearch.predict.similarity import Joint, knobs_of
from hwsearch.predict.surrogate import NOBODY, Inputs, Surrogate, accuracy_of, fit
from hwsearch.search.gain import Front, Outlook, chance
from hwsearch.search.plan import Plan
from hwsearch.search.records import CostFields, TrialRecord
from hwsearch.space.candidate import Candidate
from hwsearch.train.machine import OneThread

_ALIKE_BITS = 3  # trained trials of the same bits that tell what quantising saves
_LEAST_COST = 1e-12
_OTHERS = NOBODY - 1  # names of other runs' trainings go down from here


@dataclass(frozen=True, eq=False)
class Learned:
    """What a run has learned from its trainings.

    Attributes:
        plan: The question.
        similar: Whether similarity is good enough to be used.
        trained: Records with an accuracy, of any rung.
        surrogate: Fitted on them.
    """

    plan: Plan
    similar: bool
    trained: list[TrialRecord]
    surrogate: Surrogate

    def predict(self, records: Sequence[TrialRecord], *, begun: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and sd [N] of y after the last rung: of trainings that have begun, or of a candidate's mean."""
        training = np.array([training_of(r) if begun else NOBODY for r in records])
        with OneThread():
            return self.surrogate.predict(inputs_of(self.plan, self.similar, records, training=training))

    @property
    def _finished(self) -> list[TrialRecord]:
        """Trials that could be on the front."""
        return [r for r in self.trained if r.outcome == "trained" and r.feasible and r.measured]

    def front(self, dense_cost: CostFields, worst: float) -> Front:
        """Return what is reached: finished, feasible trials at their candidates' means, without a training's luck."""
        finished = self._finished
        empty = no_front(self.plan, dense_cost, worst)
        if not finished:
            return empty
        mean, _ = self.predict(finished, begun=False)
        costs = log_costs(self.plan, [r.measured or {} for r in finished])
        return Front(1.0 - accuracy_of(mean), costs, worst, empty.most)

    def chances(self, records: Sequence[TrialRecord], dense_cost: CostFields, worst: float) -> np.ndarray:
        """Return [N]: how likely each priced candidate, trained in full, is to be measured on the front, and of use."""
        finished = self._finished
        empty, ahead = no_front(self.plan, dense_cost, worst), self.outlook(records)
        errors = np.array([1.0 - (r.accuracy_val or 0.0) for r in finished])
        costs = log_costs(self.plan, [r.measured or {} for r in finished]).reshape(-1, len(empty.most))
        sd = np.hypot(ahead.sd, self.surrogate.noise)
        return chance(Front(errors, costs, worst, empty.most), Outlook(ahead.mean, sd, ahead.costs))

    def outlook(self, records: Sequence[TrialRecord]) -> Outlook:
        """Return what is expected of priced candidates; of those that have begun, what their training will reach."""
        mean, sd = self.predict(records, begun=True)
        names = cost_names(self.plan)
        shares = np.log([[np.mean(saved(self.trained, r, n)) for n in names] for r in records])
        return Outlook(mean, sd, log_costs(self.plan, [r.predicted for r in records]) + shares)


def learn(plan: Plan, similar: bool, records: Sequence[TrialRecord]) -> Learned:
    """Fit the surrogate on every rung of every training, of this run and of those that it learns from.

    Asked twice for the same records it fits once: proposals and cutting start from the same ones.

    Args:
        plan: The question.
        similar: Whether similarity is to be used.
        records: At least two with an accuracy.
    """
    return _learn(_Lesson(plan, similar, tuple(records)))


@dataclass(frozen=True, eq=False)
class _Lesson:
    """What is learned from; equal if it is the very same things (comparing them would take longer)."""

    plan: Plan
    similar: bool
    records: tuple[TrialRecord, ...]

    def _names(self) -> tuple[int, ...]:
        return (id(self.plan), self.similar, *map(id, self.records))

    def __hash__(self) -> int:
        return hash(self._names())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Lesson) and self._names() == other._names()


@lru_cache(maxsize=1)
def _learn(lesson: _Lesson) -> Learned:
    plan, similar = lesson.plan, lesson.similar
    trained = [r for r in lesson.records if r.curve]
    named = [*((training_of(r), r) for r in trained), *((_OTHERS - i, r) for i, r in enumerate(plan.others))]
    points = [(name, r, rung) for name, r in named for rung in range(len(r.curve))]
    inputs = inputs_of(
        plan, similar, [r for _, r, _ in points],
        rung=np.array([rung for _, _, rung in points]), training=np.array([name for name, _, _ in points]),
    )  # fmt: skip
    accuracy = np.array([r.curve[rung] for _, r, rung in points])
    with OneThread():
        surrogate = fit(inputs, accuracy, len(plan.cycles))
    return Learned(plan, similar, trained, surrogate)


def cost_names(plan: Plan) -> list[str]:
    """Return the objectives that are costs."""
    return [name for name in plan.study.objectives if name != "error"]


def similarity_logits(records: Sequence[TrialRecord]) -> np.ndarray:
    """Return logits [N] of similarities; 0 where there is none."""
    own = np.clip([0.5 if r.similarity is None else r.similarity for r in records], 0.01, 0.99)
    return np.asarray(np.log(own / (1 - own)))


def log_costs(plan: Plan, costs: Sequence[CostFields]) -> np.ndarray:
    """Return logarithms [N, C] of the objectives that are costs."""
    rows = [[float(own[name] or 0.0) for name in cost_names(plan)] for own in costs]
    return np.asarray(np.log(np.maximum(rows, _LEAST_COST)))


def no_front(plan: Plan, dense_cost: CostFields, worst: float) -> Front:
    """Return the front before anything is reached, up to the dense network's costs."""
    (most,) = log_costs(plan, [dense_cost])
    return Front(np.zeros(0), np.zeros((0, len(most))), worst, most)


def training_of(record: TrialRecord) -> int:
    """Return what names a record's training: its first trial; NOBODY before it has begun."""
    if record.began is not None:
        return record.began
    return record.trial if record.curve else NOBODY


def saved(trained: Sequence[TrialRecord], record: TrialRecord, name: str) -> list[float]:
    """Return which shares of their price trials like this one cost once they were trained (quantisers add zeros)."""

    def ratios(records: Sequence[TrialRecord]) -> list[float]:
        pairs = [
            (float(r.measured[name] or 0.0), float(r.predicted[name] or 0.0)) for r in records if r.measured
        ]
        return [measured / predicted for measured, predicted in pairs if predicted > 0]

    same = ratios([r for r in trained if r.candidate.weight_bits == record.candidate.weight_bits])
    return same if len(same) >= _ALIKE_BITS else ratios(trained) or [1.0]


def inputs_of(
    plan: Plan,
    similar: bool,
    records: Sequence[TrialRecord],
    *,
    rung: np.ndarray | None = None,
    training: np.ndarray | None = None,
) -> Inputs:
    """Return records as the surrogate sees them (see `surrogate.Inputs`); scales are fixed, not fitted."""
    joint = joint_of(plan, [r.candidate for r in records], [r.layer_sparsity or () for r in records])
    knobs, groups = knobs_of(joint, plan.space.granularity)
    timesteps = np.log2([[r.candidate.timesteps] for r in records])
    similarity = (similarity_logits(records) / 2.5 if similar else np.zeros(len(records)))[:, None]
    size = np.log10([[max(1.0, float(r.predicted["weight_bytes"] or 1.0))] for r in records]) - 4.0
    return Inputs(
        np.concatenate([knobs, timesteps], axis=1),
        np.append(groups, groups.max() + 1),
        np.concatenate([similarity, size], axis=1),
        rung,
        training,
    )


def joint_of(plan: Plan, candidates: Sequence[Candidate], sparsities: Sequence[tuple[float, ...]]) -> Joint:
    """Return candidates as arrays for the similarity estimator."""
    n = len(plan.spec.layers)
    return Joint(
        np.array(sparsities).reshape(-1, n),
        np.array([candidate.granularity for candidate in candidates]),
        np.array([candidate.bits(n) for candidate in candidates]).reshape(-1, n),
    )
