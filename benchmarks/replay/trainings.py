"""What a contestant has trained so far, and the two ways to go on: one cycle more, or all that are missing.

What was trained is never trained again: asking for it anew yields nothing and costs nothing (its twin's
result is known).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.replay.world import FULL_TIME, World
from hwsearch.search.decide.front import non_dominated
from hwsearch.search.decide.state import SearchState
from hwsearch.space.candidate import Candidate


@dataclass(frozen=True)
class Step:
    """One cycle that was trained.

    Attributes:
        candidate: What was trained.
        rung: Of the cycle.
        accuracy: As the contestant sees it.
        cost: After training: bytes, or joules where the pick's rule is ``frugal``.
        train_steps: Of this cycle alone.
    """

    candidate: Candidate
    rung: int
    accuracy: float
    cost: float
    train_steps: int


@dataclass(frozen=True)
class Offer:
    """What a contestant would train in full if it ended here: it has trained in part only.

    Attributes:
        candidates: These.
        state: What hwsearch knows then; None: it is another.
    """

    candidates: list[Candidate]
    state: SearchState | None = None


class Trainings:
    """The trainings of one contestant.

    Attributes:
        last: Where each candidate that was begun stands, by its digest: its last step.
    """

    def __init__(self, world: World, seed: int, rungs: tuple[int, ...] = FULL_TIME) -> None:
        self.last: dict[str, Step] = {}
        self._world, self._seed, self._rungs = world, seed, rungs

    def further(self, candidate: Candidate) -> Step:
        """Train the next cycle of a candidate that is not trained in full."""
        before = self.last.get(candidate.digest)
        rung = self._rungs[0 if before is None else self._rungs.index(before.rung) + 1]
        own = Step(
            candidate,
            rung,
            self._world.observe(candidate, rung, self._seed),
            float(self._world.cost_truth([candidate])[0]),
            self._world.steps(candidate, rung),
        )
        self.last[candidate.digest] = own
        return own

    def in_full(self, candidate: Candidate) -> Iterator[Step]:
        """Train all cycles that a candidate is missing."""
        while not self.is_full(candidate):
            yield self.further(candidate)

    def is_full(self, candidate: Candidate) -> bool:
        """Return whether nothing is missing."""
        return candidate.digest in self.last and self.last[candidate.digest].rung == self._rungs[-1]


def random_candidate(world: World, rng: np.random.Generator) -> Candidate:
    """Return a setting of the knobs, each level as likely."""
    knobs = world.space.knobs.items()
    return world.space.candidate(
        {name: int(rng.integers(n)) if isinstance(n, int) else str(rng.choice(n)) for name, n in knobs}
    )


def objectives(steps: list[Step]) -> np.ndarray:
    """Return error and log cost, both to be minimised: [N, 2]."""
    return np.array([(1.0 - own.accuracy, np.log(own.cost)) for own in steps]).reshape(-1, 2)


def spread_order(values: np.ndarray) -> np.ndarray:
    """Return rows from best to worst: front by front, within each those first that lie farthest from all before.

    Args:
        values: [N, objectives], minimised; distances are in shares of each one's range.

    Source: Salinas et al. 2021 (MO-ASHA's epsilon net, after Clarkson 2005); the first of a front has the least of the
    first objective.
    """
    scaled = (values - values.min(0)) / np.maximum(np.ptp(values, axis=0), 1e-12)
    left, order = np.arange(len(values)), []
    while len(left):
        on_front = non_dominated(values[left])
        order += _net(left[on_front], scaled)
        left = left[~on_front]
    return np.array(order)


def _net(front: np.ndarray, scaled: np.ndarray) -> list[int]:
    """Return a front's rows, each the farthest from those before it."""
    place = int(scaled[front, 0].argmin())
    nearest = np.full(len(front), np.inf)
    order = []
    for _ in front:
        order.append(int(front[place]))
        nearest = np.minimum(nearest, np.linalg.norm(scaled[front] - scaled[front[place]], axis=1))
        nearest[place] = -1.0
        place = int(nearest.argmax())
    return order
