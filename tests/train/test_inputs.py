"""Integers of a data set as floats, by hand."""

import numpy as np
import torch

from hwsearch.graph.graph import Input
from hwsearch.train.inputs import as_floats, as_input, stored_inputs


def test_a_still_image():
    x = np.array([0, 8, 16], np.uint8).reshape(1, 1, 1, 3)
    assert as_input(x, Input((1, 1, 3), 16, 5), 4).flatten().tolist() == [0.0, 0.5, 1.0]


def test_sums_of_frames_may_exceed_one():
    x = np.array([4, 4, 1, 2], np.uint8).reshape(1, 4, 1, 1, 1)
    read = Input((1, 1, 1), 4, 3, frames=4)
    assert as_input(x, read, 2).flatten().tolist() == [2.0, 0.75]
    assert as_input(x, read, 4).flatten().tolist() == [1.0, 1.0, 0.25, 0.5]


def test_sequences_are_held_as_small_integers_and_binned_in_pieces():
    x = np.random.default_rng(0).integers(0, 4, (600, 4, 2, 1, 1)).astype(np.uint8)
    few, many = Input((2, 1, 1), 3, 2, frames=4), Input((2, 1, 1), 255, 8, frames=4)
    held = stored_inputs(x, few, 2)
    assert held.dtype == torch.uint8
    assert np.array_equal(held.numpy(), x.reshape(600, 2, 2, 2, 1, 1).sum(2))
    assert stored_inputs(x, many, 2).dtype == torch.int32
    assert torch.equal(as_floats(held, 3), held.float() / 3)
