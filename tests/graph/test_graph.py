"""What follows from a graph: shapes, order in time, shared channels, what input and readout make of time."""

import math

import pytest
from builders.graphs import spec
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.graph.graph import Input, Pooling, Readout


def test_pooling_by_hand():
    odd = Pooling((2, 3), "sum")
    assert (odd.area, odd.divisor, odd.pooled((5, 8))) == (6, 6, (2, 2))
    assert Pooling((2, 3), "max").divisor == 1
    assert Pooling().pooled((5, 8)) == (5, 8)


def test_weights_of_a_connection_by_hand():
    conv, depthwise, identity, _ = spec("4c3x1-dw3-fc2", (2, 6, 6)).connections
    assert (conv.weight_shape, conv.n_weights, conv.area, conv.padding) == ((4, 2, 3, 1), 24, 3, (1, 0))
    assert (depthwise.weight_shape, depthwise.n_weights, depthwise.depthwise) == ((4, 1, 3, 3), 36, True)
    assert (identity.weight_shape, identity.area, conv.depthwise) == ((2, 144), 1, False)
    assert spec("res(2c3)", (2, 6, 6)).connections[1].depthwise
    # one channel: a filter a channel is a filter, but an identity is one all the same
    assert [c.depthwise for c in spec("dw3-res(1c3)", (1, 6, 6)).connections] == [False, False, True, False]


def test_prunable_weights_and_their_values():
    network = spec("4c3-res(4c3-4c3)-fc2", (1, 6, 6))
    assert network.prunable == (0, 1, 2, 4, 5)
    assert network.n_weights == 36 + 144 + 144 + 288 + 6
    # the identity into the third population goes with its convolution
    assert network.spread("abcde") == ("a", "b", "c", "c", "d", "e")
    assert network.has_conv
    assert not spec("fc4-res(fc4)").has_conv  # an identity is no convolution that could be pruned
    with pytest.raises(ValueError, match="zip"):
        network.spread("abcdef")


def test_what_time_makes_of_the_input():
    still, counts = Input((1, 6, 6), 16, 5), Input((1, 6, 6), 3, 2, frames=7)
    values = Input((1, 6, 6), 3, 2, frames=7, binning="mean")
    assert (still.still, counts.still) == (True, False)
    assert [still.max_at(3), counts.max_at(7), counts.max_at(3), values.max_at(3)] == [16, 3, 9, 3]
    # frames of 0 and 1 are spikes, until two of them fall into one bin
    events = Input((1, 6, 6), 1, 1, frames=4)
    assert [events.analog(t) for t in (4, 3, 2)] == [False, True, True]
    assert not Input((1, 6, 6), 1, 1, frames=4, binning="mean").analog(2)
    assert Input((1, 6, 6), 1, 1).analog(4)


def test_what_each_timestep_counts_in_the_readout():
    assert Readout().shares(4) == [0.25] * 4
    assert Readout(last=2).shares(4) == [0, 0, 0.5, 0.5]
    assert Readout(last=9).shares(2) == [0.5, 0.5]
    # of four timesteps 1/8, 1/4, 1/2 and 1 are left, by a leak of a half
    assert Readout(leak_shift=1).shares(4) == [share / 15 for share in (1, 2, 4, 8)]
    assert Readout(last=2, leak_shift=2).shares(3) == [0, 0.75 / 1.75, 1 / 1.75]


@given(st.integers(1, 64), st.none() | st.integers(1, 70), st.none() | st.integers(1, 8))
@settings(deadline=None)
def test_shares_of_the_readout_are_one_in_all(timesteps, last, leak_shift):
    shares = Readout(last, leak_shift).shares(timesteps)
    assert math.fsum(shares) == pytest.approx(1.0, rel=1e-12)
    assert shares == sorted(shares)
    assert sum(share > 0 for share in shares) == min(timesteps, last or timesteps)
