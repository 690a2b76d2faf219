"""The sums that families share, by hand."""

from dataclasses import replace

import numpy as np
import pytest
from builders.devices import conv, fc, profile, small_cnn, two_hidden_layers
from hypothesis import given
from hypothesis import strategies as st

from hwsearch.hardware.families.parts import (
    StoredLayer,
    as_bytes,
    bytes_beside_weights,
    charged,
    event_ops,
    events,
    is_spiking,
    neuron_bits,
    param_bytes,
    positions,
    product,
    quotient,
    store_dense,
    store_smallest,
    total,
)

MCU = profile("nrf51822_microbit")
NET = two_hidden_layers()


def test_a_layer_is_stored_in_its_smallest_format_with_its_bits_unpadded():
    layer = fc("fc", "hidden", [[1, 0, 0, 0, 0, 0, 0, 0, 0], [0] * 9], bits=4)
    stored = store_smallest(layer, replace(MCU, formats=("dense", "bitmap")))
    assert stored == StoredLayer(layer, "bitmap", 3 + 1, 18 + 4)
    assert store_dense(layer, 9) == StoredLayer(layer, "dense", 9, 72)


def test_bytes_beside_the_weights_by_hand():
    assert (MCU.bias_bits, MCU.threshold_bits, MCU.state_bits, MCU.accumulator_bits) == (16, 16, 16, 32)
    params = 5 * 4 + 6 * 4 + 3 * 2  # a bias and a threshold a neuron; the readout has no threshold
    state = 5 * 2 + 6 * 2 + 3 * 4
    buffers = 1 + 1 + 1 + 6 * 4  # bits of 7 inputs, of 5 and of 6 neurons; sums of the larger layer
    assert bytes_beside_weights(NET, MCU) == (params, state, buffers)
    assert [param_bytes(layer, MCU) for layer in NET.layers] == [20, 24, 6]


def test_only_the_readout_does_not_spike():
    assert [is_spiking(layer) for layer in NET.layers] == [True, True, False]
    assert [neuron_bits(layer, MCU) for layer in NET.layers] == [16, 16, 32]


def test_what_is_charged_follows_the_zeros_that_are_skipped():
    mask = np.zeros((2, 8), int)
    mask[0, :2] = 1  # one block of 4 of four; 2 weights of 16
    layer = fc("fc", "hidden", mask, rate=0.5, timesteps=4)
    for name, skips, ops, weights in (
        ("dense", ("weight",), 32.0, 16),
        ("bitmap", (), 32.0, 16),
        ("bitmap", ("weight",), 4.0, 2),
        ("block:4", ("block",), 8.0, 4),
        ("block:4", ("weight",), 32.0, 16),
    ):
        assert charged(StoredLayer(layer, name, 0, 0), skips) == (ops, weights)


def test_an_analog_input_is_an_event_in_every_timestep():
    layer = fc("fc", "input", [[1, 0], [1, 1]], rate=0.5, analog=True)
    assert events(layer, NET) == 4 * 1.0
    assert event_ops(layer, NET, zeros=True) == 4 * 2.0
    assert event_ops(layer, NET, zeros=False) == 4 * 1.5
    spiking = replace(layer, analog=False)
    assert (events(spiking, NET), event_ops(spiking, NET, zeros=True)) == (1.0, 2.0)


def test_filters_stand_at_each_pixel():
    assert [positions(layer) for layer in small_cnn().layers] == [80, 1]
    assert positions(conv("c", "hidden", np.ones((1, 1, 3, 3), int), (4, 5))) == 20


@pytest.mark.parametrize(
    ("terms", "expected"),
    [([], 0.0), ([(2, 3.0), (1, 0.5)], 6.5), ([(2, None)], None), ([(0, None), (1, 4.0)], 4.0)],
)
def test_an_unknown_cost_matters_only_where_it_is_needed(terms, expected):
    assert total(terms) == expected


def test_unknown_in_unknown_out():
    assert (product(6.0, 3.0), quotient(6.0, 3.0)) == (18.0, 2.0)
    for function in (product, quotient):
        assert function(None, 3.0) is None
        assert function(6.0, None) is None
    assert quotient(6.0, 0.0) is None


@given(count=st.integers(0, 10**6), bits=st.integers(1, 64))
def test_whole_bytes_hold_the_bits_and_waste_less_than_one(count, bits):
    assert 0 <= 8 * as_bytes(count, bits) - count * bits < 8
