"""Packed formats by hand: cycles of a microcontroller, energies of the generic device, what a zero saves."""

from dataclasses import replace

import pytest
from builders.devices import mlp, profile
from builders.hand_network import GENERIC, LAST, MCU, NET, READOUT

from hwsearch.hardware.cost_model import price
from hwsearch.hardware.firmware.expected import expected_library
from hwsearch.hardware.firmware.instructions import instructions
from hwsearch.hardware.workload import (
    OpCounts,
    WeightCensus,
)

# one 3 x 3 filter plane of two is kept, with 5 weights in it
CONV = replace(
    LAST,
    name="conv2",
    census=WeightCensus(2, 1, 9, 5, (3, 2), (3, 4, 5), 1, (5,) * 7),
    ops=OpCounts(nonzero=50, dense=180, blocks=(120, 160), planes=90),
)


def without_first(connection):
    """Return a network of the readout alone."""
    return replace(NET, connections=(replace(connection, target=0),), populations=(READOUT,))


def test_the_microbit_by_hand():
    cost = price(NET, MCU)
    # updates 50 * 30 = 1500, layers 5 * 2 * 60 = 600, MACs 32 * 13 = 416, synops 12 * (12 + 6 unpack + 8 index) = 312
    cycles = 1500 + 600 + 416 + 312
    assert cycles == 2828
    assert cost.latency_s == pytest.approx(176.75e-6)  # 2828 / 16 MHz
    assert cost.energy_j == pytest.approx(2.3331e-6)  # 2828 * 825 pJ
    assert cost.static_energy_j is None  # inside the energy of a cycle
    assert (cost.energy_grade, cost.latency_grade) == ("estimated", "estimated")
    assert any("all-in" in note for note in cost.notes)


def test_wide_or_dense_weights_take_no_extra_cycles():
    wide = without_first(replace(LAST, weight_bits=8))
    base = 5 * 2 * 30 + 5 * 60  # updates, layer steps
    # 8 bits: no unpacking; 3 B as bitmap + values 4 B = 6 B, dense 16 B
    assert price(wide, MCU).latency_s == pytest.approx((base + 12 * (12 + 8)) / 16e6)
    dense = replace(MCU, formats=("dense",))
    assert price(wide, dense).latency_s == pytest.approx((base + 20 * 12) / 16e6)


def test_the_generic_device_by_hand():
    cost = price(NET, GENERIC)
    # all memories are below 8 KiB: 0.15625 pJ a bit
    mac = 32 * (0.2 + 0.1 + 8 * 0.15625)  # multiply 8 x 8, add 32 bits, fetch 8 bits
    updates = 40 * (2 * 16 * 0.15625 + 2 * 0.05)  # read and write 16 bits, two 16-bit additions
    spikes = 10 * 2 * 0.15625
    # bitmap 16 bits and values 4 * 4 bits, over 4 weights: 8 bits an operation; gate 0.1 * 4-bit adder
    synop = 12 * (0.1 * 0.0125 + 0.1 + 8 * 0.15625)
    readout = 10 * (2 * 32 * 0.15625 + 2 * 0.1)  # 32-bit accumulators
    assert mac + updates + spikes + synop + readout == pytest.approx(374.94)
    assert cost.energy_j == pytest.approx(374.94e-12, rel=1e-6)
    assert cost.latency_s is None
    assert cost.static_energy_j is None
    assert (cost.energy_grade, cost.latency_grade) == ("estimated", None)
    assert "energy_j is an estimate: a constant behind it is graded so" in cost.notes
    assert "latency_s is unknown on generic_45nm" in cost.notes


@pytest.mark.parametrize(
    ("layer", "name", "skipped", "charged"),
    [
        (LAST, "dense", (), 20),
        (LAST, "bitmap", ("weight",), 12),
        (LAST, "csr", ("weight",), 12),
        (LAST, "delta", ("weight",), 12),
        (LAST, "delta", ("nm", "block", "kernel"), 20),
        (LAST, "nm:4", ("nm",), 12),
        (LAST, "nm:4", ("weight",), 20),
        (LAST, "block:4", ("block",), 18),
        (LAST, "block:8", ("block",), 19),
        (LAST, "block:8", ("weight", "channel"), 20),
        (CONV, "kernel", ("kernel",), 90),
        (CONV, "kernel", ("weight",), 180),
        (CONV, "block:4", ("block",), 120),
    ],
)
def test_a_zero_is_worth_what_the_device_skips(layer, name, skipped, charged):
    net = without_first(layer)
    mcu = replace(MCU, formats=(name,), skips_cycles=skipped, skips_energy=())
    generic = replace(GENERIC, formats=(name,), skips_energy=skipped, skips_cycles=())
    for device in (mcu, generic):
        cost = price(net, device)
        assert cost.charged_ops == charged
        noted = any(f"stored as {name}, but" in note for note in cost.notes)
        assert noted == (charged == layer.ops.dense and name != "dense")


