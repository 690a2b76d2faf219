"""What is usual of a class, and the spread within, by hand-made numbers."""

import numpy as np
import pytest

from hwsearch.monitor.fit import fit
from hwsearch.monitor.quantities import Quantity, Seen
from hwsearch.monitor.rule import MOST_GAIN, MOST_SHIFT, scores

QUANTITIES = (Quantity("input", "input"),)


def test_means_of_classes_and_the_spread_within_them():
    # class 0: 8 and 12, class 1: 28 and 32: means 10 and 30, a deviation of 2 within: a unit off is 8 sixteenths
    values = np.array([8, 12] * 8 + [28, 32] * 8)[:, None]
    (watch,) = fit(QUANTITIES, Seen(values, np.repeat([0, 1], 16)), 2)
    assert watch.gain / 2**watch.shift == 8
    assert watch.gain <= MOST_GAIN < 2 * watch.gain
    assert watch.shift < MOST_SHIFT
    found = scores([watch], Seen(np.array([[10], [12], [30], [26]]), np.array([0, 0, 1, 1])))
    assert found.ravel().tolist() == [0, 16, 0, -32]


def test_a_class_that_is_rarely_predicted_has_the_mean_of_all():
    values = np.array([10] * 20 + [90] * 7)[:, None]
    (watch,) = fit(QUANTITIES, Seen(values, np.array([0] * 20 + [1] * 7)), 3)
    mean = values.mean()
    assert watch.offsets[1] == watch.offsets[2] == round(mean * watch.gain) - (1 << watch.shift >> 1)
    assert watch.offsets[0] != watch.offsets[1]


def test_what_never_changes_is_watched_by_the_unit():
    (watch,) = fit(QUANTITIES, Seen(np.full((30, 1), 7), np.zeros(30, np.int64)), 1)
    assert scores([watch], Seen(np.array([[7], [8], [6]]), np.zeros(3, np.int64))).ravel().tolist() == [
        0,
        64,
        -64,
    ]


def test_large_values_lose_low_bits_that_do_not_matter():
    rng = np.random.default_rng(0)
    values = np.rint(rng.normal(3e8, 2e7, (500, 1))).astype(np.int64)
    (watch,) = fit(QUANTITIES, Seen(values, np.zeros(500, np.int64)), 1)
    z = scores([watch], Seen(values, np.zeros(500, np.int64)))
    assert watch.down > 0
    assert abs(z.mean()) < 0.5
    assert z.std() == pytest.approx(16, rel=0.05)


def test_a_spread_that_counts_as_twice_as_wide_halves_the_score():
    values = np.array([80, 120] * 10)[:, None]
    seen = Seen(values, np.zeros(20, np.int64))
    once, twice = (scores(fit(QUANTITIES, seen, 1, wider), seen).ravel() for wider in (None, np.array([2.0])))
    assert (once[0], once[1]) == (-16, 16)
    assert (twice[0], twice[1]) == (-8, 8)
