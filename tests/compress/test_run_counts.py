"""How many weights a run holds: by hand, and as a plain sum has it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.compress.masks import runs
from hwsearch.compress.run_counts import run_counts


def test_by_hand():
    held = np.array([[1, 1, 1, 1, 0, 1, 0, 0, 1, 1], [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]], bool)
    assert {length: counts.tolist() for length, counts in run_counts(held, (4, 8)).items()} == {
        4: [[4, 1, 2], [1, 0, 0]],
        8: [[5, 2], [1, 0]],
    }
    assert run_counts(held[:, ::2], (4,))[4].tolist() == [[2, 1], [0, 0]]  # not next to each other in memory


@pytest.mark.parametrize("lengths", [(4, 8, 16), (8, 16), (16,)])
@given(rows=st.integers(1, 9), columns=st.integers(1, 70), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_it_is_the_sum_of_each_run(lengths, rows, columns, seed):
    held = np.random.default_rng(seed).random((rows, columns)) < 0.5
    counts = run_counts(held, lengths)
    assert list(counts) == list(lengths)
    for length in lengths:
        assert np.array_equal(counts[length], runs(held, length, False).sum(2))
