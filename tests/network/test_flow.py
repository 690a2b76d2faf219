"""What travels in a pass: delays, what is made of spikes where they arise, potentials of the readout; each by hand."""

from dataclasses import replace

import pytest
import torch
from builders.graphs import spec
from builders.stacks import lively

from hwsearch.graph.graph import NO_POOLING, Pooling, Readout
from hwsearch.network.flow import behind, late, potentials
from hwsearch.network.neuron import NO_POOL, Pool
from hwsearch.network.stack import Stack


def test_a_delay_by_hand():
    x = torch.tensor([1.0, 2.0, 3.0]).view(1, 3, 1, 1)
    assert late(x, 1).flatten().tolist() == [0.0, 1.0, 2.0]


def delayed(own, place):
    connections = list(own.connections)
    connections[place] = replace(connections[place], delay=1)
    return replace(own, connections=tuple(connections))


@pytest.mark.parametrize("frames", [None, 4])
def test_a_delayed_input_is_a_sequence_that_starts_a_timestep_later(frames):
    own = spec("fc7-fc5", frames=4)
    (ticket,) = lively(own, [("weight", 0.0, 8)])
    x = torch.rand(3, 4, 1, 6, 6) if frames else torch.rand(3, 1, 1, 6, 6).expand(3, 4, 1, 6, 6)
    shifted = torch.cat([torch.zeros_like(x[:, :1]), x[:, :-1]], 1)
    expected = Stack(own, [ticket])(shifted, 4)
    other = delayed(spec("fc7-fc5", frames=frames), 0)
    assert torch.equal(Stack(other, [ticket])(x if frames else x[:, 0], 4), expected)


@pytest.mark.parametrize("place", [1, 2])
def test_a_delay_between_populations(place):
    # what arrives at T + 1 with the delay arrived at T without: silence first, then the same
    own = spec("fc7-fc5", threshold=0.5, frames=5, readout=Readout(last=1))
    (ticket,) = lively(own, [("weight", 0.0, 8)])
    biases = tuple(0 * bias for bias in ticket.params.biases)
    ticket = replace(ticket, params=replace(ticket.params, biases=biases))
    x = torch.rand(3, 5, 1, 6, 6)
    now, later = Stack(own, [ticket])(x[:, :4], 4), Stack(delayed(own, place), [ticket])(x, 5)
    assert now.abs().max() > 0
    torch.testing.assert_close(later, now)


def test_what_is_made_of_spikes_where_they_arise():
    square, halves = Pooling((2, 2), "max"), (0.5, 0.5)
    assert behind(spec("4c3-p2-4c3-fc5"), 0, 2) == Pool(square)
    assert behind(spec("4c3-p2"), 0, 2) == Pool(square, halves)
    assert behind(spec("4c3-fc5"), 0, 2) == NO_POOL
    assert behind(spec("4c3-fc5"), 1, 2) == Pool(NO_POOLING, halves)
    assert behind(spec("4c3-p2", readout=Readout(labels="step")), 0, 2) == Pool(square)
    assert behind(spec("fc4", readout=Readout(last=1)), 0, 2) == Pool(NO_POOLING, (0.0, 1.0))
    assert behind(spec("r4-fc5"), 0, 2) == NO_POOL  # it reads itself as well
    assert behind(spec("4c3-p2-res(4c3)-fc5"), 0, 2) == Pool(square)
    assert behind(delayed(spec("fc4"), 1), 0, 2) == NO_POOL


def test_potentials_by_hand():
    # no leak: means so far. k = 1: 2, (2 / 2 + 4) / 1.5, (5 / 2 + 0) / 1.75
    current = torch.tensor([2.0, 4.0, 0.0]).view(1, 3, 1, 1)
    plain, leaky = (spec("fc4", readout=Readout(leak_shift=k, labels="step")) for k in (None, 1))
    assert potentials(current, plain).flatten().tolist() == pytest.approx([2.0, 3.0, 2.0])
    assert potentials(current, leaky).flatten().tolist() == pytest.approx([2.0, 5 / 1.5, 2.5 / 1.75])
