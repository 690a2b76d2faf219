"""Which of many points a process is made of: a share of every rung, the best of it and what lies farthest apart.

A process of N points takes N^3 time and N^2 memory, and thousands of points say little more of the knobs than a
thousand that are spread well. Trainings are taken whole, with all their rungs, so that what tells rungs apart stays.
Of the trainings that ended at one rung the same share is taken: a part of it the best, where the front is, and the
others each as the one that lies farthest from all that were taken. Nothing hangs on the order of the points.

Source: Gonzalez 1985 (farthest-first traversal: at most twice the best possible largest gap).
"""

from __future__ import annotations

import numpy as np

from hwsearch.predict.process import NOBODY, Inputs

_BEST = 0.25  # share of what is taken that is the best


def representatives(inputs: Inputs, y: np.ndarray, most: int) -> np.ndarray:
    """Return the rows [M], rising, of points that stand for all: every one, where there are no more than ``most``.

    Args:
        inputs: [N] points.
        y: [N] their values, larger is better.
        most: How many are taken, but at least one training of those that ended at each rung.
    """
    if len(y) <= most:
        return np.arange(len(y))
    rung = np.zeros(len(y), int) if inputs.rung is None else inputs.rung
    last, training = _trainings(inputs, rung)
    features = np.concatenate([inputs.knobs, inputs.lines, inputs.curves], axis=1)
    taken = []
    for end in np.unique(rung[last]):
        rows = last[rung[last] == end]
        rows = rows[np.lexsort((*features[rows].T[::-1], -y[rows]))]
        count = max(1, int(most / len(y) * len(rows)))
        taken.append(rows[_spread(features[rows], count)])
    return np.flatnonzero(np.isin(training, training[np.concatenate(taken)]))


def _trainings(inputs: Inputs, rung: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of each training's last point, and the number [N] of each point's training."""
    if inputs.training is None:
        return np.arange(len(rung)), np.arange(len(rung))
    alone = inputs.training == NOBODY
    names = np.where(alone, inputs.training.max(initial=0) + 1 + np.arange(len(rung)), inputs.training)
    order = np.lexsort((rung, names))
    ends = np.append(names[order][1:] != names[order][:-1], True)
    return order[ends], names


def _spread(features: np.ndarray, count: int) -> np.ndarray:
    """Return the places of so many points: the first few, and then what lies farthest from all before."""
    first = max(1, int(_BEST * count))
    gaps = np.full(len(features), np.inf)
    taken = list(range(first))
    for place in taken:
        gaps = np.minimum(gaps, ((features - features[place]) ** 2).sum(1))
    gaps[taken] = -1.0
    while len(taken) < count:
        place = int(gaps.argmax())
        taken.append(place)
        gaps = np.minimum(gaps, ((features - features[place]) ** 2).sum(1))
        gaps[place] = -1.0
    return np.array(taken)
