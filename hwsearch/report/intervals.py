"""Means over few seeds with their intervals."""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import t as student


def interval(values: np.ndarray) -> tuple[float, float]:
    """Return the mean and half the width of its 95 % interval (Student's t; infinite for one value)."""
    n = len(values)
    if n < 2:
        return float(values.mean()), math.inf
    return float(values.mean()), float(student.ppf(0.975, n - 1) * values.std(ddof=1) / math.sqrt(n))
