"""Intervals over samples and draws: by hand, and how often they hold what is true."""

import numpy as np
import pytest

from hwsearch.measure.accuracy import wilson
from hwsearch.stress.intervals import accuracy_interval, paired_interval, upper_end


def test_draws_that_all_agree_leave_wilsons_interval():
    right = np.tile([1.0, 1.0, 1.0, 0.0], (5, 1))
    assert accuracy_interval(right) == pytest.approx(wilson(0.75, 4))


def test_draws_that_differ_widen_it_unless_they_are_all_that_there_are():
    right = np.array([[1.0] * 50, [0.0] * 50, [1.0] * 50])
    low, high = accuracy_interval(right)
    assert low < wilson(2 / 3, 50)[0] < wilson(2 / 3, 50)[1] < high
    assert accuracy_interval(right, drawn=False) == pytest.approx(wilson(2 / 3, 50))


def test_a_difference_without_spread_is_a_point():
    assert paired_interval(np.full((3, 7), 0.5)) == (0.5, 0.5)


def test_one_draw_is_students_interval_over_samples():
    low, high = paired_interval(np.array([[0.0, 1.0, 0.0, 1.0]]))
    # sd 0.577, standard error 0.289, t_3 3.182
    assert (low, high) == pytest.approx((0.5 - 0.9187, 0.5 + 0.9187), abs=1e-3)


def test_more_comparisons_widen_it():
    differences = np.random.default_rng(0).normal(size=(6, 40))
    one, many = paired_interval(differences), paired_interval(differences, 50)
    assert many[0] < one[0] < one[1] < many[1]
    fixed = paired_interval(differences, drawn=False)
    assert fixed[1] - fixed[0] < one[1] - one[0]


def test_it_holds_the_truth_at_least_as_often_as_it_says():
    rng, held = np.random.default_rng(1), 0
    for _ in range(200):
        found = 0.3 + rng.normal(0, 0.2, (8, 1)) + rng.normal(0, 1, (1, 60)) + rng.normal(0, 0.5, (8, 60))
        low, high = paired_interval(found)
        held += low <= 0.3 <= high
    assert held >= 184  # 190 expected of 95 %; sd 3


def test_the_upper_end_is_exceeded_in_one_of_twenty():
    """Samples lose with chances of their own, 0.2 in the mean, under draws that shift them all."""
    rng, missed = np.random.default_rng(5), 0
    for _ in range(400):
        chances = rng.uniform(0.1, 0.3, 80) + rng.normal(0, 0.02, (10, 1))
        missed += upper_end((rng.random((10, 80)) < chances).astype(float)) < 0.2
    assert missed <= 0.05 * 400
    same = np.full((3, 4), 0.25)
    assert upper_end(same) == 0.25
    lost = rng.random((4, 30))
    assert lost.mean() < upper_end(lost) < paired_interval(lost)[1]
