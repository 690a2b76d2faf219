"""Disturbed networks: by hand, and against a neuron-by-neuron reading of the equations."""

import numpy as np
import pytest
from builders.integer_networks import dense, fc, filters, graph, network, one_neuron, population
from hypothesis import given
from hypothesis import strategies as st

from hwsearch.hardware.storage import FORMATS
from hwsearch.network.integer import run_integer
from hwsearch.stress import models
from hwsearch.stress.draws import Draw
from hwsearch.stress.models import Stored

UP, DOWN = Draw(0, 1), Draw(1, 1)


def two_layers(weight=((5, -3), (0, 7)), **settings):
    layers = [fc(weight, [0, 0], [4, 4]), fc([[1, 2], [3, -1]], [0, 0], name="readout")]
    return network(layers, timesteps=4, shape=(1, 1, 2), input_max=9, input_bits=4, **settings)


def stored(net, name="dense"):
    return Stored(net, (name,) * len(net.connections))


def weights(net):
    return [c.weight.tolist() for c in net.connections]


def test_every_bit_flipped_is_the_complement():
    out = models.bit_flips(stored(two_layers()), 1.0, UP)
    assert weights(out) == [[[-6, 2], [-1, -8]], [[-2, -3], [-4, 0]]]


def test_a_sign_of_one_bit_is_turned_round():
    net = two_layers(((1, -1), (-1, 1)), weight_bits=1)
    net = models.replace(
        net, connections=net.connections[:1] + two_layers().connections[1:], weight_bits=(1, 8)
    )
    assert weights(models.bit_flips(stored(net), 1.0, UP))[0] == [[-1, 1], [1, -1]]


def test_what_a_sparse_format_does_not_store_is_not_struck():
    assert weights(models.bit_flips(stored(two_layers(), "bitmap"), 1.0, UP))[0][1][0] == 0
    assert weights(models.bit_flips(stored(two_layers(), "dense"), 1.0, UP))[0][1][0] == -1


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "kernel"])
def test_no_flip_is_the_network_itself_in_every_format(name):
    wide = np.random.default_rng(0).integers(-7, 8, (8, 2))
    layers = [fc(wide, [0] * 8, [4] * 8), fc(np.eye(2, 8, dtype=int), [0, 0], name="readout")]
    net = network(layers, timesteps=2, shape=(1, 1, 2), weight_bits=4)
    assert weights(models.bit_flips(stored(net, name), 0.0, UP)) == weights(net)


def test_bits_are_flipped_at_the_rate_that_is_asked_for():
    net = network(
        [fc(np.zeros((100, 100), int), [0] * 100, [4] * 100), fc(np.zeros((2, 100), int), [0, 0], name="readout")],
        timesteps=1, shape=(1, 10, 10),
    )  # fmt: skip
    out = models.bit_flips(stored(net), 0.01, UP).connections[0].weight
    flipped = np.unpackbits(out.astype(np.int8).view(np.uint8)).mean()
    assert flipped == pytest.approx(0.01, rel=0.1)


def test_a_dead_neuron_is_read_by_nobody_and_all_dead_leave_the_bias():
    net = two_layers()
    x = np.array([[[[9, 3]]]], np.uint8)
    out = models.dead(stored(net), 1.0, UP)
    assert not out.connections[1].weight.any()
    assert weights(out)[0] == weights(net)[0]
    assert not run_integer(out, x).readout.any()


@given(seed=st.integers(0, 2**32))
def test_a_dead_neuron_equals_one_whose_threshold_is_never_reached(seed):
    net, draw = two_layers(), Draw(0, seed)
    x = np.random.default_rng(seed).integers(0, 10, (5, 1, 1, 2), np.uint8)
    gone = draw.rng.random(2) < 0.5
    high = models.replace(
        net.populations[0], threshold=np.where(gone, 2**24 - 1, net.populations[0].threshold).astype(np.int32)
    )
    never = models.replace(net, populations=(high, net.populations[1]))
    assert np.array_equal(
        run_integer(models.dead(stored(net), 0.5, draw), x).readout, run_integer(never, x).readout
    )


def maps_and_flat():
    """Two channels of 2 x 2, each filtered by itself, then read by a flat layer (four pixels a channel)."""
    law = {"leak_shift": 1}
    return graph(
        [population("c", [0, 0], [1, 1], size=(2, 2), **law), population("d", [0, 0], [1, 1], size=(2, 2), **law),
         population("readout", [0, 0])],
        [filters("c", -1, 0, np.ones((2, 1, 1, 1)), (2, 2)),
         filters("d", 0, 1, np.ones((2, 1, 1, 1)), (2, 2), groups=2),
         dense("readout", 1, 2, np.arange(1, 17).reshape(2, 8), fan_columns=4, readout=True)],
        timesteps=2, shape=(1, 2, 2),
    )  # fmt: skip


def test_a_dead_channel_takes_its_own_filter_and_its_pixels():
    net = maps_and_flat()
    draw = next(d for d in (Draw(0, seed) for seed in range(99)) if _struck(net, d) == [[1, 0], [0, 1]])
    out = models.dead(stored(net), 0.5, draw)
    assert out.connections[1].weight.ravel().tolist() == [0, 1]
    assert out.connections[2].weight.tolist() == [[1, 2, 3, 4, 0, 0, 0, 0], [9, 10, 11, 12, 0, 0, 0, 0]]


def _struck(net, draw):
    return [hit.astype(int).tolist() for hit in models._struck(net, 0.5, draw)][:2]


@pytest.mark.parametrize("reset", ["zero", "subtract"])
@pytest.mark.parametrize("state_bits", [8, 16, 32])
def test_a_stuck_neuron_fires_at_every_timestep(reset, state_bits):
    net = one_neuron(timesteps=6, reset=reset, state_bits=state_bits)
    x = np.array([[[[0]]], [[[255]]]], np.uint8)
    run = run_integer(models.stuck(stored(net), 1.0, UP), x)
    assert run.spikes[0].tolist() == [6.0]
    assert run.readout.tolist() == [[6], [6]]


def test_a_threshold_is_off_by_its_level_and_never_below_1():
    layers = [fc(np.ones((500, 1)), [0] * 500, [1000] * 500), fc(np.ones((2, 500)), [0, 0], name="readout")]
    net = network(layers, timesteps=1)
    out = models.threshold_mismatch(stored(net), 0.1, UP).populations[0].threshold
    assert out.std() == pytest.approx(100, rel=0.1)
    assert models.threshold_mismatch(stored(net), 9.0, UP).populations[0].threshold.min() == 1


def test_a_leak_moves_both_ways_within_its_bounds():
    net = one_neuron(timesteps=2, leak_shift=2)
    shifts = [
        models.leak_mismatch(stored(net), level, draw).populations[0].leak_shift
        for draw in (UP, DOWN)
        for level in (1, 9)
    ]
    assert shifts == [3, 8, 1, 1]
    assert (
        models.leak_mismatch(stored(one_neuron(timesteps=2, leak_shift=None)), 1, UP)
        .populations[0]
        .leak_shift
        is None
    )


def test_coarser_timesteps_are_rounded_up():
    net = one_neuron(timesteps=5)
    assert models.coarser(stored(net), 2, UP).timesteps == 3
    assert models.coarser(stored(net), 4, UP).timesteps == 2


def test_what_does_not_apply_says_why():
    assert models.why_no_leak(one_neuron(timesteps=2, leak_shift=None))
    assert not models.why_no_leak(one_neuron(timesteps=2))
    assert models.why_no_coarser(one_neuron(timesteps=1))
    assert not models.why_no_coarser(one_neuron(timesteps=2))