def test_the_lists_for_cycles_and_energy_are_apart():
    net = without_first(LAST)
    both, no_cycles = price(net, MCU), price(net, replace(MCU, skips_cycles=()))
    extra = (20 - 12) * (12 + 6 + 8)  # the zeros, worked off
    assert no_cycles.latency_s - both.latency_s == pytest.approx(extra / 16e6)
    assert price(net, replace(GENERIC, skips_cycles=())).energy_j == price(net, GENERIC).energy_j
    # all stored bits are read once for the layer's 16 weights: 32 bits / 16 = 2 bits an operation
    without = price(net, replace(GENERIC, skips_energy=())).energy_j
    synop = (20 * (0.10125 + 2 * 0.15625) - 12 * (0.10125 + 8 * 0.15625)) * 1e-12
    assert without - price(net, GENERIC).energy_j == pytest.approx(synop)


def test_nothing_left_costs_no_operation():
    empty = replace(
        LAST,
        census=replace(
            LAST.census, nonzero=0, blocks=(0, 0), nm_most=(0, 0, 0), planes=0, delta_entries=(0,) * 7
        ),
        ops=OpCounts(0, 20, (0, 0), 0),
    )
    assert price(without_first(empty), GENERIC).charged_ops == 0


def test_a_small_format_that_is_slower_than_dense_says_so():
    network = mlp([64, 128, 10], density=0.65)  # csr: 65 % of the operations, each 18 cycles and not 11
    board = replace(profile("nrf52840"), formats=("csr",))
    notes = [note for note in price(network, board).notes if "dense would take" in note]
    assert len(notes) == 2
    ops = network.connections[0].ops
    assert f"{ops.nonzero * 18 - ops.dense * 11:,.0f} cycles fewer" in notes[0]
    sparse = price(mlp([64, 128, 10], density=0.2), board)
    assert not any("dense would take" in note for note in sparse.notes)


def priced(device="nrf51822_microbit"):
    """Return a device whose firmware is priced, whatever its file says."""
    shipped = profile(device)
    return replace(shipped, firmware=replace(shipped.firmware, priced=True))


def test_code_is_in_the_bank_of_the_weights_and_time_is_of_instructions():
    device = priced()
    net = mlp((64, 16, 4), density=0.3)
    plain, counted = price(net, profile("nrf51822_microbit")), price(net, device)
    assert plain.code_bytes == 0
    assert 1_000 < counted.code_bytes < 6_000
    assert counted.memory_bytes == plain.memory_bytes + counted.code_bytes
    assert dict(counted.banks)["flash"] == dict(plain.banks)["flash"] + counted.code_bytes
    assert dict(counted.banks)["ram"] == dict(plain.banks)["ram"]
    library = expected_library(net, counted.formats, device.state_bits, device.pointer_bits)
    spent = instructions(library, device.firmware.core.instructions)
    assert counted.latency_s == pytest.approx(spent / 16e6)
    assert counted.energy_j == pytest.approx(spent * 825e-12)
    assert any("emulated instructions, one a cycle" in note for note in counted.notes)
    assert not any("emulated" in note for note in plain.notes)


def test_a_second_layer_of_a_format_has_no_second_kernel():
    device = replace(priced(), formats=("csr",))
    one, two = (price(mlp(sizes, density=0.3), device).code_bytes for sizes in ((64, 16, 4), (64, 16, 16, 4)))
    mixed = price(mlp((64, 16, 16, 4), density=0.3), replace(priced(), formats=("csr", "bitmap")))
    assert 0 < two - one < 400  # a function, descriptors and a statement or two
    assert "csr" in mixed.formats or "bitmap" in mixed.formats


def test_more_events_take_longer_where_firmware_is_priced():
    few, many = (price(mlp((64, 16, 4), rate=rate), priced()).latency_s for rate in (0.1, 0.4))
    assert few < many
