"""Accuracies and Wilson intervals by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.measure.accuracy import accuracy, largest_class_share, wilson


def test_accuracy():
    assert accuracy(np.array([1, 2, 3, 3]), np.array([1, 2, 3, 4])) == 0.75
    with pytest.raises(ValueError, match="at least one label"):
        accuracy(np.array([]), np.array([]))


def test_wilson_by_hand():
    # p = 0.9, n = 100, z = 1.96: centre (0.9 + 3.8416/200) / 1.038416 = 0.885204,
    # reach 1.96 sqrt(0.09/100 + 3.8416/40000) / 1.038416 = 0.059582
    low, high = wilson(0.9, 100)
    assert low == pytest.approx(0.825636, abs=2e-5)
    assert high == pytest.approx(0.944771, abs=2e-5)


def test_wilson_stays_within_bounds():
    for n in range(1, 300):
        assert wilson(1.0, n)[1] == 1.0
        assert wilson(0.0, n)[0] == 0.0
    assert 0.69 < wilson(1.0, 10)[0] < 0.73


def test_wilson_of_9_of_10_by_hand():
    # z = 1.959964, z^2 = 3.841459: centre (0.9 + 3.841459/20) / 1.3841459 = 0.788985,
    # reach 1.959964 sqrt(0.009 + 3.841459/400) / 1.3841459 = 0.193135
    assert wilson(0.9, 10) == pytest.approx((0.595850, 0.982120), abs=2e-5)


def test_wilson_of_none_of_two_is_up_to_two_thirds():
    assert wilson(0 / 2, 2) == pytest.approx((0.0, 0.6576), abs=1e-4)


@given(st.integers(1, 500), st.floats(0, 1))
@settings(deadline=None)
def test_wilson_holds_the_share_and_is_its_mirror(n, share):
    low, high = wilson(share, n)
    assert 0 <= low <= share + 1e-12
    assert share - 1e-12 <= high <= 1
    mirrored = wilson(1 - share, n)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-9)
    more = wilson(share, 4 * n)
    assert more[1] - more[0] <= high - low


def test_the_share_of_the_largest_class():
    assert largest_class_share(np.array([3, 3, 1, 3])) == 0.75
