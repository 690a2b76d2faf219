"""Disturbed inputs: by hand, and laws that all of them keep."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsearch.graph.graph import Input
from hwsearch.stress import inputs
from hwsearch.stress.draws import Draw

STILL = Input((2, 3, 3), 15, 4)
EVENTS = Input((2, 3, 3), 15, 4, frames=6, binning="sum")
FRAMES = Input((2, 3, 3), 15, 4, frames=6, binning="mean")
UP, DOWN = Draw(0, 1), Draw(1, 1)


def samples(read, n=4, seed=0):
    frames = () if read.still else (read.frames,)
    return np.random.default_rng(seed).integers(
        0, read.max, (n, *frames, *read.shape), np.uint8, endpoint=True
    )


def kinds_of(read):
    found = [inputs.dropped, inputs.spurious]
    found += [] if inputs.why_no_values(read) else [inputs.noise, inputs.drift, inputs.offset, inputs.gain]
    return found + ([] if read.still else [inputs.jitter])


@given(
    read=st.sampled_from([STILL, EVENTS, FRAMES]),
    level=st.floats(0, 1),
    number=st.integers(0, 3),
    seed=st.integers(0, 2**32),
)
def test_what_comes_out_is_in_the_encoders_range_and_the_samples_stay(read, level, number, seed):
    for disturb in kinds_of(read):
        x = samples(read)
        before = x.copy()
        out = disturb(x, read, level, Draw(number, seed))
        assert (out.shape, out.dtype) == (x.shape, np.uint8)
        assert out.max() <= read.max
        assert np.array_equal(x, before)
        assert np.array_equal(out, disturb(x, read, level, Draw(number, seed)))


@pytest.mark.parametrize("read", [STILL, EVENTS, FRAMES])
def test_nothing_is_disturbed_at_level_0(read):
    x = samples(read)
    assert all(np.array_equal(disturb(x, read, 0.0, UP), x) for disturb in kinds_of(read))


def test_noise_has_the_spread_that_its_level_says():
    read = Input((1, 100, 100), 255, 8)
    x = np.full((4, 1, 100, 100), 128, np.uint8)
    out = inputs.noise(x, read, 0.1, UP).astype(float) - 128
    assert out.std() == pytest.approx(25.5, rel=0.03)
    assert abs(out.mean()) < 0.5


def test_drift_is_the_same_in_all_samples_and_frames():
    x = np.full((3, 6, 2, 3, 3), 7, np.uint8)
    out = inputs.drift(x, FRAMES, 0.2, UP)
    assert (out == out[0, 0]).all()
    assert len(np.unique(out[0, 0])) > 2


def test_offset_and_gain_by_hand():
    x = np.array([0, 4, 10], np.uint8)
    assert inputs.offset(x, STILL, 0.2, UP).tolist() == [3, 7, 13]
    assert inputs.offset(x, STILL, 0.2, DOWN).tolist() == [0, 1, 7]
    assert inputs.gain(x, STILL, 1.0, UP).tolist() == [0, 8, 15]
    assert inputs.gain(x, STILL, 1.0, DOWN).tolist() == [0, 2, 5]


def test_all_is_lost_and_all_is_struck_at_level_1():
    assert not inputs.dropped(samples(STILL), STILL, 1.0, UP).any()
    assert not inputs.dropped(samples(EVENTS), EVENTS, 1.0, UP).any()
    blank = np.zeros((2, 6, 2, 3, 3), np.uint8)
    assert (inputs.spurious(blank, EVENTS, 1.0, UP) == 1).all()
    assert len(np.unique(inputs.spurious(samples(STILL), STILL, 1.0, UP))) > 8


def test_events_that_are_dropped_are_a_share_of_the_counts():
    x = np.full((50, 6, 2, 3, 3), 10, np.uint8)
    assert inputs.dropped(x, EVENTS, 0.3, UP).mean() == pytest.approx(7.0, abs=0.1)


def test_jitter_moves_events_and_loses_none():
    x = np.zeros((20, 6, 2, 3, 3), np.uint8)
    x[:, 2] = 1
    out = inputs.jitter(x, EVENTS, 1.0, UP)
    assert np.array_equal(out.sum(1), x.sum(1))
    assert 0.25 < out[:, 2].mean() < 0.55  # a Gaussian of 1 frame rounds to 0 with a chance of 0.38


def test_jitter_of_values_reads_whole_frames_of_the_neighbourhood():
    x = np.zeros((5, 6, 2, 3, 3), np.uint8)
    x[:] = np.arange(6).reshape(1, 6, 1, 1, 1)
    out = inputs.jitter(x, FRAMES, 0.5, UP)
    assert (out == out[..., :1, :1, :1]).all()
    assert (out != x).any()


def test_missing_channels_read_0_in_all_samples():
    read = Input((4, 1, 1), 15, 4, frames=3, binning="mean")
    x = np.full((5, 3, 4, 1, 1), 9, np.uint8)
    out = inputs.missing(x, read, 3, UP)
    assert sorted(out[0, 0, :, 0, 0].tolist()) == [0, 0, 0, 9]
    assert (out == out[0, 0]).all()
    assert (x == 9).all()


def test_what_does_not_apply_says_why():
    assert inputs.why_no_values(EVENTS)
    assert not inputs.why_no_values(FRAMES)
    assert inputs.why_no_frames(STILL)
    assert not inputs.why_no_frames(EVENTS)
    assert inputs.why_no_channels(Input((1, 3, 3), 15, 4))
    assert not inputs.why_no_channels(STILL)
