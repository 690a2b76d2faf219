"""Populations of a stack of integer networks as tensors: padding, and the floats that are exact."""

import pytest
import torch
from builders.integer_networks import fc, network

from hwsearch.network.integer_stack import stack_populations

SMALL = network([fc([[3]], [1], [10]), fc([[1]], [0], None, name="readout")], timesteps=3)
LARGE = network(
    [fc([[1], [2]], [5, 6], [7, 8], f=2), fc([[1, -1]], [4], None, f=-1, name="readout")], timesteps=3
)


def test_missing_channels_are_zero_and_never_read():
    hidden, readout = stack_populations([SMALL, LARGE], "cpu")
    assert hidden.connections[0].weight.tolist() == [[[3], [0]], [[1], [2]]]
    assert hidden.bias.tolist() == [[[[1, 0]]], [[[5, 6]]]]
    assert hidden.threshold.tolist() == [[[10, 1]], [[7, 8]]]
    assert hidden.connections[0].gain.flatten().tolist() == [1, 4]
    assert hidden.connections[0].half is None
    assert readout.connections[0].weight.tolist() == [[[1, 0]], [[1, -1]]]
    assert readout.threshold is None
    assert (readout.connections[0].gain.flatten().tolist(), readout.connections[0].half.flatten().tolist()) == ([1, 0.5], [0, 1])


@pytest.mark.parametrize(
    ("weight", "f", "exact"),
    [
        (127, 0, torch.float32),
        (32_896, 0, torch.float32),
        (32_897, 0, torch.float64),
        (127, 10, torch.float64),
    ],
)
def test_floats_are_as_wide_as_the_largest_sum(weight, f, exact):
    # 255 * 32,896 = 2**23 - 128 is within 24 bits with its sign, 255 * 32,897 is not; 127 << 10 times 255 is 2**25
    net = network([fc([[weight]], [0], [9], f=f), fc([[1]], [0], None, name="readout")], timesteps=1)
    hidden, readout = stack_populations([net], "cpu")
    assert hidden.connections[0].weight.dtype == exact
    assert readout.connections[0].weight.dtype == torch.float32
