"""hwsearch in a world with batches that overlap (`search.overlap`): each round trains all that is under way for a rung.

    python -m benchmarks.replay.contest --work DIR --also benchmarks.replay.overlapped --contestants overlapped
    python -m benchmarks.replay.workers --work DIR --overlap

What is known of a batch under way is what the product knows (`hwsearch.search.decide.under_way.seen`); unlike there a
candidate that goes on from where it was stopped does so in the first round of its batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from benchmarks.replay.baselines import CONTESTANTS
from benchmarks.replay.ours import Bout
from benchmarks.replay.trainings import Offer, Step
from hwsearch.records.trials import TrialRecord, remember
from hwsearch.search.decide.acquisition import can_rank
from hwsearch.search.decide.cutting import cut
from hwsearch.search.decide.finalists import finalists
from hwsearch.search.decide.promotion import promote
from hwsearch.search.decide.state import SearchState
from hwsearch.search.decide.under_way import seen
from hwsearch.search.optuna_study import Proposer, Told
from hwsearch.search.verdict import verdict


class Flight:
    """A batch under way.

    Attributes:
        standing: Its records.
        twins: Number and digest of those that repeat another.
        rounds: That it has been through.
    """

    def __init__(self, standing: list[TrialRecord], twins: list[tuple[int, str]]) -> None:
        self.standing, self.twins, self.rounds = standing, twins, 0


class Overlapped(Bout):
    """A run whose next batch begins while the one before is trained on."""

    _under_way: tuple[Flight, ...] = ()

    @property
    def state(self) -> SearchState:
        """What the search knows, with what is under way."""
        told = super().state
        records = [seen(r, flight.rounds) for flight in self._under_way for r in flight.standing]
        return replace(told, known={**told.known, **{r.candidate.digest: r for r in records}})

    def steps(self, trials: float = np.inf) -> Iterator[Step | Offer]:
        """Search until so many were proposed, and what is under way has ended."""
        search = self.plan.study.search
        proposer = Proposer(None, "replay", "", self.plan.space, search.sampler, self.plan.study.seed, 2)
        first = 0
        while first < trials or self._under_way:
            before = self.state
            if first < trials:
                self._begin(proposer, first)
                first += self.batch
            yield from self._round()
            self._judge(before)
            if self._under_way[0].rounds == len(self.plan.cycles):
                self._tell(proposer)
            after = super().state
            known = list(after.known.values())
            chosen = finalists(after, known, after.front(known)) if known else []
            yield Offer([record.candidate for record in chosen], after)

    def _begin(self, proposer: Proposer, first: int) -> None:
        state, told = self.state, self.known
        choice = partial(self._choose, state, proposer, first) if can_rank(state) else None
        proposals = proposer.proposals(first, first + self.batch, choice)
        self.known = dict(state.known)
        drafts, twins = self._drafts([(p.number, p.candidate) for p in proposals])
        self.known = told
        self._under_way += (Flight(cut(state, drafts), twins),)

    def _round(self) -> Iterator[Step]:
        """Train all that is under way, the longest first."""
        steps = []
        for flight in self._under_way:
            for i, record in enumerate(flight.standing):
                if record.outcome is not None:
                    continue
                step = self._trainings.further(record.candidate)
                steps.append(replace(step, train_steps=step.train_steps + self._uncharged))
                self._uncharged = 0
                (costs,) = self._world.costs([record.candidate], trained=True)
                curve = (*record.curve, step.accuracy)
                flight.standing[i] = replace(record, measured=costs, accuracy_val=step.accuracy, curve=curve)
        yield from sorted(steps, key=lambda step: -step.train_steps)

    def _judge(self, before: SearchState) -> None:
        rungs = len(self.plan.cycles)
        for flight in self._under_way:
            flight.rounds += 1
            for rung in range(1, rungs + 1):
                here = [
                    i for i, r in enumerate(flight.standing) if r.outcome is None and len(r.curve) == rung
                ]
                own = [flight.standing[i] for i in here]
                if rung < rungs:
                    judged = promote(replace(self.state, fitted=before), own)
                else:
                    judged = [replace(r, outcome="trained") for r in own]
                for i, record in zip(here, judged, strict=True):
                    flight.standing[i] = record

    def _tell(self, proposer: Proposer) -> None:
        oldest, *others = self._under_way
        self._under_way = tuple(others)
        done = list(oldest.standing)
        for record in done:
            remember(self.known, record)
        done += [replace(self.known[digest], trial=number) for number, digest in oldest.twins]
        state = super().state
        proposer.tell([Told(record.trial, verdict(state, record), "") for record in done])


CONTESTANTS["overlapped"] = lambda world, seed: Overlapped(world, seed, {}, shuffled=False).steps()
