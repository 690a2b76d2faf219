"""The front by hand."""

import numpy as np
import pytest

from hwsearch.search.front import hypervolume, non_dominated


def test_front_by_hand():
    # (1,4) (2,2) (4,1) are the front; (3,3) is dominated by (2,2), (2,3) too
    values = np.array([[1, 4], [2, 2], [4, 1], [3, 3], [2, 3]], float)
    assert non_dominated(values).tolist() == [True, True, True, False, False]


def test_equal_points_do_not_dominate_each_other():
    values = np.array([[1, 2], [1, 2], [2, 1], [2, 2]], float)
    assert non_dominated(values).tolist() == [True, True, True, False]


def test_a_single_point_and_none():
    assert non_dominated(np.array([[5.0, 5.0]])).tolist() == [True]
    assert non_dominated(np.empty((0, 2))).tolist() == []


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_refuses_what_is_not_finite(bad):
    with pytest.raises(ValueError, match=r"finite values only; rows \[1\]"):
        non_dominated(np.array([[1.0, 2.0], [bad, 0.0]]))
    with pytest.raises(ValueError, match="finite"):
        hypervolume(np.array([[1.0, bad]]), np.array([2.0, 2.0]))


def test_hypervolume_by_hand():
    # reference (4, 10): (1, 5) covers 3/4 * 5/10 = 0.375; (2, 2) covers 2/4 * 8/10 = 0.4;
    # both 0.375 + 0.4 - 2/4 * 5/10 = 0.525
    reference = np.array([4.0, 10.0])
    assert hypervolume(np.array([[1.0, 5.0]]), reference) == pytest.approx(0.375)
    assert hypervolume(np.array([[1.0, 5.0], [2.0, 2.0]]), reference) == pytest.approx(0.525)
    assert hypervolume(np.array([[5.0, 1.0]]), reference) == 0.0
