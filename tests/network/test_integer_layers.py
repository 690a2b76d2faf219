"""One layer of a stack of integer networks: padding, the floats that are exact, and each step by hand."""

import pytest
import torch
import torch.nn.functional as F
from builders.integer_networks import fc, network
from builders.stacks import draw

from hwsearch.network.integer_layers import _as_product, currents, fire, pool, potentials, stack_layers

SMALL = network([fc([[3]], [1], [10]), fc([[1]], [0], None, name="readout")], timesteps=3)
LARGE = network(
    [fc([[1], [2]], [5, 6], [7, 8], f=2), fc([[1, -1]], [4], None, f=-1, name="readout")], timesteps=3
)


def test_missing_channels_are_zero_and_never_read():
    hidden, readout = stack_layers([SMALL, LARGE], "cpu")
    assert hidden.weight.tolist() == [[[3], [0]], [[1], [2]]]
    assert hidden.bias.tolist() == [[[1, 0]], [[5, 6]]]
    assert hidden.threshold.tolist() == [[[10, 1]], [[7, 8]]]
    assert hidden.gain.flatten().tolist() == [1, 4]
    assert hidden.half is None
    assert readout.weight.tolist() == [[[1, 0]], [[1, -1]]]
    assert readout.threshold is None
    assert (readout.gain.flatten().tolist(), readout.half.flatten().tolist()) == ([1, 0.5], [0, 1])


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
    hidden, readout = stack_layers([net], "cpu")
    assert hidden.weight.dtype == exact
    assert readout.weight.dtype == torch.float32


def test_currents_by_hand():
    hidden, _ = stack_layers([LARGE], "cpu")
    # ((1 * 3) << 2) + 5 and ((2 * 3) << 2) + 6
    out, clipped = currents(LARGE, hidden, torch.full((1, 1, 1, 1), 3.0))
    assert out.flatten().tolist() == [17, 30]
    assert clipped.tolist() == [0]


def test_firing_by_hand():
    hidden, _ = stack_layers([SMALL], "cpu")
    # v: 7; 7 - 3 + 7 = 11 >= 10 -> 0; 7
    spikes, states, clipped = fire(SMALL, hidden, torch.full((1, 1, 1, 1), 7.0), True)
    assert spikes.flatten().tolist() == [0, 1, 0]
    assert states.flatten().tolist() == [7, 0, 7]
    assert clipped.tolist() == [0]


def test_a_readout_adds_up_by_hand():
    _, readout = stack_layers([SMALL], "cpu")
    sums, clipped = potentials(SMALL, readout, torch.tensor([1.0, 0.0, 2.0]).view(1, 3, 1, 1))
    assert sums.flatten().tolist() == [1, 1, 3]
    assert clipped.tolist() == [0]


def test_pooling_by_hand():
    spikes = torch.tensor([[1.0, 0, 1], [1, 0, 1], [0, 0, 1]]).view(1, 1, 1, 1, 3, 3)
    assert pool(spikes, 2, "max").flatten().tolist() == [1]  # the odd row and column fall off
    assert pool(spikes, 2, "sum").flatten().tolist() == [2]
    assert pool(spikes, 1, "sum") is spikes


def test_convolutions_as_products_of_integers_are_exact():
    frames = (draw(3, 4, 2, 6, 5) > 0).float()
    weight = (draw(3, 8, 2, 3, 3, seed=1) * 100).round()
    wanted = torch.stack([F.conv2d(x, w, padding=1) for x, w in zip(frames, weight, strict=True)])
    assert torch.equal(_as_product(frames, weight), wanted)
