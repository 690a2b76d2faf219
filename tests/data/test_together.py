"""What belongs together: equal samples, chains of overlapping windows, and chains of several reasons."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.data.together import equal_samples, joined, overlapping_windows


def partition(numbers):
    return {tuple(np.flatnonzero(numbers == one)) for one in np.unique(numbers)}


def test_equal_samples_are_numbered_by_the_first():
    x = np.array([[1, 2], [3, 4], [1, 2], [1, 3]], dtype=np.uint8)
    assert equal_samples(x).tolist() == [0, 1, 0, 3]
    assert equal_samples(np.array([[0.0], [-0.0], [1e-9]], dtype=np.float32)).tolist() == [0, 0, 2]


def test_windows_that_touch_do_not_overlap():
    spans = np.array([[0, 0, 4], [0, 4, 8], [0, 7, 9], [1, 0, 4], [0, 8, 12]])
    # of recording 0: [0, 4) alone; [4, 8), [7, 9) and [8, 12) in a chain
    assert partition(overlapping_windows(spans)) == {(0,), (1, 2, 4), (3,)}


def test_reasons_are_joined_in_chains():
    assert partition(joined(np.array([0, 0, 1, 2, 3]), np.array([5, 6, 6, 7, 8]))) == {(0, 1, 2), (3,), (4,)}
    assert partition(joined(np.array([4, 4, 1]))) == {(0, 1), (2,)}


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 20), st.integers(1, 5)), min_size=1, max_size=20))
@settings(deadline=None)
def test_chains_are_the_closure_of_pairs_that_overlap(drawn):
    spans = np.array([(recording, start, start + length) for recording, start, length in drawn])
    found = overlapping_windows(spans)
    naive = np.arange(len(spans))
    for i, (r, a, b) in enumerate(spans):
        for j, (s, c, d) in enumerate(spans):
            if r == s and a < d and c < b:
                naive[naive == naive[i]] = naive[j]
    assert partition(found) == partition(naive)
