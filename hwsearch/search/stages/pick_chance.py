"""What is known of recipes by the final trainings of all, and not by their own luck: how likely a pick is too poor.

Of several recipes that may be good enough the cheapest is picked, and so one that was lucky: its own trainings say too
little of that. Recipes that cost about the same do about as well, so each is held against the line of y = -log(error +
0.01) over the logarithm of cost through all of them: how far recipes lie off that line (tau) is found with it, and what
is known of one is the mean of the line and of its own trainings, each by how sure it is.

Source: Fay and Herriot 1979 (shrinkage towards a regression); the mode of tau among values a tenth apart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from hwsearch.predict.surrogate import OFFSET, accuracy_of, transform
from hwsearch.search.stages.luck import loss_sds
from hwsearch.search.stages.runner import Race, Runner

_TAUS = np.geomspace(0.02, 1.0, 40)
_TAU, _TAU_FACTOR = 0.2, 1.0  # expected beforehand, and the standard deviation of its logarithm
_SLOPE, _SLOPE_SD = 0.3, 1.0  # of y over the logarithm of cost, beforehand
_LEAST_COST = 1e-12  # of a network without spikes, whose energy is nothing
_LEAST_PRECISION = 1e-6  # of the line's height: nothing is known of it


def believed(runners: Sequence[Runner], race: Race) -> list[tuple[float, float]]:
    """Return what is known of the score of each recipe, in the mean over fresh splits and seeds, and its deviation.

    Args:
        runners: The recipes that were trained in full, each at least once without failing.
        race: What they race for.
    """
    n = np.array([len(r.losses) for r in runners])
    error = np.maximum(1.0 - np.array([race.dense_score - np.mean(r.losses) for r in runners]), 0.0)
    y, spread = transform(1.0 - error), loss_sds(runners, race.dense_score, race.n_val) / np.sqrt(n)
    variance = (spread / (error + OFFSET)) ** 2
    cost = np.log(np.maximum([r.cost for r in runners], _LEAST_COST))
    return [_known(cost - cost[i], y, variance, i) for i in range(len(runners))]


def _known(cost: np.ndarray, y: np.ndarray, variance: np.ndarray, own: int) -> tuple[float, float]:
    """Return the score of a recipe that the line and its own trainings say together, and its deviation."""
    line, off = _line(cost, y, variance)
    sure = 1 / off + 1 / variance[own]
    score = float(accuracy_of(np.array((line / off + y[own] / variance[own]) / sure)))
    return score, (1.0 - score + OFFSET) / math.sqrt(sure)


def _line(cost: np.ndarray, y: np.ndarray, variance: np.ndarray) -> tuple[float, float]:
    """Return the line's y where cost is 0, and the variance of a recipe's y around that.

    Args:
        cost: [R] logarithms.
        y: [R].
        variance: [R] of each y, given the recipe.
    """
    columns = np.column_stack([np.ones_like(cost), cost])
    prior = np.diag([_LEAST_PRECISION, _SLOPE_SD**-2])
    best, found = -np.inf, (0.0, 1.0)
    for tau in _TAUS:
        weight = 1 / (variance + tau**2)
        precision = columns.T @ (columns * weight[:, None]) + prior
        height, slope = np.linalg.solve(precision, columns.T @ (weight * y) + prior @ np.array([0.0, _SLOPE]))
        rest = y - height - slope * cost
        likelihood = (np.log(weight).sum() - (weight * rest**2).sum() - np.linalg.slogdet(precision)[1]) / 2
        likelihood -= (np.log(tau / _TAU) / _TAU_FACTOR) ** 2 / 2
        if likelihood > best:
            best = likelihood
            found = (float(height), float(tau**2 + np.linalg.inv(precision)[0, 0]))
    return found
