"""Processors bound by arithmetic or by memory traffic, and memory by regression, by hand."""

from dataclasses import replace

import numpy as np
import pytest
from builders.devices import chain, conv, mlp, profile

from hwsearch.hardware.cost_model import price


def test_an_npu_adds_one_processor_a_layer():
    network = mlp([16, 8, 4], bits=4, timesteps=1)
    cost = price(network, profile("akida_akd1500"))
    assert cost.weight_bytes == 64 + 16 + 2 * 2800
    assert (cost.energy_j, cost.latency_s) == (None, None)


def test_a_roofline_by_hand():
    orin = profile("orin_nano")
    orin = replace(orin, model=replace(orin.model, launch_s=1e-5, power_w=5.0))
    network = mlp([1000, 1000, 10])
    cost = price(network, orin)
    moved = cost.weight_bytes + cost.bias_bytes + 2 * cost.state_bytes + cost.buffer_bytes
    assert cost.latency_s == pytest.approx(4 * (moved / 68e9 + 2e-5))
    assert cost.energy_j == pytest.approx(5 * cost.latency_s)
    sparse = price(mlp([1000, 1000, 10], density=0.1), orin)
    assert sparse.latency_s == cost.latency_s


def test_a_convolution_is_bound_by_arithmetic_by_hand():
    device = profile("orin_nano")
    device = replace(device, model=replace(device.model, peak_ops=1e9, bandwidth=1e12, launch_s=0.0))
    layer = conv("c1", "readout", np.ones((4, 2, 3, 3), int), (10, 10))
    # 72 weights at 100 pixels, a multiply-accumulate is two operations, in each of 3 timesteps
    assert price(chain(3, 8, (layer,)), device).latency_s == pytest.approx(3 * 2 * 7200 / 1e9)


@pytest.mark.parametrize("name", ["peak_ops", "bandwidth", "launch_s"])
def test_an_unknown_constant_leaves_time_and_energy_unknown(name):
    device = profile("orin_nano")
    model = replace(device.model, launch_s=1e-5, power_w=5.0)
    cost = price(mlp([10, 5]), replace(device, model=replace(model, **{name: None})))
    assert (cost.latency_s, cost.energy_j) == (None, None)
