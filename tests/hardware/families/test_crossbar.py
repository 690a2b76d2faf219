"""Crossbars by hand: an event sweeps every neuron of its array."""

from dataclasses import replace

import numpy as np
import pytest
from builders.devices import fc, mlp, profile

from hwsearch.hardware.cost_model import price
from hwsearch.hardware.families.crossbar import arrays


def test_a_crossbar_charges_every_zero():
    sparse, full = mlp([100, 50, 3], density=0.1), mlp([100, 50, 3])
    odin = profile("odin")
    assert price(sparse, odin).energy_j == price(full, odin).energy_j
    assert price(full, odin).energy_j == pytest.approx(4 * 0.2 * (5000 + 150) * 12.7e-12)
    assert price(full, odin).latency_s is None
    clocked = replace(odin, model=replace(odin.model, clock_hz=1e8))
    events = 0.2 * 4 * 150
    assert price(full, clocked).latency_s == pytest.approx((events * 513 + 4 * 512) / 1e8)


def test_an_all_in_price_takes_nothing_on_top():
    cost = price(mlp([100, 50, 3]), profile("truenorth"))
    assert cost.energy_j == pytest.approx(4 * 0.2 * 5150 * 26e-12)
    assert cost.static_energy_j is None
    assert cost.latency_s == pytest.approx(4e-3)
    assert any("all-in" in note for note in cost.notes)


def test_a_layer_takes_whole_arrays():
    device = profile("truenorth")
    model = replace(device.model, axons=10, neurons=8, cores=100)
    counts = [arrays(fc("fc", "hidden", np.ones((n, 4), int)), model) for n in (1, 8, 9, 24)]
    assert counts == [1, 1, 2, 3]
    bits = max(device.weight_bits)
    cost = price(mlp([6, 9, 3]), replace(device, model=model))
    assert cost.weight_bytes == 3 * -(-10 * 8 * bits // 8)


def test_the_layers_of_a_chip_with_one_array_share_it():
    odin = profile("odin")
    array_bytes = odin.model.axons * odin.model.neurons * max(odin.weight_bits) // 8
    assert price(mlp([6, 9, 3]), odin).weight_bytes == array_bytes == price(mlp([6, 3]), odin).weight_bytes
