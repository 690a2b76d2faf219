"""What a search works with: its plan, its dense network, where it trains and keeps; and a candidate on its way."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from types import TracebackType

from hwsearch.measure.workload import Counted
from hwsearch.network.stack import Ticket
from hwsearch.plan.plan import Plan
from hwsearch.predict.quality import Calibration
from hwsearch.records.trials import TrialRecord
from hwsearch.search.jobs.pool import Trainer
from hwsearch.search.stages.dense import Dense
from hwsearch.search.store.cache import Cache


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
    """What evaluating needs.

    Attributes:
        plan: The question.
        dense: The trained dense network: tickets are cut from it, prices foretold from its firing.
        trainer: Where stacks are trained.
        cache: Where trained networks are kept.
        sight: What candidates are foreseen with; None: all are trained.
        counted: What was counted of layers before.
        looked: Candidates that were priced before anybody proposed them, by digest.
        thinking: Runs while the search probes, learns and ranks: what it takes to train less.
    """

    plan: Plan
    dense: Dense
    trainer: Trainer
    cache: Cache
    sight: Calibration | None = None
    counted: Counted = field(default_factory=dict, compare=False)
    looked: dict[str, TrialRecord] = field(default_factory=dict, compare=False)
    thinking: Stopwatch = field(default_factory=Stopwatch, compare=False)

    @property
    def similar(self) -> bool:
        """Whether there is a ticket similarity, and one good enough to be used."""
        return self.sight is not None and not self.sight.quality.poor


@dataclass(frozen=True)
class Draft:
    """A candidate that was priced: its record if that is all, else the ticket to train."""

    record: TrialRecord
    ticket: Ticket | None
