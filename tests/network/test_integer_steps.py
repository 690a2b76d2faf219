"""What populations of a stack compute, each step by hand."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from builders.integer_networks import fc, network

from hwsearch.graph.graph import Pooling
from hwsearch.network.integer_stack import stack_populations
from hwsearch.network.integer_steps import arriving, as_product, fire, pool, potentials, total_current

SMALL = network([fc([[3]], [1], [10]), fc([[1]], [0], None, name="readout")], timesteps=3)
LARGE = network(
    [fc([[1], [2]], [5, 6], [7, 8], f=2), fc([[1, -1]], [4], None, f=-1, name="readout")], timesteps=3
)


def test_currents_by_hand():
    hidden, _ = stack_populations([LARGE], "cpu")
    # ((1 * 3) << 2) + 5 and ((2 * 3) << 2) + 6
    part, clipped = arriving(LARGE, hidden, hidden.connections[0], torch.full((1, 1, 1, 1), 3.0))
    assert part.flatten().tolist() == [12, 24]
    assert clipped.tolist() == [0]
    out, clipped = total_current(LARGE, hidden, [part])
    assert out.flatten().tolist() == [17, 30]
    assert clipped.tolist() == [0]


def test_firing_by_hand():
    hidden, _ = stack_populations([SMALL], "cpu")
    # v: 7; 7 - 3 + 7 = 11 >= 10 -> 0; 7
    spikes, states, clipped = fire(SMALL, hidden, torch.full((1, 1, 1, 1), 7.0), True)
    assert spikes.flatten().tolist() == [0, 1, 0]
    assert states.flatten().tolist() == [7, 0, 7]
    assert clipped.tolist() == [0]


def test_a_readout_adds_up_by_hand():
    _, readout = stack_populations([SMALL], "cpu")
    sums, clipped = potentials(SMALL, readout, torch.tensor([1.0, 0.0, 2.0]).view(1, 3, 1, 1))
    assert sums.flatten().tolist() == [1, 1, 3]
    assert clipped.tolist() == [0]


def test_pooling_by_hand():
    spikes = torch.tensor([[1.0, 0, 1], [1, 0, 1], [0, 0, 1]]).view(1, 1, 1, 1, 3, 3)
    assert pool(spikes, Pooling((2, 2), "max")).flatten().tolist() == [1]  # the odd row and column fall off
    assert pool(spikes, Pooling((2, 2), "sum")).flatten().tolist() == [2]
    assert pool(spikes, Pooling((1, 1), "sum")) is spikes


@pytest.mark.parametrize(
    ("stride", "kernel", "groups"), [((1, 1), (3, 3), 1), ((2, 1), (3, 1), 1), ((2, 2), (5, 3), 2)]
)
def test_convolutions_as_products_of_integers_are_exact(stride, kernel, groups):
    shape = replace(SMALL.connections[0].shape, kind="conv", kernel=kernel, stride=stride, groups=groups)
    generator = torch.Generator().manual_seed(0)
    frames = torch.randint(0, 2, (3, 4, 2, 6, 5), generator=generator).float()
    outputs = 2 if groups > 1 else 8
    weight = torch.randint(-300, 301, (3, outputs, 2 // groups, *kernel), generator=generator).float()
    wanted = [
        F.conv2d(x, w, stride=stride, padding=(kernel[0] // 2, kernel[1] // 2), groups=groups)
        for x, w in zip(frames, weight, strict=True)
    ]
    assert torch.equal(as_product(frames, weight, shape), torch.stack(wanted))
