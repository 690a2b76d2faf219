"""Ranking: exactly k, in stable order, by hand and against a stable sort."""

import numpy as np
import pytest

from hwsearch.compress.ranking import aligned, best, keep_best, lowest


def test_the_best_are_those_that_would_go_last_by_hand():
    scores = np.array([2.0, 1.0, 2.0, 0.5])
    assert best(scores, 1).tolist() == [False, False, True, False]
    assert best(scores, 0).tolist() == [False] * 4


def test_exactly_k_go_of_those_that_are_not_guarded_by_hand():
    # floor(0.6 * 4 + 0.5) = 2, of which the guarded lowest is none
    scores, guarded = np.array([2.0, 1.0, 2.0, 0.5]), np.array([False, False, False, True])
    assert keep_best(scores, 0.6, guarded).tolist() == [False, False, True, True]
    assert keep_best(scores, 1.0, guarded).tolist() == [False, False, False, True]


@pytest.mark.parametrize("levels", [1, 3, 10_000])
def test_the_lowest_are_those_of_a_stable_sort(levels: int) -> None:
    rng = np.random.default_rng(levels)
    for k in (0, 1, 17, 200):
        scores = rng.integers(0, levels, 200).astype(float)
        naive = np.zeros(200, bool)
        naive[np.argsort(scores, kind="stable")[:k]] = True
        assert np.array_equal(lowest(scores, k), naive)


def test_the_best_of_those_that_go_stay_to_fill_up_a_multiple_by_hand():
    scores = np.array([0.5, 0.1, 0.9, 0.2, 0.8, 0.3])
    keep = np.array([True, False, True, False, True, False])
    assert aligned(keep, scores, 1).tolist() == keep.tolist()
    # three stay of six: four in all, and 0.3 is the best of those that would go
    assert aligned(keep, scores, 2).tolist() == [True, False, True, False, True, True]
    assert aligned(keep, scores, 4).tolist() == [True, False, True, False, True, True]
    assert aligned(keep, scores, 6).all()
