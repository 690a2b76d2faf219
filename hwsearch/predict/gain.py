"""Expected gain of a candidate: the hypervolume that it is expected to add to the front, in closed form.

Objectives are the error and one or two costs that are known before training (as logarithms). A candidate of costs c
adds, where the front's best error at costs up to m is E(m)::

    gain = integral over costs m >= c of  E[max(0, E(m) - e)] dm

E(m) is a step function, so the integral is a sum over the cells between the front's costs. With y = -log(e + 0.01)
normal, E[max(0, K - e)] is that of a log-normal variable (the put of Black and Scholes 1973, eq. 13, without interest).
Not for objectives that are not known before training.
"""

from __future__ import annotations

import itertools

import numpy as np
from scipy.special import ndtr

from hwsearch.predict.surrogate import error_of, transform


def expected_gain(
    costs: np.ndarray,
    mean: np.ndarray,
    sd: np.ndarray,
    front_costs: np.ndarray,
    front_errors: np.ndarray,
    reference: np.ndarray,
    worst_error: float,
) -> np.ndarray:
    """Return [N] expected gains of hypervolume.

    Args:
        costs: [N, C] log costs of the candidates, C 1 or 2.
        mean, sd: [N] of y, the transformed accuracy.
        front_costs: [F, C] log costs of the front so far.
        front_errors: [F] its errors.
        reference: [C] log costs beyond which nothing counts.
        worst_error: Error beyond which nothing counts.
    """
    edges = [np.unique(np.append(front_costs[:, d], reference[d])) for d in range(costs.shape[1])]
    edges = [np.concatenate([[-np.inf], own[own <= reference[d]]]) for d, own in enumerate(edges)]
    gain = np.zeros(len(costs))
    for cell in itertools.product(*(range(len(own) - 1) for own in edges)):
        low = np.array([own[i] for own, i in zip(edges, cell, strict=True)])
        high = np.array([own[i + 1] for own, i in zip(edges, cell, strict=True)])
        width = np.prod(np.clip(high - np.maximum(low, costs), 0.0, None), axis=1)
        rows = np.flatnonzero(width > 0)
        if len(rows) == 0:
            continue
        reached = front_errors[(front_costs <= low).all(1)]
        best = min(worst_error, float(reached.min()) if len(reached) else worst_error)
        gain[rows] += width[rows] * _shortfall(best, mean[rows], sd[rows])
    return gain


def upper_accuracy(mean: np.ndarray, sd: np.ndarray, deviations: float) -> np.ndarray:
    """Return the accuracy that so many standard deviations above the mean stand for."""
    return np.asarray(1.0 - error_of(mean + deviations * sd))


def chance_of(mean: np.ndarray, sd: np.ndarray, target: float) -> np.ndarray:
    """Return P(accuracy >= target)."""
    return np.asarray(ndtr((mean - transform(np.array(target))) / sd))


def _shortfall(error: float, mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """Return E[max(0, error - e)] of y = -log(e + 0.01) normal."""
    strike = float(np.exp(-transform(np.array(1.0 - error))))
    d = (np.log(strike) + mean) / sd
    return np.asarray(np.maximum(strike * ndtr(d) - np.exp(-mean + sd**2 / 2) * ndtr(d - sd), 0.0))
