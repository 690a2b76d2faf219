"""Bytes of buffers and sums by hand, and the small sums that every family uses."""

from dataclasses import replace

import numpy as np
import pytest
from builders.devices import conv, profile
from builders.hand_network import FIRST, GENERIC, HIDDEN, LAST, MCU, NET, READOUT
from builders.workloads import silent

from hwsearch.hardware.cost_model import price
from hwsearch.hardware.families.parts import (
    StoredLayer,
    as_bytes,
    charged,
    event_ops,
    events,
    over,
    positions,
    shared_bytes,
    state_bits_of,
    store,
    store_dense,
    times,
    total,
)


def test_software_keeps_the_sums_of_the_largest_layer_that_spikes_reach():
    connections = [replace(LAST, source=place, target=place + 1) for place in range(3)]
    populations = (HIDDEN, replace(HIDDEN, neurons=20), replace(HIDDEN, neurons=24), READOUT)
    hidden = replace(NET, connections=(FIRST, *connections), populations=populations)
    plain = 4 * 1 + 8 * 4 + 1 + 3 + 3  # input, its kept current, spike bits
    assert price(hidden, MCU).buffer_bytes == plain + 24 * 4
    assert price(hidden, replace(MCU, accumulator_bits=16)).buffer_bytes == 4 + 8 * 2 + 7 + 24 * 2
    # an ideal accelerator adds in registers: its energies count no access to a sum
    assert price(hidden, GENERIC).buffer_bytes == plain
    # whatever the format: the cycles of an operation load and store a sum in every one
    for name in ("dense", "csr", "delta"):
        assert price(hidden, replace(MCU, formats=(name,))).buffer_bytes == plain + 24 * 4


def test_a_spiking_input_is_one_bit_and_keeps_no_current():
    spiking = replace(NET, connections=(replace(FIRST, analog=False), LAST))
    assert price(spiking, MCU).buffer_bytes == 1 + 1 + 8 * 4  # 4 input bits, 8 spike bits, 8 sums
    assert price(spiking, MCU).macs == 0


BOARD = replace(profile("nrf52840"), accumulator_bits=32)  # membranes, biases and thresholds of 16 bits


def test_spikes_that_a_delay_reads_are_held_for_one_timestep_more():
    plain, recurrent = silent("fc20", (1, 1, 4)), silent("r20", (1, 1, 4))
    # 4 values of a still image and their kept current; a bit a neuron: 20 bits are 3 bytes
    assert price(plain, BOARD).buffer_bytes == 4 + 20 * 4 + 3
    # the recurrent spikes need sums of 20 neurons too, beside the kept current
    assert price(recurrent, BOARD).buffer_bytes == 4 + 20 * 4 + 2 * 3 + 20 * 4
    # state and parameters are a population's, whatever enters it
    assert price(recurrent, BOARD).state_bytes == price(plain, BOARD).state_bytes
    assert price(recurrent, BOARD).bias_bytes == price(plain, BOARD).bias_bytes


def test_a_sequence_of_values_keeps_no_current_and_needs_sums():
    values = silent("fc20", (1, 1, 4), frames=3)
    assert price(values, BOARD).buffer_bytes == 4 + 3 + 20 * 4
    events = silent("fc20", (1, 1, 4), frames=3, input_max=1)
    assert price(events, BOARD).buffer_bytes == 1 + 3 + 20 * 4
    # 16 frames of 0 .. 31, added up to 3 bins of 6 at most, are 8 bits; of 0 .. 63 they are 9, two bytes
    assert price(silent("fc20", (1, 1, 4), frames=16, input_max=42), BOARD).buffer_bytes == 4 + 83
    assert price(silent("fc20", (1, 1, 4), frames=16, input_max=43), BOARD).buffer_bytes == 8 + 83


def test_connections_into_one_population_share_its_sums_and_its_parameters():
    block, chain = silent("2c3-res(2c3)", (1, 4, 4)), silent("2c3-2c3", (1, 4, 4))
    with_skip, without = price(block, BOARD), price(chain, BOARD)
    assert with_skip.buffer_bytes == without.buffer_bytes == 16 + 32 * 4 + 2 * 4 + 32 * 4
    assert with_skip.bias_bytes == without.bias_bytes == 2 * (2 + 2) * 2 + 3 * 2
    assert with_skip.weight_bytes == without.weight_bytes + 1  # two weights of 4 bits
    # 3 timesteps: one connection more to step through
    cycles = BOARD.cycles.layer_step * 3
    assert with_skip.latency_s - without.latency_s == pytest.approx(cycles / BOARD.clock_hz)


def test_wide_inputs_take_whole_bytes():
    assert price(replace(NET, input_bits=12), MCU).buffer_bytes == 4 * 2 + 8 * 4 + 1


@pytest.mark.parametrize(
    ("count", "bits", "n_bytes"), [(0, 8, 0), (1, 1, 1), (8, 1, 1), (9, 1, 2), (3, 12, 5)]
)
def test_bytes_are_rounded_up(count, bits, n_bytes):
    assert as_bytes(count, bits) == n_bytes


def test_a_layer_takes_the_smallest_format_with_its_bits_unpadded():
    layer = store(LAST, MCU)  # a bitmap of 16 bits, 4 values of 4 bits
    assert (layer.format, layer.n_bytes, layer.bits) == ("bitmap", 4, 32)
    assert (store_dense(LAST, 100).format, store_dense(LAST, 100).bits) == ("dense", 800)


def test_the_readout_keeps_sums_and_has_no_threshold():
    assert (state_bits_of(HIDDEN, MCU), state_bits_of(READOUT, MCU)) == (16, 32)
    assert (HIDDEN.spikes, READOUT.spikes) == (True, False)
    params, state, buffers = shared_bytes(NET, MCU)
    assert (params, state, buffers) == (8 * 2 * 2 + 2 * 2, 8 * 2 + 2 * 4, 4 + 8 * 4 + 1)


def test_an_analog_value_comes_as_an_event_in_every_timestep():
    assert events(FIRST, NET) == 4 * 5
    assert events(LAST, NET) == 10
    assert event_ops(FIRST, NET, zeros=True) == 32 * 5
    assert (event_ops(LAST, NET, zeros=True), event_ops(LAST, NET, zeros=False)) == (20, 12)


@pytest.mark.parametrize(
    ("name", "skips", "ops", "weights"),
    [
        ("dense", ("weight",), 20, 16),
        ("csr", ("weight",), 12, 4),
        ("csr", ("block",), 20, 16),
        ("block:4", ("block",), 18, 4 * 4),
        ("block:8", ("block",), 19, 2 * 8),
        ("kernel", ("kernel",), 12, 4),
    ],
)
def test_what_is_worked_off_and_of_how_many_weights(name, skips, ops, weights):
    assert charged(StoredLayer(LAST, name, 0, 0), skips) == (ops, weights)


def test_filters_stand_at_every_pixel_of_a_map():
    assert positions(conv("c", "hidden", np.ones((2, 1, 3, 3), int), (4, 5)).connection) == 20
    assert positions(LAST) == 1


def test_an_unknown_cost_leaves_a_sum_unknown_only_where_it_is_needed():
    assert total([(2, 3.0), (4, 0.5)]) == 8.0
    assert total([(2, 3.0), (0, None)]) == 6.0
    assert total([(2, 3.0), (1, None)]) is None
    assert (over(6.0, 2.0), over(None, 2.0), over(6.0, None), over(6.0, 0.0)) == (3.0, None, None, None)
    assert (times(6.0, 2.0), times(None, 2.0), times(6.0, None), times(6.0, 0.0)) == (12.0, None, None, 0.0)
