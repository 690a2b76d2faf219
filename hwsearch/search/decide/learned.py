"""What is expected of candidates: the surrogate of a run, what is reached, and what each candidate may turn out as."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from hwsearch.plan.plan import Plan
from hwsearch.predict.joint import Joint, knobs_of
from hwsearch.predict.process import NOT_BEGUN, Inputs, joined
from hwsearch.predict.surrogate import Surrogate, accuracy_of, fit
from hwsearch.records.trials import CostFields, TrialRecord
from hwsearch.search.decide.front import Box, non_dominated, worst_of
from hwsearch.search.decide.hypervolume_gain import DRAWS, Draws, Outlook, chance
from hwsearch.space.candidate import Candidate
from hwsearch.train.machine import OneThread

LEAST_KNOWN = 12
"""Trainings, of any rung, below which too little is known to rank by."""
_ALIKE_BITS = 3  # trained trials of the same bits that tell what quantising saves
_LEAST_COST = 1e-12
_MOST_DRAWN = 512  # candidates that are drawn together
_OTHERS = NOT_BEGUN - 1  # names of other runs' trainings go down from here


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

    @property
    def finished(self) -> list[TrialRecord]:
        """Trials that could be on the front: those that were trained to the search's end."""
        whole = len(self.plan.cycles)
        return [r for r in self.trained if r.eligible and len(r.curve) >= whole]

    def predict(self, records: Sequence[TrialRecord], *, begun: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and sd [N] of y after the last rung: of trainings that have begun, or of a candidate's mean."""
        with OneThread():
            return self.surrogate.predict(self._inputs(records, begun))

    def draws(
        self, reached: Sequence[TrialRecord], ahead: Sequence[TrialRecord], rng: np.random.Generator
    ) -> tuple[Draws, Draws]:
        """Draw what candidates may be: those reached at their means, without any luck; others as they go on.

        Of many that are reached only those are drawn that may be on the front (`contenders`).
        """
        reached = self.contenders(reached, begun=False)
        parts = [self._inputs(own, begun) for own, begun in ((reached, False), (ahead, True)) if len(own)]
        with OneThread():
            errors = 1.0 - accuracy_of(self.surrogate.draws(joined(parts), DRAWS, rng))
        n, costs = len(reached), log_costs(self.plan, [r.measured or {} for r in reached])
        return Draws(errors[:, :n], costs), Draws(errors[:, n:], self.expected_costs(ahead))

    def chances(self, records: Sequence[TrialRecord], box: Box) -> np.ndarray:
        """Return [N]: how likely each priced candidate, trained on, is to be measured on the front, and of use."""
        mean, sd = self.predict(records, begun=True)
        outlook = Outlook(mean, np.hypot(sd, self.surrogate.noise), self.expected_costs(records))
        return self._chances(box, outlook)

    def contenders(self, records: Sequence[TrialRecord], *, begun: bool) -> list[TrialRecord]:
        """Return the records that are likeliest to be on the front, in their order: all, where they are not many.

        Args:
            records: Priced candidates.
            begun: Whether of their trainings that go on, or of their means over trainings.
        """
        if len(records) <= _MOST_DRAWN:
            return list(records)
        mean, sd = self.predict(records, begun=begun)
        costs = (
            self.expected_costs(records)
            if begun
            else log_costs(self.plan, [r.measured or {} for r in records])
        )
        whole = Box(1.0, np.full(costs.shape[1], np.inf))
        likely = np.argsort(-self._chances(whole, Outlook(mean, sd, costs)), kind="stable")[:_MOST_DRAWN]
        return [records[i] for i in sorted(likely)]

    def _chances(self, box: Box, outlook: Outlook) -> np.ndarray:
        """Return [N]: how likely candidates are to be on the front of what is finished; a share of them at a time."""
        errors, costs = self._front
        parts = [
            Outlook(outlook.mean[part], outlook.sd[part], outlook.costs[part])
            for part in (slice(i, i + _MOST_DRAWN) for i in range(0, len(outlook.mean), _MOST_DRAWN))
        ]
        return np.concatenate([chance(box, errors, costs, own) for own in parts])

    @cached_property
    def _front(self) -> tuple[np.ndarray, np.ndarray]:
        """Errors [M] and logarithms of costs [M, C] of what is finished and dominated by none."""
        errors = np.array([1.0 - (r.accuracy_val or 0.0) for r in self.finished])
        costs = log_costs(self.plan, [r.measured or {} for r in self.finished])
        front = non_dominated(np.concatenate([errors[:, None], costs], axis=1))
        return errors[front], costs[front]

    def expected_costs(self, records: Sequence[TrialRecord]) -> np.ndarray:
        """Return logarithms [N, C] of what priced candidates will cost once they are trained."""
        shares = np.array([[np.mean(own) for own in self.shares(r).values()] for r in records])
        costs = log_costs(self.plan, [r.predicted for r in records])
        return np.asarray(costs + np.log(shares).reshape(costs.shape))

    def shares(self, record: TrialRecord) -> dict[str, np.ndarray]:
        """Return which shares of their price trials like this one cost in the end (quantisers add zeros), by cost."""
        alike = self._by_bits.get(record.candidate.weight_bits, self._all_bits)
        rows = alike if len(alike) >= _ALIKE_BITS else self._all_bits
        return dict(zip(cost_names(self.plan), rows.T, strict=True))

    @cached_property
    def _by_bits(self) -> Mapping[tuple[int, ...], np.ndarray]:
        """Shares of the price [trials, C], by weight bits."""
        names, by_bits = cost_names(self.plan), dict[tuple[int, ...], list[list[float]]]()
        for record in self.trained:
            if record.measured:
                priced = [float(record.predicted[name] or 0.0) for name in names]
                cost = [float(record.measured[name] or 0.0) for name in names]
                row = [c / p if p > 0 else 1.0 for c, p in zip(cost, priced, strict=True)]
                by_bits.setdefault(record.candidate.weight_bits, []).append(row)
        return {bits: np.array(rows) for bits, rows in by_bits.items()}

    @cached_property
    def _all_bits(self) -> np.ndarray:
        return np.concatenate(list(self._by_bits.values()) or [np.ones((1, len(cost_names(self.plan))))])

    def _inputs(self, records: Sequence[TrialRecord], begun: bool) -> Inputs:
        training = np.array([training_of(r) if begun else NOT_BEGUN for r in records])
        rung = np.full(len(records), len(self.plan.cycles) - 1)
        return inputs_of(self.plan, self.similar, records, rung=rung, training=training)


def learn(
    plan: Plan, similar: bool, known: Sequence[TrialRecord], standing: Sequence[TrialRecord] = ()
) -> Learned:
    """Fit the surrogate on every rung of every training, of this run and of those that it learns from.

    Asked twice for the same records it fits once. With a batch under way its hyper-parameters are those of what was
    known before, where that is enough: a batch takes one fit.

    Args:
        plan: The question.
        similar: Whether similarity is to be used.
        known: Records of earlier batches; with ``standing`` at least two with an accuracy.
        standing: Records of the batch under way; each stands for all that is known of its training.
    """
    if not standing:
        return _learn(_Lesson(plan, similar, tuple(known)))
    begun = {training_of(record) for record in standing}
    records = [*(r for r in known if training_of(r) not in begun), *standing]
    enough = sum(bool(r.curve) for r in known) + len(plan.others) >= LEAST_KNOWN
    return _fitted(plan, similar, records, learn(plan, similar, known).surrogate if enough else None)


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
    return _fitted(lesson.plan, lesson.similar, lesson.records, None)


def _fitted(plan: Plan, similar: bool, records: Sequence[TrialRecord], like: Surrogate | None) -> Learned:
    trained = [r for r in records if r.curve]
    named = [*((training_of(r), r) for r in trained), *((_OTHERS - i, r) for i, r in enumerate(plan.others))]
    points = [(name, r, rung) for name, r in named for rung in range(len(r.curve))]
    inputs = inputs_of(
        plan, similar, [r for _, r, _ in points],
        rung=np.array([rung for _, _, rung in points]), training=np.array([name for name, _, _ in points]),
    )  # fmt: skip
    accuracy = np.array([r.curve[rung] for _, r, rung in points])
    with OneThread():
        surrogate = fit(inputs, accuracy, len(plan.cycles), like)
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
    names = cost_names(plan)
    rows = np.array([[float(own[name] or 0.0) for name in names] for own in costs])
    return np.asarray(np.log(np.maximum(rows.reshape(len(costs), len(names)), _LEAST_COST)))


def box_of(plan: Plan, dense: tuple[CostFields, float], *, in_full: bool = False) -> Box:
    """Return what is of use.

    Args:
        plan: The question.
        dense: Costs and error of the dense network.
        in_full: Whether of networks that were trained in full, though the search trains in part.
    """
    (most,) = log_costs(plan, [dense[0]])
    return Box(worst_of(plan, dense[1], in_full=in_full), most)


def training_of(record: TrialRecord) -> int:
    """Return what names a record's training: its first trial; NOT_BEGUN before it has begun."""
    if record.began is not None:
        return record.began
    return record.trial if record.curve else NOT_BEGUN


def inputs_of(
    plan: Plan,
    similar: bool,
    records: Sequence[TrialRecord],
    *,
    rung: np.ndarray | None = None,
    training: np.ndarray | None = None,
) -> Inputs:
    """Return records as the surrogate sees them (see `process.Inputs`); scales are fixed, not fitted."""
    joint = joint_of(plan, [r.candidate for r in records], [r.layer_sparsity or () for r in records])
    knobs, groups = knobs_of(joint, plan.space.granularity)
    timesteps = np.log2([[r.candidate.timesteps] for r in records])
    size = np.log10([[max(1.0, float(r.predicted["weight_bytes"] or 1.0))] for r in records]) - 4.0
    known = similarity_logits(records)[:, None] / 2.5 if similar else np.zeros((len(records), 0))
    return Inputs(
        np.concatenate([knobs, timesteps], axis=1),
        np.append(groups, groups.max() + 1),
        size,
        known,
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
