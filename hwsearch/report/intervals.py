"""Means over few seeds with their intervals."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import stdtrit


def interval(values: np.ndarray) -> tuple[float, float]:
    """Return the mean and half the width of its 95 % interval (Student's t; infinite for one value)."""
    n = len(values)
    if n < 2:
        return float(values.mean()), math.inf
    return float(values.mean()), float(stdtrit(n - 1, 0.975) * values.std(ddof=1) / math.sqrt(n))
