"""Channels that cannot matter go; the readout stays the same, bit for bit."""

from dataclasses import replace

import numpy as np
import pytest
from builders.graphs import spec
from builders.integer_networks import dense, filters, graph, population
from builders.random_networks import networks
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.graph.graph import INPUT
from hwsearch.network.fold import fold
from hwsearch.network.integer import run_integer
from hwsearch.network.integers import Widths
from hwsearch.network.params import initial_params
from hwsearch.network.shrink import living, shrink


@given(seed=st.integers(0, 2**32 - 1), density=st.floats(0.05, 0.9), leak_shift=st.sampled_from([None, 1, 3]))
@settings(max_examples=25, deadline=None)
@pytest.mark.parametrize("reset", ["zero", "subtract"])
@pytest.mark.parametrize("topology", ["4c3-p2-6c3-fc8", "fc9-fc7"])
def test_shrinking_keeps_the_readout_bit_for_bit(topology, reset, seed, density, leak_shift):
    rng = np.random.default_rng(seed)
    own = spec(topology, reset=reset, leak_shift=leak_shift, input_max=10)
    params, masks = initial_params(own, seed % 1000), []
    for weight in params.weights:
        mask = rng.random(weight.shape) < density
        mask[rng.random(len(mask)) < 0.4] = False
        masks.append(mask)
    net = fold(own, params, masks, (4,) * len(masks), 4, Widths())
    slim, staying = shrink(net)
    assert [len(channels) for channels in staying] == [len(p.bias) for p in slim.populations[:-1]]
    x = rng.integers(0, 11, (20, 1, 6, 6)).astype(np.uint8)
    whole, small = run_integer(net, x), run_integer(slim, x)
    assert np.array_equal(whole.readout, small.readout)
    for spikes, remaining, channels in zip(whole.spikes, small.spikes, staying, strict=True):
        assert np.array_equal(spikes[channels], remaining)


def test_a_removed_channel_takes_its_row_its_state_and_its_readers():
    own = spec("fc3-fc4", (1, 1, 2), 2)
    params = initial_params(own, 0)
    masks = [np.ones(weight.shape, bool) for weight in params.weights]
    masks[0][1], masks[1][:, 1] = False, False
    slim, kept = shrink(fold(own, params, masks, (8, 8, 8), 4, Widths()))
    assert [c.weight.shape for c in slim.connections] == [(2, 2), (4, 2), (2, 4)]
    assert kept[0].tolist() == [0, 2]


@pytest.mark.slow
@given(case=networks())
@settings(max_examples=200, deadline=None)
def test_a_shrunk_graph_answers_as_the_whole_one(case):
    net, x = case
    slim, staying = shrink(net)
    whole, small = run_integer(net, x), run_integer(slim, x)
    assert np.array_equal(whole.readout, small.readout)
    for remaining, channels in zip(slim.populations, staying, strict=False):
        assert len(remaining.bias) == len(channels) == remaining.shape.channels
    for connection in slim.connections:
        assert connection.weight.shape == connection.shape.weight_shape
    again, all_stay = shrink(slim)
    assert [len(p.bias) for p in again.populations] == [len(p.bias) for p in slim.populations]
    assert all(np.array_equal(channels, np.arange(len(channels))) for channels in all_stay)


def chain_with(*between, hidden, timesteps=4):
    """Return a readout of the last of hidden populations, all fully connected from one input, and what is between."""
    place = len(hidden)
    weight = np.ones((1, len(hidden[-1].bias)), int)
    connections = [*between, dense("readout", place - 1, place, weight, readout=True)]
    ordered = sorted(connections, key=lambda c: c.shape.target)
    return graph([*hidden, population("readout", [0])], ordered, timesteps=timesteps)


def test_a_channel_that_only_feeds_itself_is_silent():
    # channel 1 gets nothing but its own spikes and those of channel 2, which gets nothing but those of channel 1
    net = chain_with(
        dense("rec1", INPUT, 0, [[1], [0], [0], [0]]),
        dense("rec1.back", 0, 0, [[1, 0, 0, 0], [0, 5, 5, 0], [0, 5, 0, 0], [0, 0, 0, 1]], delay=1),
        hidden=[population("rec1", [0, 0, 0, 3], [4, 4, 4, 9])],
    )
    slim, staying = shrink(net)
    assert staying[0].tolist() == [0, 3]  # channel 3 fires by its bias alone, 3 + 3 + 3
    assert slim.connections[1].weight.tolist() == [[1, 0], [0, 1]]
    # at a threshold that four timesteps do not reach it goes, too
    quiet = replace(net, populations=(population("rec1", [0, 0, 0, 3], [4, 4, 4, 13]), net.populations[1]))
    assert shrink(quiet)[1][0].tolist() == [0]


