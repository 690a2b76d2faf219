"""Bytes of buffers and sums by hand, and the small sums that every family uses."""

from dataclasses import replace

from builders.hand_network import FIRST, GENERIC, LAST, MCU, NET

from hwsearch.hardware.cost_model import price


def test_software_keeps_the_sums_of_the_largest_layer_that_spikes_reach():
    middle = replace(LAST, name="fc2", role="hidden", neurons=20)
    larger = replace(middle, name="fc3", neurons=24)
    hidden = replace(NET, layers=(FIRST, middle, larger, LAST))
    plain = 4 * 1 + 8 * 4 + 1 + 3 + 3  # input, its kept current, spike bits
    assert price(hidden, MCU).buffer_bytes == plain + 24 * 4
    assert price(hidden, replace(MCU, accumulator_bits=16)).buffer_bytes == 4 + 8 * 2 + 7 + 24 * 2
    # an ideal accelerator adds in registers: its energies count no access to a sum
    assert price(hidden, GENERIC).buffer_bytes == plain
    # whatever the format: the cycles of an operation load and store a sum in every one
    for name in ("dense", "csr", "delta"):
        assert price(hidden, replace(MCU, formats=(name,))).buffer_bytes == plain + 24 * 4


def test_a_spiking_input_is_one_bit_and_keeps_no_current():
    spiking = replace(NET, layers=(replace(FIRST, analog=False), LAST))
    assert price(spiking, MCU).buffer_bytes == 1 + 1 + 8 * 4  # 4 input bits, 8 spike bits, 8 sums
    assert price(spiking, MCU).macs == 0


def test_wide_inputs_take_whole_bytes():
    assert price(replace(NET, input_bits=12), MCU).buffer_bytes == 4 * 2 + 8 * 4 + 1
