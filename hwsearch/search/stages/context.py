"""What a search works with: its plan, its dense networks, where it trains and stores."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType

from hwsearch.network.params import Params
from hwsearch.plan.plan import Plan
from hwsearch.predict.cost import Counted
from hwsearch.predict.quality import Calibration
from hwsearch.records.trials import CostFields, TrialRecord
from hwsearch.search.decide.state import SearchState
from hwsearch.search.jobs.pool import Trainer
from hwsearch.search.stages.dense import Dense
from hwsearch.search.stages.layer_masks import LayerMasks
from hwsearch.search.stages.priced import PricedCandidates
from hwsearch.search.store.cache import Cache
from hwsearch.space.candidate import Candidate

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
class Reference:
    """One of the study's networks, dense: what its candidates are cut from and measured by.

    Attributes:
        plan: The question, of this network alone.
        dense: The trained dense network: tickets are cut from it, prices predicted from its firing.
        calibration: The similarity estimator; None: nothing is predicted of candidates before their training.
        layer_masks: Of the dense network's layers, as far as they were cut.
        counted: What was counted of layers so far (`predict.cost`).
    """

    plan: Plan
    dense: Dense
    calibration: Calibration | None = None
    layer_masks: LayerMasks = field(init=False, compare=False)
    counted: Counted = field(default_factory=Counted, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "layer_masks", LayerMasks(self.plan.spec, self.dense.params))


@dataclass(frozen=True)
class Context:
    """What the stages of a search need.

    Attributes:
        plan: The question.
        references: Of each network, in the order of the study; where less is asked for, of some.
        trainer: Where stacks are trained.
        cache: Where trained networks are stored.
        priced: The candidates that were priced so far.
        model_clock: Runs while the search probes, learns and ranks: what it takes to train less.
    """

    plan: Plan
    references: tuple[Reference, ...]
    trainer: Trainer
    cache: Cache
    priced: PricedCandidates = field(init=False, compare=False)
    model_clock: Stopwatch = field(default_factory=Stopwatch, compare=False)

    def __post_init__(self) -> None:
        # of these very dense networks and estimators: a context with another one prices anew
        dense = [reference.dense.params for reference in self.references]
        object.__setattr__(self, "priced", PricedCandidates(dense))

    def of(self, candidate: Candidate) -> Reference:
        """Return the network that a candidate is cut from."""
        return self.at(candidate.network)

    def at(self, number: int) -> Reference:
        """Return a network by its place in the study's list."""
        return next(reference for reference in self.references if reference.plan.number == number)

    @property
    def yardstick(self) -> Reference:
        """The network that losses are counted from: whose dense reference is the most accurate; of equals the first."""
        return min(self.references, key=lambda reference: reference.dense.error)

    def cut_from(self, network: int, dense: Params) -> Context:
        """Return the context of one network alone whose tickets are cut from other dense parameters."""
        reference = self.at(network)
        other = replace(reference, dense=replace(reference.dense, params=dense))
        return replace(self, references=(other,))

    def state(self, known: Mapping[str, TrialRecord]) -> SearchState:
        """Return what is known for decisions; known: the last record of each candidate, by its digest."""
        errors = tuple(reference.dense.error for reference in self.references)
        calibrations = tuple(r.calibration for r in self.references if r.calibration is not None)
        return SearchState(self.plan, self._costliest(), errors, calibrations, known)

    def _costliest(self) -> CostFields:
        """Return the most that any dense reference costs, by column."""
        costs = [reference.dense.cost for reference in self.references]
        columns = {name: [cost[name] for cost in costs] for name in costs[0]}
        # the profile tells a cost of all of them, or of none
        return {
            name: None if None in values else max(value for value in values if value is not None)
            for name, values in columns.items()
        }