def test_what_only_reads_itself_leads_nowhere():
    net = chain_with(
        dense("rec1", INPUT, 0, [[1], [1], [1]]),
        dense("rec1.back", 0, 0, [[1, 0, 0], [0, 1, 1], [0, 1, 1]], delay=1),
        hidden=[population("rec1", [0] * 3, [4] * 3)],
    )
    deaf = replace(net, connections=(*net.connections[:2], dense("readout", 0, 1, [[1, 0, 0]], readout=True)))
    assert shrink(deaf)[1][0].tolist() == [0]
    assert shrink(net)[1][0].tolist() == [0, 1, 2]


def residual(first, second, skip=(1, 1, 1)):
    """Three channels, filtered by one weight each and joined with what the filters read."""
    size = (1, 1)
    return chain_with(
        filters("conv1", INPUT, 0, np.reshape(first, (3, 1, 1, 1)), size),
        filters("dw2", 0, 1, np.reshape(second, (3, 1, 1, 1)), size, groups=3),
        replace_shape(
            filters("dw2.skip", 0, 1, np.reshape(skip, (3, 1, 1, 1)), size, groups=3), prunable=False
        ),
        hidden=[
            population("conv1", [0] * 3, [4] * 3, size=size),
            population("dw2", [0] * 3, [4] * 3, size=size),
        ],
    )


def replace_shape(connection, **changes):
    return replace(connection, shape=replace(connection.shape, **changes))


def test_a_residual_join_removes_a_channel_everywhere_or_nowhere():
    # channel 0 has no filter of its own and lives by the identity; channel 1 gets nothing; channel 2 is whole
    slim, staying = shrink(residual([1, 0, 1], [0, 1, 1]))
    assert [channels.tolist() for channels in staying] == [[0, 2], [0, 2]]
    assert [c.shape.groups for c in slim.connections] == [1, 2, 2, 1]
    assert [c.weight.ravel().tolist() for c in slim.connections] == [[1, 1], [0, 1], [1, 1], [1, 1]]
    # the second population of channel 1 fires by its bias: the first one stays with it
    net = residual([1, 0, 1], [0, 1, 1])
    loud = population("dw2", [0, 5, 0], [4] * 3, size=(1, 1))
    kept = shrink(replace(net, populations=(net.populations[0], loud, net.populations[2])))[1]
    assert [channels.tolist() for channels in kept] == [[0, 1, 2], [0, 1, 2]]


def test_channels_that_the_input_shares_all_stay():
    net = graph(
        [population("dw1", [0, 0], [4, 4], size=(1, 1)), population("readout", [0])],
        [
            filters("dw1", INPUT, 0, [[[[0]]], [[[1]]]], (1, 1), groups=2),
            dense("readout", 0, 1, [[1, 1]], readout=True),
        ],
        timesteps=2, shape=(2, 1, 1),
    )  # fmt: skip
    slim, staying = shrink(net)
    assert slim is net
    assert staying[0].tolist() == [0, 1]


def test_one_channel_stays_where_none_is_needed():
    net = chain_with(dense("fc1", INPUT, 0, [[0], [0]]), hidden=[population("fc1", [0, 0], [4, 4])])
    assert shrink(net)[1][0].tolist() == [0]


@given(case=networks(), multiple=st.integers(2, 4))
@settings(max_examples=40, deadline=None)
def test_a_multiple_of_the_channels_stays_where_any_go(case, multiple):
    net, x = case
    slim, staying = shrink(net, multiple)
    assert np.array_equal(run_integer(net, x).readout, run_integer(slim, x).readout)
    for member, channels in zip(net.populations, staying, strict=False):
        assert len(channels) == len(member.bias) or len(channels) % multiple == 0


@given(case=networks(), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_where_every_bias_fires_only_what_leads_somewhere_counts(case, seed):
    net, rng = case[0], np.random.default_rng(seed)
    firing = replace(
        net,
        populations=tuple(
            replace(p, bias=np.ones_like(p.bias), threshold=None if p.threshold is None else np.ones_like(p.threshold))
            for p in net.populations
        ),
        connections=tuple(
            replace(c, weight=np.where(rng.random(c.weight.shape) < 0.3, c.weight, 0)) for c in net.connections
        ),
    )  # fmt: skip
    _, staying = shrink(firing, multiple := int(rng.choice([1, 4])))
    shapes, weights = tuple(c.shape for c in firing.connections), [c.weight for c in firing.connections]
    told = living(shapes, weights, [len(p.bias) for p in firing.populations], multiple)
    assert [np.flatnonzero(told[p]).tolist() for p in range(len(staying))] == [
        kept.tolist() for kept in staying
    ]
    assert told[len(staying)].all()
