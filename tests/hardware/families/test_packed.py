"""Packed formats: when the smallest format is slower than the dense one. Prices by hand are in test_cost_model."""

from dataclasses import replace

import pytest
from builders.devices import mlp, profile, small_cnn

from hwsearch.hardware.cost_model import price


def test_a_small_format_that_is_slower_than_dense_says_so():
    network = mlp([64, 128, 10], density=0.65)  # csr: 65 % of the operations, each 18 cycles and not 11
    board = replace(profile("nrf52840"), formats=("csr",))
    notes = [note for note in price(network, board).notes if "dense would take" in note]
    assert len(notes) == 2
    ops = network.layers[0].ops
    assert f"{ops.nonzero * 18 - ops.dense * 11:,.0f} cycles fewer" in notes[0]
    sparse = price(mlp([64, 128, 10], density=0.2), board)
    assert not any("dense would take" in note for note in sparse.notes)


def test_a_convolution_may_have_cycles_of_its_own():
    cnn = small_cnn()
    first = replace(cnn.layers[0], analog=True)
    network = replace(cnn, layers=(first, cnn.layers[1]))
    device = replace(profile("nrf52840"), formats=("dense",), conv_mac_cycles=None)
    faster = replace(device, conv_mac_cycles=device.cycles.mac - 2)
    saved_s = price(network, device).latency_s - price(network, faster).latency_s
    assert saved_s == pytest.approx(2 * first.ops.dense / device.clock_hz)
