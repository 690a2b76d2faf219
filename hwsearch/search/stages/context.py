"""What a search works with: its plan, its dense network, where it trains and stores."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType

from hwsearch.measure.workload import Counted
from hwsearch.plan.plan import Plan
from hwsearch.predict.quality import Calibration
from hwsearch.records.trials import TrialRecord
from hwsearch.search.decide.state import SearchState
from hwsearch.search.jobs.pool import Trainer
from hwsearch.search.stages.dense import Dense
from hwsearch.search.stages.layer_masks import LayerMasks
from hwsearch.search.stages.priced import PricedCandidates
from hwsearch.search.store.cache import Cache

Progress = Callable[[int], None]
"""Told how many candidates are trained so far."""


class Stopwatch:
    """Seconds that were spent inside ``with`` blocks on it."""

    def __init__(self) -> None:
        self._seconds = self._since = 0.0

    def __enter__(self) -> None:
        self._since = time.perf_counter()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._seconds += time.perf_counter() - self._since

    def lap(self) -> float:
        """Return the seconds since the last lap."""
        lap, self._seconds = self._seconds, 0.0
        return lap


@dataclass(frozen=True)
class Context:
    """What the stages of a search need.

    Attributes:
        plan: The question.
        dense: The trained dense network: tickets are cut from it, prices predicted from its firing.
        trainer: Where stacks are trained.
        cache: Where trained networks are stored.
        calibration: The similarity estimator; None: every candidate that fits is trained.
        priced: The candidates that were priced so far.
        layer_masks: Of the dense network's layers, as far as they were cut.
        counted: What was counted of layers so far (`measure.workload`).
        model_clock: Runs while the search probes, learns and ranks: what it takes to train less.
    """

    plan: Plan
    dense: Dense
    trainer: Trainer
    cache: Cache
    calibration: Calibration | None = None
    priced: PricedCandidates = field(init=False, compare=False)
    layer_masks: LayerMasks = field(init=False, compare=False)
    counted: Counted = field(default_factory=dict, compare=False)
    model_clock: Stopwatch = field(default_factory=Stopwatch, compare=False)

    def __post_init__(self) -> None:
        # of this very dense network and estimator: a context with another one prices anew
        object.__setattr__(self, "priced", PricedCandidates(self.dense.params))
        object.__setattr__(self, "layer_masks", LayerMasks(self.plan.spec, self.dense.params))

    def state(self, known: Mapping[str, TrialRecord]) -> SearchState:
        """Return what is known for decisions; known: the last record of each candidate, by its digest."""
        return SearchState(self.plan, self.dense.cost, self.dense.error, self.calibration, known)
