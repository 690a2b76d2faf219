"""From frames to timesteps: bins by hand, and what holds for all of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.data.frames import bin_starts, timestep_inputs, timestep_labels
from hwsearch.graph.graph import Input


def frames(values):
    """One sample of frames of one pixel."""
    return np.array(values, np.uint8).reshape(1, -1, 1, 1, 1)


def read(n_frames, binning="sum", largest=255):
    return Input((1, 1, 1), largest, 8, n_frames, binning)


@pytest.mark.parametrize(
    ("timesteps", "starts"),
    [(1, [0]), (2, [0, 4]), (3, [0, 3, 5]), (4, [0, 2, 4, 6]), (7, [0, 1, 2, 3, 4, 5, 6])],
)
def test_bins_of_seven_frames(timesteps, starts):
    assert bin_starts(7, timesteps).tolist() == starts


def test_sums_and_rounded_means_by_hand():
    x = frames([1, 2, 0, 4, 200, 255, 3])  # bins of three timesteps: 1 2 0, 4 200, 255 3
    # a sum may exceed what a frame can hold
    assert timestep_inputs(x, read(7), 3).ravel().tolist() == [3, 204, 258]
    assert timestep_inputs(x, read(7, "mean"), 3).ravel().tolist() == [1, 102, 129]
    halves = frames([1, 2, 0, 1])  # 1.5 and 0.5 go up
    assert timestep_inputs(halves, read(4, "mean"), 2).ravel().tolist() == [2, 1]


def test_as_many_timesteps_as_frames_are_the_frames():
    x = np.random.default_rng(0).integers(0, 9, (2, 5, 3, 2, 4)).astype(np.uint8)
    for binning in ("sum", "mean"):
        binned = timestep_inputs(x, Input((3, 2, 4), 8, 4, 5, binning), 5)
        assert binned.dtype == np.int32
        assert np.array_equal(binned, x)


def test_a_still_image_is_shown_at_every_timestep():
    x = np.arange(12, dtype=np.uint8).reshape(2, 1, 2, 3)
    shown = timestep_inputs(x, Input((1, 2, 3), 11, 4), 3)
    assert shown.shape == (2, 3, 1, 2, 3)
    assert all(np.array_equal(shown[:, t], x) for t in range(3))


def test_a_bin_has_the_label_of_its_last_frame():
    labels = np.array([[0, 0, 1, 1, 2, 2, 3]])
    assert timestep_labels(labels, 3).tolist() == [[1, 2, 3]]
    assert timestep_labels(labels, 7).tolist() == labels.tolist()
    assert timestep_labels(labels[:, 0], 3).tolist() == [0]


def test_more_timesteps_than_frames_are_refused():
    for call in (
        lambda: timestep_inputs(frames([1, 2]), read(2), 3),
        lambda: timestep_labels(np.zeros((1, 2), np.int64), 3),
    ):
        with pytest.raises(ValueError, match="a sample of 2 frames has 2 timesteps at most; got 3"):
            call()


@given(st.integers(1, 40), st.data())
@settings(deadline=None)
def test_each_frame_falls_into_the_bin_of_its_place(n_frames, data):
    timesteps = data.draw(st.integers(1, n_frames))
    values = np.random.default_rng(n_frames).integers(0, 256, n_frames)
    sums, counts = [0] * timesteps, [0] * timesteps
    for t, value in enumerate(values):
        sums[t * timesteps // n_frames] += int(value)
        counts[t * timesteps // n_frames] += 1
    assert timestep_inputs(frames(values), read(n_frames), timesteps).ravel().tolist() == sums
    means = [int(np.floor(total / n + 0.5)) for total, n in zip(sums, counts, strict=True)]
    assert timestep_inputs(frames(values), read(n_frames, "mean"), timesteps).ravel().tolist() == means
    assert max(counts) - min(counts) <= 1
    assert max(sums) <= read(n_frames).max_at(timesteps)


def test_labels_of_samples_stay_and_those_of_frames_become_those_of_timesteps():
    samples = np.array([2, 0])
    assert timestep_labels(samples, 5) is samples
    # bins of four frames in two: the last frame of each
    assert timestep_labels(np.array([[0, 1, 2, 3]]), 2).tolist() == [[1, 3]]
    with pytest.raises(ValueError, match="4 timesteps at most; got 5"):
        timestep_labels(np.array([[0, 1, 2, 3]]), 5)
