"""The interval of how many of several events happen, of which only the chances are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hwsearch.measure.accuracy import CONFIDENCE


def poisson_binomial_interval(chances: Sequence[float]) -> tuple[int, int]:
    """Return the interval of how many of several independent events happen (Poisson binomial).

    The smallest k with P(N <= k) >= (1 - c) / 2, and with P(N <= k) >= (1 + c) / 2, c being CONFIDENCE; P by one
    convolution an event: P_n(k) = (1 - p_n) P_n-1(k) + p_n P_n-1(k - 1).

    Args:
        chances: Of each event, in [0, 1].
    """
    shares = np.zeros(len(chances) + 1)
    shares[0] = 1.0
    for n, chance in enumerate(chances, start=1):
        shares[1 : n + 1] = (1 - chance) * shares[1 : n + 1] + chance * shares[:n]
        shares[0] *= 1 - chance
    total = np.cumsum(shares)
    total[-1] = 1.0  # whatever the sums were rounded to
    low, high = np.searchsorted(total, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return int(low), int(high)
