"""Intervals of accuracies that rest on samples and on draws of a disturbance.

A share is seen on N samples under S draws, [S, N]; another sample and another draw would both give another share. The
two spreads are added: of samples by their means over the draws, of draws by their means over the samples. A draw's
chance is in both, so intervals are a little too wide rather than too narrow.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import stdtrit

from hwsearch.measure.accuracy import CONFIDENCE, wilson


def accuracy_interval(right: np.ndarray, *, drawn: bool = True) -> tuple[float, float]:
    """Return the 95 % interval of the mean of shares that are right, [S, N]: Wilson's for N, wider by the draws.

    Draws add their Student interval: hypot(half of Wilson, t_{S-1} sd / sqrt(S)).

    Args:
        right: Shares.
        drawn: Whether other draws would be others; False: these are all that there are.
    """
    mean, draws = float(right.mean()), right.mean(1)
    low, high = wilson(mean, right.shape[1])
    luck = 0.0
    if drawn and len(draws) > 1:
        quantile = float(stdtrit(len(draws) - 1, 0.5 + CONFIDENCE / 2))
        luck = quantile * float(draws.std(ddof=1)) / math.sqrt(len(draws))
    return max(0.0, mean - math.hypot(mean - low, luck)), min(1.0, mean + math.hypot(high - mean, luck))


def paired_interval(
    differences: np.ndarray, comparisons: int = 1, *, drawn: bool = True
) -> tuple[float, float]:
    """Return the interval of a mean difference [S, N] in pairs, 95 % for so many comparisons together.

    mean -+ t_nu(1 - 0.025 / m) sqrt(a + b), a = var over samples / N, b = var over draws / S,
    nu = (a + b)^2 / (a^2 / (N - 1) + b^2 / (S - 1)). No spread at all is an interval of one point.

    Args:
        differences: Of the same samples under the same draws.
        comparisons: m, of which none may be wrong.
        drawn: As in ``accuracy_interval``.

    Source: Satterthwaite 1946, Biometrics 2(6) (nu); Bonferroni's inequality (m).
    """
    return _around(differences, 1 - (1 - CONFIDENCE) / 2 / comparisons, drawn=drawn)


def upper_end(differences: np.ndarray) -> float:
    """Return what a mean difference [S, N] in pairs does not exceed with 95 %: the one end of `paired_interval`."""
    return _around(differences, CONFIDENCE, drawn=True)[1]


def _around(differences: np.ndarray, quantile: float, *, drawn: bool) -> tuple[float, float]:
    mean = float(differences.mean())
    parts = [
        (float(means.var(ddof=1)) / len(means), len(means) - 1)
        for means in (differences.mean(0), *((differences.mean(1),) if drawn else ()))
        if len(means) > 1
    ]
    spread = sum(part for part, _ in parts)
    if spread == 0.0:
        return mean, mean
    freedom = spread**2 / sum(part**2 / free for part, free in parts)
    half = float(stdtrit(freedom, quantile)) * math.sqrt(spread)
    return mean - half, mean + half
