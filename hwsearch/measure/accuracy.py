"""Accuracy with its interval."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

CONFIDENCE = 0.95
"""Of every interval."""


def accuracy(predictions: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of right predictions.

    Raises:
        ValueError: There is nothing to judge.
    """
    if len(labels) == 0:
        raise ValueError("an accuracy needs at least one label")
    return float((predictions == labels).mean())


def largest_class_share(labels: np.ndarray) -> float:
    """Return the share of the most frequent label [N]: the accuracy of what knows nothing of its inputs."""
    return float(np.bincount(labels).max() / len(labels))


def wilson(share: float, n: int) -> tuple[float, float]:
    """Return the two-sided Wilson score interval of a proportion.

    (p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n)

    Args:
        share: The proportion seen, in [0, 1].
        n: Of how many.

    Source: Wilson 1927, JASA 22(158).
    """
    z = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)
    centre = share + z * z / (2 * n)
    reach = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    # of all or none the ends are 1 and 0, which rounding misses by the last digit
    low = 0.0 if share == 0 else max(0.0, (centre - reach) / scale)
    high = 1.0 if share == 1 else min(1.0, (centre + reach) / scale)
    return low, high
