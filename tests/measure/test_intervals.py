"""Intervals by hand and against the binomial."""

import numpy as np
import pytest
from scipy.stats import binom

from hwsearch.measure.accuracy import wilson
from hwsearch.measure.intervals import poisson_binomial_interval


def test_nothing_of_two_is_up_to_two_thirds():
    assert wilson(0 / 2, 2) == pytest.approx((0.0, 0.6576), abs=1e-4)


def test_by_hand():
    # none with 0.9 * 0.5 = 0.45, both with 0.05
    assert poisson_binomial_interval([0.1, 0.5]) == (0, 2)
    assert poisson_binomial_interval([0.1, 0.5], confidence=0.8) == (0, 1)
    assert poisson_binomial_interval([]) == (0, 0)
    assert poisson_binomial_interval([1.0, 0.0, 1.0]) == (2, 2)


@pytest.mark.parametrize(("n", "p"), [(10, 0.3), (500, 0.01), (2000, 0.2)])
def test_of_equal_chances_it_is_the_binomial(n, p):
    assert poisson_binomial_interval(np.full(n, p)) == tuple(binom.ppf([0.025, 0.975], n, p).astype(int))
