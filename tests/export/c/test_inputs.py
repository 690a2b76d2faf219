"""Frames as bytes, and means without a division."""

import numpy as np
import pytest
from builders.integer_networks import dense, fc, graph, network, population
from hypothesis import given
from hypothesis import strategies as st

from hwsearch.export.c.inputs import _reciprocal, feeding, raw_bytes


def fed(*, frames, timesteps, most, binning="sum"):
    net = graph(
        [population("readout", [0])], [dense("readout", -1, 0, [[1, 1, 1]], readout=True)],
        timesteps=timesteps, shape=(1, 1, 3), input_max=most, frames=frames, binning=binning,
    )  # fmt: skip
    return feeding(net)


def test_a_still_image_is_values_even_of_0_and_1():
    layers = [fc([[1, 1]], [0], name="readout")]
    feed = feeding(network(layers, timesteps=2, shape=(1, 1, 2), input_max=1))
    assert (feed.raw, feed.read, feed.bins, feed.raw_length) == ("u8", "u8", None, 2)


def test_frames_of_0_and_1_are_bits_unless_they_are_added_up():
    assert fed(frames=4, timesteps=4, most=1).raw == "bits"
    added = fed(frames=4, timesteps=2, most=1)
    assert (added.raw, added.read, added.bins) == ("bits", "u8", "sum")
    averaged = fed(frames=4, timesteps=2, most=1, binning="mean")
    assert (averaged.read, averaged.counts) == ("bits", "u8")


def test_sums_of_frames_have_the_type_that_holds_them():
    assert fed(frames=4, timesteps=4, most=200).read == "u8"
    assert fed(frames=4, timesteps=2, most=200).read == "u16"


@given(st.integers(1, 70_000), st.integers(1, 40), st.data())
def test_a_mean_is_rounded_without_a_division(most, frames, data):
    r = _reciprocal(frames, most)
    total = data.draw(st.integers(0, most * frames))
    x = 2 * total + frames
    assert (x * r.multiplier) >> r.shift == x // (2 * frames)
    assert x * r.multiplier < 2 ** (64 if r.wide else 32)


@pytest.mark.parametrize(("frames", "timesteps", "sizes"), [(10, 4, [2, 3]), (9, 3, [3])])
def test_each_number_of_frames_in_a_bin_has_its_mean(frames, timesteps, sizes):
    feed = fed(frames=frames, timesteps=timesteps, most=9, binning="mean")
    assert [mean.frames for mean in feed.means] == sizes


def test_samples_are_little_endian_and_bits_start_anew_with_each_frame():
    x = np.array([[[[[1, 0, 1]]], [[[0, 1, 1]]]]])
    assert raw_bytes(x, fed(frames=2, timesteps=2, most=1)) == bytes([0b101, 0b110])
    assert raw_bytes(x * 258, fed(frames=2, timesteps=2, most=300)) == bytes(
        [2, 1, 0, 0, 2, 1, 0, 0, 2, 1, 2, 1]
    )
