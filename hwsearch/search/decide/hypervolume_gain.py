"""Gain: how much hypervolume candidates would add together, by draws of what they may turn out to be.

Hypervolume is that of `front`: of (error, logarithm of each cost), error up to the worst that is of use, costs up to
the dense network's. The errors of all candidates, and of what is reached, are drawn together, so that what is alike
turns out alike. Within a draw, with the cells of the grid that all costs draw::

    added = sum over cells of  area(cell) x max(0, K(cell) - error),    K: the least error that is reached at its costs

Candidates are chosen one after the other, each as the one whose mean over the draws is largest for its train_steps,
given those before it: no two for the same place, but several for a place where nobody knows which will be better.

Source: Emmerich 2006 (expected hypervolume improvement); Daulton et al. 2021, eq. 5 (of noisy sets, by joint draws);
Minoux 1978 (greedy choice that looks again only at what may have become the best: gains shrink as the set grows).
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from functools import reduce

import numpy as np
from scipy.special import ndtr

from hwsearch.predict.surrogate import OFFSET
from hwsearch.search.decide.front import Box

DRAWS = 128
_MOST_CELLS = 1024


@dataclass(frozen=True, eq=False)
class Draws:
    """Candidates as they may turn out.

    Attributes:
        errors: [S, N] in each of S draws.
        costs: [N, C] logarithms of expected costs.
    """

    errors: np.ndarray
    costs: np.ndarray


@dataclass(frozen=True, eq=False)
class Prediction:
    """Candidates with what is expected of each.

    Attributes:
        mean, sd: [N] of y = -log(error + 0.01).
        costs: [N, C] logarithms of expected costs.
    """

    mean: np.ndarray
    sd: np.ndarray
    costs: np.ndarray


def choose(
    box: Box, reached: Draws, candidates: Draws, steps: np.ndarray, count: int, least: float = 0.0
) -> list[int]:
    """Return the candidates that together add most for their train_steps, best first.

    Args:
        box: What is of use.
        reached: What there is already, in the same draws.
        candidates: What may be chosen.
        steps: [N] train_steps that each still needs.
        count: How many are chosen at most; fewer when nothing is gained by more.
        least: Share of the hypervolume, of what is reached and chosen, that each must add at least.
    """
    cells = _Cells(box, np.concatenate([reached.costs, candidates.costs]), len(candidates.errors))
    n_reached = len(reached.costs)
    total = sum(cells.add(reached.errors[:, i], i) for i in range(n_reached))

    def rate(index: int) -> float:
        return cells.gain(candidates.errors[:, index], n_reached + index) / float(steps[index])

    chosen: list[int] = []
    queue = [(-rate(index), index, 0) for index in range(len(candidates.costs))]
    heapq.heapify(queue)
    while queue and len(chosen) < count:
        known, index, when = heapq.heappop(queue)
        if when < len(chosen):  # of a smaller set: it may have shrunk since
            heapq.heappush(queue, (-rate(index), index, len(chosen)))
            continue
        gain = -known * float(steps[index])
        if gain <= least * total or gain <= 0:
            break
        chosen.append(index)
        total += cells.add(candidates.errors[:, index], n_reached + index)
    return chosen


def chance_on_front(box: Box, errors: np.ndarray, costs: np.ndarray, predicted: Prediction) -> np.ndarray:
    """Return [N]: how likely each candidate's error is below all that is reached at its costs, and of use.

    Args:
        box: What is of use.
        errors: [M] of what is reached.
        costs: [M, C] logarithms of its costs.
        predicted: The candidates.
    """
    cheaper = (costs[None] <= predicted.costs[:, None]).all(2)
    limit = np.where(cheaper, errors[None], box.worst).min(1, initial=box.worst)
    return np.asarray(
        ndtr((np.log(np.maximum(limit, 0.0) + OFFSET) + predicted.mean) / np.maximum(predicted.sd, 1e-6))
    )


class _Cells:
    """The grid that costs draw, and the least error that is reached in each cell, draw by draw."""

    def __init__(self, box: Box, costs: np.ndarray, draws: int) -> None:
        inside = np.clip(costs, box.most - box.span, box.most)
        most = int(_MOST_CELLS ** (1 / len(box.most)))
        edges = [_edges(column, limit, most) for column, limit in zip(inside.T, box.most, strict=True)]
        self._area = reduce(np.multiply.outer, [np.diff(borders) for borders in edges])
        starts = [np.searchsorted(borders, column) for borders, column in zip(edges, inside.T, strict=True)]
        self._costlier = [
            (slice(None), *(slice(int(i), None) for i in row)) for row in zip(*starts, strict=True)
        ]
        self._least = np.full((draws, *self._area.shape), box.worst)

    def gain(self, errors: np.ndarray, place: int) -> float:
        """Return what a candidate with these errors [S] would add; place: of its costs."""
        return self._mean(self._won(errors, place), place)

    def add(self, errors: np.ndarray, place: int) -> float:
        """Count a candidate as reached; return what it adds."""
        won = self._won(errors, place)
        self._least[self._costlier[place]] -= won
        return self._mean(won, place)

    def _mean(self, won: np.ndarray, place: int) -> float:
        """Return the mean over the draws of what is won in the cells from a place on."""
        return float((won * self._area[self._costlier[place][1:]]).sum() / len(won))

    def _won(self, errors: np.ndarray, place: int) -> np.ndarray:
        least = self._least[self._costlier[place]]
        return np.asarray(np.maximum(least - errors.reshape(-1, *[1] * (least.ndim - 1)), 0.0))


def _edges(column: np.ndarray, limit: float, most: int) -> np.ndarray:
    """Return the rising borders of a cost's cells, at most so many that the grid stays small."""
    borders = np.unique(np.append(column, limit))
    if len(borders) > most:
        # fewer borders take a candidate for a little costlier than it is
        borders = borders[np.linspace(0, len(borders) - 1, most).round().astype(int)]
    return borders
