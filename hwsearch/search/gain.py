"""Expected gain: how much hypervolume a candidate would add to a front, in closed form.

Hypervolume is counted in (error, logarithm of each cost): error from 0 to the worst that is of use, costs up to the
dense network's. A candidate whose y = -log(error + 0.01) is normal(mean, sd) adds, over every cell of the grid that
the front's costs draw::

    sum over cells of  area(cell, as far as it is dearer than the candidate)  x  E max(0, K - error)
    K: the least error that the front reaches at the cell's costs, or the worst that is of use
    E max(0, K - error) = k Phi(d) - exp(-mean + sd^2 / 2) Phi(d - sd),   k = K + 0.01,  d = (log k + mean) / sd

Source: Black and Scholes 1973, eq. 13 (the put, for a log-normal error); Emmerich 2006 (expected hypervolume gain).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtr

from hwsearch.predict.surrogate import OFFSET

_MOST_CELLS = 4096
_TRUSTED = 1 / 3


@dataclass(frozen=True, eq=False)
class Outlook:
    """Candidates with what is expected of them.

    Attributes:
        mean, sd: [N] of y.
        costs: [N, C] logarithms of expected costs.
    """

    mean: np.ndarray
    sd: np.ndarray
    costs: np.ndarray

    def __len__(self) -> int:
        return len(self.mean)

    def cautious(self) -> Outlook:
        """Return it with a third of its uncertainty: all of it favours those that lie far from whatever is known.

        On the tabular benchmark (digits, knobs of each layer) all of it takes about 1.2 times as much training to 95 %
        of the hypervolume as a third or none; with none, an early search finds worse finalists.
        """
        return replace(self, sd=self.sd * _TRUSTED)


@dataclass(frozen=True, eq=False)
class Front:
    """What is reached so far.

    Attributes:
        errors: [M].
        costs: [M, C] logarithms.
        worst: The largest error that is of use.
        most: [C] logarithms of the largest costs that are of use.
    """

    errors: np.ndarray
    costs: np.ndarray
    worst: float
    most: np.ndarray

    def with_one(self, error: float, costs: np.ndarray) -> Front:
        """Return the front as if one more were reached."""
        return Front(np.append(self.errors, error), np.vstack([self.costs, costs]), self.worst, self.most)


def expected_gain(front: Front, outlook: Outlook) -> np.ndarray:
    """Return [N]: the expected gain of each candidate alone (error times logarithms of costs)."""
    n_costs = len(front.most)
    edges = [_edges(front, column, n_costs) for column in range(n_costs)]
    lows = np.array(list(itertools.product(*(own[:-1] for own in edges))))
    highs = np.array(list(itertools.product(*(own[1:] for own in edges))))
    reached = (front.costs[None] <= lows[:, None]).all(2)
    limits = np.where(reached, front.errors[None], front.worst).min(1, initial=front.worst)
    gain, spread = np.zeros(len(outlook)), np.maximum(outlook.sd, 1e-6)
    middle = np.exp(-outlook.mean + spread**2 / 2)
    for limit in np.unique(limits):
        cells = limits == limit
        sides = np.minimum(highs[cells], front.most)[None] - np.maximum(
            lows[cells][None], outlook.costs[:, None]
        )
        area = np.maximum(sides, 0.0).prod(2).sum(1)
        at_most = max(float(limit), 0.0) + OFFSET
        depth = (np.log(at_most) + outlook.mean) / spread
        gain += area * np.maximum(at_most * ndtr(depth) - middle * ndtr(depth - spread), 0.0)
    return gain


def chance(front: Front, outlook: Outlook) -> np.ndarray:
    """Return [N]: how likely each candidate's error is below all that the front reaches at its costs, and of use."""
    cheaper = (front.costs[None] <= outlook.costs[:, None]).all(2)
    limit = np.where(cheaper, front.errors[None], front.worst).min(1, initial=front.worst)
    return np.asarray(
        ndtr((np.log(np.maximum(limit, 0.0) + OFFSET) + outlook.mean) / np.maximum(outlook.sd, 1e-6))
    )


def choose(front: Front, outlook: Outlook, steps: np.ndarray, count: int) -> list[int]:
    """Return the candidates with the largest expected gain a train_step, best first.

    Each is chosen as if those before it had turned out as expected: no two for the same place on the front.

    Args:
        front: What is reached.
        outlook: The candidates.
        steps: [N] train_steps that each still needs.
        count: How many are chosen at most; fewer when nothing is gained by more.
    """
    chosen: list[int] = []
    open_ = np.ones(len(outlook), bool)
    while len(chosen) < count and open_.any():
        rate = np.where(open_, expected_gain(front, outlook) / steps, -1.0)
        best = int(rate.argmax())
        if rate[best] <= 0:
            break
        chosen.append(best)
        open_[best] = False
        front = front.with_one(float(np.exp(-outlook.mean[best]) - OFFSET), outlook.costs[best])
    return chosen


def _edges(front: Front, column: int, n_costs: int) -> np.ndarray:
    """Return the rising borders of a cost's cells, at most so many that the grid stays small."""
    own = np.unique(np.minimum(front.costs[:, column], front.most[column]))
    most = int(_MOST_CELLS ** (1 / n_costs))
    if len(own) > most:
        # fewer borders take a reached point for dearer than it is: gain is overrated a little, never missed
        own = own[np.linspace(0, len(own) - 1, most).round().astype(int)]
    return np.concatenate([[-np.inf], own, [front.most[column]]])
