"""What training in full would tell of each recipe: foretold, and who of them is trained since it may be the pick.

The search trains in part. Of the mean over fresh trainings in full, y = -log(error + 0.01) of a recipe x is::

    y(x) = f(x) + gain + slope (f(x) - f0) + apart(x)
    f: what the surrogate says of it, with what it does not know; f0: the floor of the pick
    apart: what is x's own, with a standard deviation that grows below the floor
    gain, slope: what longer training adds, and how that differs between good and poor recipes; the same for all

Each recipe that was trained in full tells of the gain, the slope and of those like it: all is normal, so the final
trainings are one more set of observations, and what is foretold of the others follows from them in one step. (Where
they are far off what longer training was expected to add, as after very short ones, any gain is taken to be.) What is
counted are losses against the dense network of the same seed, whose luck is the same in those of all recipes: however
many are trained, what is known of a recipe against the dense network is no surer than the dense network's own mean.

Trained next is what is expected to better the pick most: to be accurate enough, times the logarithm of what it would
save. Nothing is, once no recipe has a chance of more than ``final.chance``, or would save anything that counts.

Source: Rasmussen and Williams 2006, eq. 2.23, 2.24 and 2.40 (lines whose weights are unknown); Jones, Schonlau and
Welch 1998, eq. 15 (expected improvement, for ``pick.rule: accurate``).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtr, ndtri

from hwsearch.measure.accuracy import CONFIDENCE
from hwsearch.predict.surrogate import OFFSET, accuracy_of, transform
from hwsearch.records.trials import TrialRecord
from hwsearch.search.decide.finalists import eligible, pick_cost
from hwsearch.search.decide.learned import WHOLE_EFFORT
from hwsearch.search.decide.state import SearchState

# before any was trained in full: in replay the gain is 0.15 to 0.3 (of spoken digits 0.9), the slope -0.1 to -0.3, and
# next to nothing is a recipe's own near the floor (benchmarks/replay/apart.py)
_GAIN, _GAIN_SD, _SLOPE_SD, _APART = 0.3, 0.3, 0.2, 0.05
# where trainings speak against that gain by more than so much of log likelihood
_ANY_GAIN_SD, _EXPECTED = 1.5, 3.0
# what a short training says of a poor recipe is worth less with every 1 of y below the floor (runs on real data)
_FARTHER = 0.4
_LEAST_SAVED = 0.12  # of the logarithm of the pick's cost, in the mean: what a training is worth
_LEAST_BETTER = 0.02  # of the pick's y, in the mean, where the most accurate is picked
_LEAST_COST = 1e-12  # of a network without spikes, whose energy is nothing


@dataclass(frozen=True)
class Reached:
    """What the final trainings of a recipe say.

    Attributes:
        trial: It comes from.
        score: In the mean of its trainings.
        n: Trainings.
        own_sd, dense_sd: Standard deviations of the y that one training tells, given the recipe: by its own luck, and
            by the dense network's.
        cost: What the pick counts.
        fits: Whether it can be picked.
    """

    trial: int
    score: float
    n: int
    own_sd: float
    dense_sd: float
    cost: float
    fits: bool


@dataclass(frozen=True)
class Aim:
    """What is picked.

    Attributes:
        rule: ``smallest``, ``frugal`` or ``accurate``.
        floor: Score that the pick must have.
        chance: Of changing the pick, from which on a recipe is trained.
        at_once: Recipes that are trained together; it may not depend on how many workers there are.
    """

    rule: str
    floor: float
    chance: float
    at_once: int = 2


@dataclass(frozen=True, eq=False)
class Foretold:
    """What is known of recipes by the search and by all final trainings.

    Attributes:
        records: The recipes.
        mean, sd: [N] of their y, in the mean over fresh trainings in full.
    """

    records: list[TrialRecord]
    mean: np.ndarray
    sd: np.ndarray

    @property
    def scores(self) -> np.ndarray:
        """Score [N] of each, and its 95 % interval: [N, 3]."""
        reach = float(ndtri(0.5 + CONFIDENCE / 2))
        ends = [accuracy_of(self.mean + k * self.sd) for k in (0.0, -reach, reach)]
        return np.asarray(np.clip(np.column_stack(ends), 0.0, 1.0))

    @property
    def believed(self) -> dict[int, tuple[float, float]]:
        """Score of each, and its standard deviation, by its trial."""
        scores = accuracy_of(self.mean)
        sds = self.sd * (1.0 - scores + OFFSET)
        trials = (record.trial for record in self.records)
        return dict(zip(trials, zip(scores.tolist(), sds.tolist(), strict=True), strict=True))

    def chances(self, floor: float) -> np.ndarray:
        """Return [N]: how likely each has this score."""
        return np.asarray(ndtr((self.mean - float(transform(np.array(floor)))) / self.sd))


@dataclass(frozen=True, eq=False)
class Foresight:
    """What the search alone says of its recipes.

    Attributes:
        records: The recipes.
        mean: [N] of y.
        covariance: [N, N].
    """

    records: list[TrialRecord]
    mean: np.ndarray
    covariance: np.ndarray

    def given(self, reached: Sequence[Reached], floor: float) -> Foretold:
        """Return what is known of the recipes by the final trainings of some; floor: score where slopes turn."""
        at = {record.trial: i for i, record in enumerate(self.records)}
        known = [own for own in reached if own.trial in at]
        rows = np.array([at[own.trial] for own in known], int)
        y = transform(np.array([own.score for own in known]))
        off = self.mean - float(transform(np.array(floor)))
        apart = self.covariance + _SLOPE_SD**2 * np.outer(off, off)
        apart[np.diag_indices(len(apart))] += (_APART + _FARTHER * np.maximum(-off, 0.0)) ** 2
        rest, luck = y - self.mean[rows], self._luck(known, rows)
        likely = [
            _log_likelihood(rest, apart[np.ix_(rows, rows)] + sd**2 + luck) for sd in (_GAIN_SD, _ANY_GAIN_SD)
        ]
        prior = apart + (_ANY_GAIN_SD if likely[1] - likely[0] > _EXPECTED else _GAIN_SD) ** 2
        weights = np.linalg.solve(prior[np.ix_(rows, rows)] + luck, prior[rows])
        mean = self.mean + weights.T @ rest
        variance = np.diag(prior) - (prior[rows] * weights).sum(0)
        return Foretold(self.records, mean, np.sqrt(np.maximum(variance, 1e-8)))

    def _luck(self, reached: Sequence[Reached], rows: np.ndarray) -> np.ndarray:
        """Return the covariance [R, R] of the y that final trainings tell, given the recipes.

        The n trainings of one recipe and the m of another have the dense network's first min(n, m) in common, if both
        are of the same network.
        """
        n = np.array([own.n for own in reached], float)
        dense = np.array([own.dense_sd for own in reached])
        network = np.array([self.records[row].candidate.network for row in rows])
        together = np.outer(dense, dense) * (network[:, None] == network) / np.maximum(n[:, None], n)
        own: np.ndarray = together + np.diag([each.own_sd**2 / each.n for each in reached])
        return own


def _log_likelihood(values: np.ndarray, covariance: np.ndarray) -> float:
    """Return that of values [R] around nothing, but for a constant."""
    fit = float(values @ np.linalg.solve(covariance, values))
    return -(fit + float(np.linalg.slogdet(covariance)[1])) / 2


def foresight(state: SearchState) -> Foresight:
    """Return what a search that has a surrogate (`finalists.can_foretell`) says of what may be on its front."""
    plan, records = state.plan, eligible(state)
    learned = replace(state.learned, effort=WHOLE_EFFORT)
    mean, covariance = learned.believed(records)
    in_part = sum(plan.cycles) < plan.study.train.epochs
    return Foresight(records, mean + (_GAIN if in_part else 0.0), covariance)


def next_contenders(
    told: Foretold,
    aim: Aim,
    reached: Sequence[Reached],
    asked: Collection[int],
    able: np.ndarray | None = None,
) -> list[TrialRecord]:
    """Return the recipes to train in full next; none: the chance that one changes the pick is small.

    Args:
        told: What is known of all.
        aim: What is picked.
        reached: What was trained in full.
        asked: Trials that were, those that failed too.
        able: [N] how likely each can be picked once it was trained; None: as likely as it has the score.
    """
    chances = told.chances(aim.floor) if able is None else able
    fit = [own for own in reached if own.fits]
    open_ = np.array([record.trial not in asked for record in told.records])
    if aim.rule == "accurate":
        best = max((own.score for own in fit), default=aim.floor)
        worth = open_ & (np.minimum(told.chances(best), chances) > aim.chance)
        above = told.mean - float(transform(np.array(best)))
        z = above / told.sd
        gain = told.sd * (z * ndtr(z) + np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi))
        least = _LEAST_BETTER
    else:
        costs = np.maximum([pick_cost(aim.rule, record) for record in told.records], _LEAST_COST)
        most = min((own.cost for own in fit), default=float(costs.max()))
        worth, gain = open_ & (chances > aim.chance), chances * np.log(max(most, _LEAST_COST) / costs)
        least = _LEAST_SAVED
    order = sorted(np.flatnonzero(worth & (gain > least)), key=lambda i: (-gain[i], told.records[i].trial))
    return [told.records[i] for i in order[: aim.at_once]]
