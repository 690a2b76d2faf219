"""Populations of a stack of integer networks as tensors: padding, and the floats that are exact."""

import numpy as np
import pytest
import torch
from builders.integer_networks import dense, fc, filters, graph, network, population

from hwsearch.graph.graph import INPUT
from hwsearch.network.integer import run_integer_stack
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
    assert (
        readout.connections[0].gain.flatten().tolist(),
        readout.connections[0].half.flatten().tolist(),
    ) == ([1, 0.5], [0, 1])


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


def test_channels_that_a_network_of_the_stack_lacks_are_zero_in_depthwise_filters_too():
    def net(*filters_):
        size, weight = (1, 1), np.reshape(filters_, (-1, 1, 1, 1))
        n = len(filters_)
        return graph(
            [population("conv1", [0] * n, [1] * n, size=size), population("dw2", [0] * n, [1] * n, size=size),
             population("readout", [0])],
            [filters("conv1", INPUT, 0, np.ones((n, 1, 1, 1)), size),
             filters("dw2", 0, 1, weight, size, groups=n),
             dense("readout", 1, 2, [[1] * n], readout=True)],
            timesteps=1,
        )  # fmt: skip

    wide, narrow = net(3, 4), net(5)
    stacked = stack_populations([wide, narrow], "cpu")[1].connections[0]
    assert stacked.shape.groups == 2
    assert stacked.weight.flatten(1).tolist() == [[3, 4], [5, 0]]
    x = np.ones((1, 1, 1, 1), np.uint8)
    assert [run.readout.tolist() for run in run_integer_stack([wide, narrow], x)] == [[[2]], [[1]]]


def test_sums_that_no_float_holds_are_refused():
    # 2**15 * 2**16 << 24 is 2**55
    net = network(
        [fc([[2**15]], [0], [9], f=24), fc([[1]], [0], name="readout")], timesteps=1, input_max=2**16
    )
    with pytest.raises(
        ValueError, match=r"sums of fc1 must be below 2\*\*53 to be exact; they reach 36028797018963968"
    ):
        stack_populations([net], "cpu")
