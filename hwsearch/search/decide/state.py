"""What a search knows when it decides: the question, its dense reference, and what became of every candidate so far.

Every decision (what to ask, cut, promote, finish, train in full) is a function of this value alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from hwsearch.plan.plan import Plan
from hwsearch.predict.quality import Calibration
from hwsearch.records.trials import CostFields, TrialRecord
from hwsearch.search.decide.features import KnownBefore, training_name
from hwsearch.search.decide.front import Box, box_of, front_records, hypervolume, log_costs
from hwsearch.search.decide.learned import LEAST_KNOWN, WHOLE_EFFORT, Effort, Learned, fit_records
from hwsearch.search.decide.memory import EFFORT, Memory, memory_of

_LEAST_LEARNED = 2


@dataclass(frozen=True, eq=False)
class SearchState:
    """What is known at the beginning of a batch.

    Attributes:
        plan: The question.
        dense_cost: Of the dense reference, by column; of several the most.
        dense_errors: Of the dense reference of each network, on validation.
        calibrations: The similarity estimator of each network; none: nothing is predicted of candidates before their
            training.
        known: The last record of each candidate, by its digest.
        memory: What a long search learns from; None: all that is known.
        fitted: The state whose surrogate's hyper-parameters are those of what was known before; None: this one.
    """

    plan: Plan
    dense_cost: CostFields
    dense_errors: tuple[float, ...]
    calibrations: tuple[Calibration, ...]
    known: Mapping[str, TrialRecord]
    memory: Memory | None = None
    fitted: SearchState | None = None

    def after(self, records: Sequence[TrialRecord], known: Mapping[str, TrialRecord]) -> SearchState:
        """Return what is known after more trials.

        Args:
            records: Of all trials, in order.
            known: Of these the last of each candidate, by its digest.
        """
        memory = memory_of(self.plan, self.seen, records, self.memory)
        return replace(self, known=known, memory=memory)

    @property
    def dense_error(self) -> float:
        """Of the most accurate dense reference: losses are counted from it."""
        return min(self.dense_errors)

    @property
    def trusts_similarity(self) -> bool:
        """Whether there is a similarity estimator, and one good enough to decide by: that of each network."""
        return bool(self.calibrations) and not any(found.quality.poor for found in self.calibrations)

    @property
    def records(self) -> list[TrialRecord]:
        """The last record of each candidate."""
        return list(self.known.values())

    @cached_property
    def remembered(self) -> list[TrialRecord]:
        """What decisions learn from and start from: the last record of each candidate, or what is remembered."""
        return self.records if self.memory is None else self.memory.since(self.records)

    @cached_property
    def n_trainings(self) -> int:
        """Candidates that were trained, if only for a rung."""
        return sum(bool(record.curve) for record in self.known.values())

    @property
    def can_learn(self) -> bool:
        """Whether there are enough trainings to fit a surrogate at all."""
        return self.n_trainings >= _LEAST_LEARNED

    @property
    def can_rank(self) -> bool:
        """Whether there are enough trainings, with those of other runs, to rank candidates by."""
        return self.n_trainings + len(self.plan.others) >= LEAST_KNOWN

    @property
    def seen(self) -> KnownBefore:
        """What the surrogate knows before any training."""
        return KnownBefore(self.trusts_similarity, self.dense_errors)

    @cached_property
    def learned(self) -> Learned:
        """The surrogate of what is known; it takes at least two trainings."""
        prior = None if self.memory is None else self.memory.settled
        return fit_records(self.plan, self.seen, self.remembered, prior, self._effort)

    def learned_with(self, rung: Sequence[TrialRecord]) -> Learned:
        """Return the surrogate of what is known and of a batch under way.

        Its hyper-parameters are those of what was known before, where that is enough: a batch takes one fit.

        Args:
            rung: Records of the batch, after their last rung; each stands for all that is known of its training.
        """
        begun = {training_name(record) for record in rung}
        records = [*(record for record in self.remembered if training_name(record) not in begun), *rung]
        before = self.fitted or self
        prior = before.learned.surrogate if before.can_rank else None
        return fit_records(self.plan, self.seen, records, prior, self._effort)

    @property
    def _effort(self) -> Effort:
        return WHOLE_EFFORT if self.memory is None else EFFORT

    def front(self, records: Sequence[TrialRecord]) -> list[TrialRecord]:
        """Return the records that are on the Pareto front so far (`front.front_records`)."""
        return front_records(self.plan, records, self.dense_error)

    def box(self, *, in_full: bool = False) -> Box:
        """Return what hypervolume is counted in; in_full: of networks that were trained in full."""
        return box_of(self.plan, self.dense_cost, self.dense_error, in_full=in_full)

    def hypervolume(self, scores: Sequence[float], costs: Sequence[CostFields]) -> float:
        """Return the share of the box that networks dominate that were trained in full."""
        return hypervolume(self.box(in_full=True), 1.0 - np.array(scores, float), log_costs(self.plan, costs))
