"""Intervals by hand and against the binomial."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from hwsearch.measure.intervals import poisson_binomial_interval


def test_by_hand():
    # none with 0.9 * 0.5 = 0.45, both with 0.05
    assert poisson_binomial_interval([0.1, 0.5]) == (0, 2)
    # both with 0.02: below the upper 0.025
    assert poisson_binomial_interval([0.1, 0.2]) == (0, 1)
    assert poisson_binomial_interval([]) == (0, 0)
    assert poisson_binomial_interval([1.0, 0.0, 1.0]) == (2, 2)


@pytest.mark.parametrize(("n", "p"), [(10, 0.3), (500, 0.01), (2000, 0.2)])
def test_of_equal_chances_it_is_the_binomial(n, p):
    assert poisson_binomial_interval(np.full(n, p)) == tuple(binom.ppf([0.025, 0.975], n, p).astype(int))


@given(st.lists(st.floats(0, 1), max_size=12))
@settings(deadline=None)
def test_it_lies_within_what_can_happen_and_holds_its_share(chances):
    low, high = poisson_binomial_interval(chances)
    assert 0 <= low <= high <= len(chances)
    one_more = poisson_binomial_interval([*chances, 1.0])  # what is certain moves both ends
    assert one_more == (low + 1, high + 1)


def test_the_order_of_events_does_not_matter():
    chances = [0.9, 0.05, 0.4, 0.4, 0.7]
    assert poisson_binomial_interval(chances) == poisson_binomial_interval(chances[::-1])
