"""Windows: which overlap, and stretches that share no frame."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.data.windows import holders, overlaps, stretches


def test_overlaps_by_hand():
    spans = np.array([[0, 0, 4], [0, 4, 8], [0, 3, 5], [1, 3, 5]])
    assert overlaps(spans, np.array([0, 1]), np.array([2])).tolist() == [True, True]
    assert overlaps(spans, np.array([0, 1]), np.array([3])).tolist() == [False, False]
    assert overlaps(spans, np.array([0]), np.array([1])).tolist() == [False]


def test_how_many_hold_each_class():
    assert holders(np.array([0, 0, 1, 2]), np.array([5, 6, 5, 5])) == {5: 3, 6: 1}


def test_stretches_are_as_few_as_give_each_class_enough():
    # 40 windows of 4 frames, 2 apart, 10 stretches of 4; the one label 1 is in one stretch however short they are
    spans = np.stack([np.zeros(40, int), np.arange(40) * 2, np.arange(40) * 2 + 4], axis=1)
    number, kept = stretches(spans, np.repeat([0, 1], 20), 3)
    assert number.tolist() == np.repeat(np.arange(10), 4).tolist()
    assert np.flatnonzero(~kept).tolist() == list(range(4, 40, 4))
    rare, _ = stretches(spans, (np.arange(40) == 21).astype(int), 3)
    assert rare.max() + 1 == 10


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=3), st.integers(1, 9), st.integers(1, 5), st.integers(1, 5),
    st.randoms(use_true_random=False),
)  # fmt: skip
@settings(deadline=None)
def test_stretches_share_no_frame(sizes, length, hop, n_each, random):
    spans = np.concatenate(
        [
            np.stack([np.full(n, r), np.arange(n) * hop, np.arange(n) * hop + length], axis=1)
            for r, n in enumerate(sizes)
        ]
    )
    spans = spans[random.sample(range(len(spans)), len(spans))]
    number, kept = stretches(spans, np.arange(len(spans)) % 2, n_each)
    for one in np.unique(number):
        here, others = np.flatnonzero((number == one) & kept), np.flatnonzero((number != one) & kept)
        assert not overlaps(spans, here, others).any()
        assert len(set(spans[here, 0])) <= 1
