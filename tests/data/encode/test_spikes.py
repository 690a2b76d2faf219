"""Spikes: by hand, and what share of frames fires."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.data.encode.spikes import Delta, Latency, Rate, hashed


def still(*values):
    return np.array(values, dtype=np.uint8).reshape(1, -1, 1, 1)


def sequence(*values):
    return np.array(values, dtype=np.uint8).reshape(1, -1, 1, 1, 1)


def test_the_hash_by_hand():
    def slow(x):
        x ^= x >> 16
        x = x * 0x7FEB352D % 2**32
        x ^= x >> 15
        x = x * 0x846CA68B % 2**32
        return x ^ x >> 16

    some = [0, 1, 2, 12345, 2**32 - 1]
    assert hashed(np.array(some, dtype=np.uint32)).tolist() == [slow(x) for x in some]


def test_a_rate_is_the_share_of_frames():
    fired = Rate(64, 0, 255)(np.repeat(np.array([0, 51, 128, 255], np.uint8), 500).reshape(1, 4, 500, 1))
    assert fired.shape == (1, 64, 4, 500, 1)
    # 32,000 draws each: a standard deviation of 0.0028 at most
    assert fired.mean(axis=(0, 1, 3, 4)) == pytest.approx([0, 0.2, 128 / 255, 1], abs=0.01)
    assert fired[:, :, 0].max() == 0
    assert fired[:, :, 3].min() == 1


def test_a_draw_depends_on_its_seed_and_on_no_other_sample():
    x = np.random.default_rng(0).integers(0, 256, (3, 2, 4, 4), dtype=np.uint8)
    rate = Rate(8, 7, 255)
    assert np.array_equal(rate(x)[1:], rate(x[1:]))
    assert not np.array_equal(rate(x), Rate(8, 8, 255)(x))


def test_latency_by_hand():
    # of 4 frames: 16 at once, 12 in frame 1, 9 in floor(7 * 4 / 16) = 1, 1 in the last, 0 never
    fired = Latency(4, 16)(still(16, 12, 9, 1, 0))[0, :, :, 0, 0]
    assert fired.T.tolist() == [[1, 0, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]]


@given(st.integers(1, 20), st.integers(1, 255))
@settings(deadline=None)
def test_each_value_but_zero_gives_one_spike_and_a_larger_one_none_later(frames, largest):
    fired = Latency(frames, largest)(still(*range(largest + 1)))[0, :, :, 0, 0]
    assert fired.sum(0).tolist() == [0] + [1] * largest
    assert (np.diff(fired[:, 1:].argmax(0)) <= 0).all()


def test_delta_by_hand():
    # level 10; 14 crosses one threshold of 3 (13), then the next (16) at 16; 10 falls to 13 and 10
    fired = Delta(3)(sequence(10, 14, 16, 10, 10, 10))[0, :, :, 0, 0]
    assert fired[:, 0].tolist() == [0, 1, 1, 0, 0, 0]
    assert fired[:, 1].tolist() == [0, 0, 0, 1, 1, 0]


@given(st.lists(st.integers(0, 255), min_size=1, max_size=30), st.integers(1, 40))
@settings(deadline=None)
def test_the_spikes_of_a_signal_that_rests_add_up_to_where_it_is(values, threshold):
    rests = [*values, *[values[-1]] * (255 // threshold + 2)]
    fired = Delta(threshold)(sequence(*rests))[0, :, :, 0, 0].astype(int)
    moved = threshold * (fired[:, 0].sum() - fired[:, 1].sum())
    assert abs(values[-1] - values[0] - moved) < threshold
    assert (fired.sum(1) <= 1).all()
