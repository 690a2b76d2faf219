"""Intervals of what was counted, and of what is only expected."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def poisson_binomial_interval(chances: Sequence[float], confidence: float = 0.95) -> tuple[int, int]:
    """Return the interval of how many of several independent events happen (Poisson binomial).

    The smallest k with P(N <= k) >= (1 - confidence) / 2, and with P(N <= k) >= (1 + confidence) / 2; P by one
    convolution an event: P_n(k) = (1 - p_n) P_n-1(k) + p_n P_n-1(k - 1).

    Args:
        chances: Of each event, in [0, 1].
        confidence: Two-sided.
    """
    shares = np.zeros(len(chances) + 1)
    shares[0] = 1.0
    for n, chance in enumerate(chances, start=1):
        shares[1 : n + 1] = (1 - chance) * shares[1 : n + 1] + chance * shares[:n]
        shares[0] *= 1 - chance
    total = np.cumsum(shares)
    total[-1] = 1.0  # whatever the sums were rounded to
    low, high = np.searchsorted(total, [(1 - confidence) / 2, (1 + confidence) / 2])
    return int(low), int(high)
