"""What C's widths must hold, worked out by hand."""

from dataclasses import replace

import numpy as np
from builders.integer_networks import fc, network

from hwsearch.export.c.bounds import bound_faults, bounds_of


def two_layers(**settings):
    # fc1: rows 3 + 1 and 2 + 5 in size, inputs of 255, f = 2: (7 * 255) << 2
    layers = [fc([[3, -1], [2, 5]], [4, -9], [100, 200], f=2), fc([[1, -2]], [7], name="readout")]
    return network(layers, timesteps=3, shape=(1, 1, 2), **settings)


def test_sums_are_the_largest_row_times_the_largest_input_shifted():
    assert bounds_of(two_layers(), 0).sums == 7 * 255 * 4
    assert bounds_of(two_layers(), 1).sums == 3  # spikes


def test_a_rounding_adds_half_a_step():
    net = two_layers()
    first = replace(net.connections[0], fraction_bits=-3)
    assert bounds_of(replace(net, connections=(first, net.connections[1])), 0).sums == 7 * 255 + 4


def test_narrow_accumulators_and_membranes_clip():
    wide = bounds_of(two_layers(), 0)
    assert (wide.clips_sums, wide.clips_state, wide.wide) == (False, False, False)
    assert bounds_of(two_layers(accumulator_bits=12), 0).clips_sums
    assert bounds_of(two_layers(state_bits=8), 0).clips_state
    assert not bounds_of(two_layers(state_bits=8), 0).clips_sums


def test_neurons_take_64_bits_where_32_could_overflow():
    near = fc([[2**20]], [0], [1], f=3)
    net = network([near, fc([[1]], [0], name="readout")], timesteps=1, weight_bits=32)
    assert bounds_of(net, 0).sums == (2**20 * 255) << 3
    assert bounds_of(net, 0).wide


def test_sums_beyond_32_bits_are_refused_by_name():
    far = fc([[2**20]], [0], [1], f=4, name="deep")
    net = network([far, fc([[1]], [0], name="readout")], timesteps=1, weight_bits=32)
    (fault,) = bound_faults(net)
    assert "deep" in fault.where
    assert f"{(2**20 * 255) << 4:,}" in fault.got
    assert bound_faults(two_layers()) == []


def test_biases_count_towards_the_width():
    net = network([fc([[1]], [2**31 - 300], [1]), fc([[1]], [0], name="readout")], timesteps=1)
    assert bounds_of(net, 0).wide
    assert np.abs(net.populations[0].bias).max() == 2**31 - 300
