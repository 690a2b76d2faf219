import numpy as np
import pytest

from hwsearch.measure.accuracy import accuracy, wilson


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
    assert wilson(1.0, 10)[1] == pytest.approx(1.0)
    assert wilson(0.0, 10)[0] == pytest.approx(0.0)
    assert 0.69 < wilson(1.0, 10)[0] < 0.73
