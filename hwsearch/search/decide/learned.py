"""What is expected of candidates: the surrogate of a run, what is reached, and what each candidate may turn out as."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hwsearch.plan.plan import Plan
from hwsearch.predict.process import NOT_BEGUN, Inputs, joined
from hwsearch.predict.surrogate import Surrogate, accuracy_of, fit
from hwsearch.records.trials import TrialRecord
from hwsearch.search.decide.features import KnownBefore, inputs_of, training_name
from hwsearch.search.decide.front import Box, cost_names, log_costs, non_dominated
from hwsearch.search.decide.hypervolume_gain import DRAWS, Draws, Prediction, chance_on_front
from hwsearch.train.machine import OneThread

LEAST_KNOWN = 12
"""Trainings, of any rung, below which too little is known to rank by."""
_ALIKE_BITS = 3  # trained trials of the same bits that tell what quantising saves
_FIRST_OTHER = NOT_BEGUN - 1  # names of other runs' trainings go down from here
_AT_ONCE = 512  # candidates whose chances are looked at together


@dataclass(frozen=True)
class Effort:
    """How much is looked at to choose.

    Attributes:
        together: Candidates that are drawn together, at most, and of what is reached as many.
        draws: Of what they may turn out as.
    """

    together: int = 512
    draws: int = DRAWS


WHOLE_EFFORT = Effort()


@dataclass(frozen=True, eq=False)
class Learned:
    """What a run has learned from its trainings.

    Attributes:
        plan: The question.
        before: What the surrogate knows before any training.
        trained: Records with a score, of any rung.
        surrogate: Fitted on them.
        effort: How much is looked at.
    """

    plan: Plan
    before: KnownBefore
    trained: list[TrialRecord]
    surrogate: Surrogate
    effort: Effort = WHOLE_EFFORT

    @property
    def finished(self) -> list[TrialRecord]:
        """Trials that could be on the front: those that were trained to the search's end."""
        whole = len(self.plan.cycles)
        return [r for r in self.trained if r.eligible and len(r.curve) >= whole]

    def predict(self, records: Sequence[TrialRecord], *, begun: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and sd [N] of y after the last rung: of trainings that have begun, or of a candidate's mean."""
        with OneThread():
            return self.surrogate.predict(self._inputs(records, begun))

    def believed(self, records: Sequence[TrialRecord]) -> tuple[np.ndarray, np.ndarray]:
        """Return mean [N] and covariance [N, N] of y after the last rung: of candidates' means over trainings."""
        with OneThread():
            return self.surrogate.believed(self._inputs(records, begun=False))

    def draws(
        self, reached: Sequence[TrialRecord], ahead: Sequence[TrialRecord], rng: np.random.Generator
    ) -> tuple[Draws, Draws]:
        """Draw what candidates may be: those reached at their means, without any luck; others as they go on.

        Of many that are reached only those are drawn that may be on the front (`contenders`).
        """
        reached = self.contenders(reached, begun=False)
        groups = ((reached, False), (ahead, True))
        parts = [self._inputs(records, begun) for records, begun in groups if len(records)]
        with OneThread():
            errors = 1.0 - accuracy_of(self.surrogate.draws(joined(parts), self.effort.draws, rng))
        n, costs = len(reached), log_costs(self.plan, [r.measured or {} for r in reached])
        return Draws(errors[:, :n], costs), Draws(errors[:, n:], self.expected_costs(ahead))

    def chances(self, records: Sequence[TrialRecord], box: Box) -> np.ndarray:
        """Return [N]: how likely each priced candidate, trained on, is to be measured on the front, and of use."""
        mean, sd = self.predict(records, begun=True)
        predicted = Prediction(mean, np.hypot(sd, self.surrogate.noise), self.expected_costs(records))
        return self._chances(box, predicted)

    def contenders(
        self, records: Sequence[TrialRecord], *, begun: bool, most: int | None = None
    ) -> list[TrialRecord]:
        """Return the records that are likeliest to be on the front, in their order: all, where they are not many.

        Args:
            records: Priced candidates.
            begun: Whether of their trainings that go on, or of their means over trainings.
            most: How many; None: as many as are drawn together.
        """
        most = self.effort.together if most is None else most
        if len(records) <= most:
            return list(records)
        mean, sd = self.predict(records, begun=begun)
        costs = (
            self.expected_costs(records)
            if begun
            else log_costs(self.plan, [r.measured or {} for r in records])
        )
        whole = Box(1.0, np.full(costs.shape[1], np.inf))
        likely = np.argsort(-self._chances(whole, Prediction(mean, sd, costs)), kind="stable")
        return [records[i] for i in sorted(likely[:most])]

    def _chances(self, box: Box, predicted: Prediction) -> np.ndarray:
        """Return [N]: how likely candidates are to be on the front of what is finished; a share of them at a time."""
        errors, costs = self._front
        parts = [
            Prediction(predicted.mean[part], predicted.sd[part], predicted.costs[part])
            for part in (slice(i, i + _AT_ONCE) for i in range(0, len(predicted.mean), _AT_ONCE))
        ]
        return np.concatenate([chance_on_front(box, errors, costs, part) for part in parts])

    @cached_property
    def _front(self) -> tuple[np.ndarray, np.ndarray]:
        """Errors [M] and logarithms of costs [M, C] of what is finished and dominated by none."""
        errors = np.array([1.0 - (r.score or 0.0) for r in self.finished])
        costs = log_costs(self.plan, [r.measured or {} for r in self.finished])
        front = non_dominated(np.concatenate([errors[:, None], costs], axis=1))
        return errors[front], costs[front]

    def expected_costs(self, records: Sequence[TrialRecord]) -> np.ndarray:
        """Return logarithms [N, C] of what priced candidates will cost once they are trained."""
        shares = np.array([self._mean_shares(r) for r in records])
        costs = log_costs(self.plan, [r.predicted for r in records])
        return np.asarray(costs + np.log(shares).reshape(costs.shape))

    def shares(self, record: TrialRecord) -> dict[str, np.ndarray]:
        """Return which shares of their price trials like this one cost in the end (quantisers add zeros), by cost."""
        alike = self._by_bits.get(record.candidate.weight_bits, self._all_bits)
        rows = alike if len(alike) >= _ALIKE_BITS else self._all_bits
        return dict(zip(cost_names(self.plan), rows.T, strict=True))

    def _mean_shares(self, record: TrialRecord) -> list[float]:
        """Return the means of ``shares``; of many records few have bits of their own."""
        bits = record.candidate.weight_bits
        if bits not in self._means:
            self._means[bits] = [float(np.mean(share)) for share in self.shares(record).values()]
        return self._means[bits]

    @cached_property
    def _means(self) -> dict[tuple[int, ...], list[float]]:
        """Means of shares that were asked for so far, by weight bits."""
        return {}

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
        training = np.array([training_name(r) if begun else NOT_BEGUN for r in records])
        rung = np.full(len(records), len(self.plan.cycles) - 1)
        return inputs_of(self.plan, self.before, records, rung=rung, training=training)


def fit_records(
    plan: Plan,
    before: KnownBefore,
    records: Sequence[TrialRecord],
    prior: Surrogate | None = None,
    effort: Effort = WHOLE_EFFORT,
) -> Learned:
    """Fit the surrogate on every rung of every training, of this run and of those that it learns from.

    Args:
        plan: The question.
        before: What it knows before any training.
        records: With at least two that have a score.
        prior: A surrogate whose hyper-parameters are taken over; None: they are fitted.
        effort: How much is looked at to choose.
    """
    trained = [r for r in records if r.curve]
    named = [
        *((training_name(r), r) for r in trained),
        *((_FIRST_OTHER - i, r) for i, r in enumerate(plan.others)),
    ]
    points = [(name, record, rung) for name, record in named for rung in range(len(record.curve))]
    inputs = inputs_of(
        plan, before, [record for _, record, _ in points],
        rung=np.array([rung for _, _, rung in points]), training=np.array([name for name, _, _ in points]),
    )  # fmt: skip
    scores = np.array([record.curve[rung] for _, record, rung in points])
    with OneThread():
        surrogate = fit(inputs, scores, len(plan.cycles), prior)
    return Learned(plan, before, trained, surrogate, effort)
