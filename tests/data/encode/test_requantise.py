"""Whole numbers of another range: by hand, and in order."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.data.encode.requantise import Requantise, requantise


def test_by_hand() -> None:
    x = np.array([0, 1, 7, 8, 9, 16], dtype=np.uint8)
    assert requantise(x, 16, 1).tolist() == [0, 0, 0, 1, 1, 1]
    assert requantise(x, 16, 15).tolist() == [0, 1, 7, 8, 8, 15]  # 8 * 15/16 = 7.5 goes up, 9 * 15/16 = 8.44
    assert requantise(np.array([255, 128, 127], dtype=np.uint8), 255, 3).tolist() == [3, 2, 1]
    assert requantise(x, 16, 255).tolist() == [0, 16, 112, 128, 143, 255]


def test_as_a_step() -> None:
    assert Requantise(16, 1)(np.array([7, 8], dtype=np.uint8)).tolist() == [0, 1]
    assert Requantise(16, 1).settings == {"old_max": 16, "max": 1}


@given(st.integers(1, 255), st.integers(1, 255))
@settings(deadline=None)
def test_requantising_keeps_the_order_and_both_ends(old_max: int, new_max: int) -> None:
    x = requantise(np.arange(old_max + 1, dtype=np.uint8), old_max, new_max)
    assert (np.diff(x.astype(int)) >= 0).all()
    assert (x[0], x[-1]) == (0, new_max)
