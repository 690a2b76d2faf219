"""What a plain network costs: by hand, and where a device has no price."""

from dataclasses import replace

import numpy as np
import pytest

from hwsearch.hardware.profiles.load import load_profile
from hwsearch.rival.integers import Int8Layer
from hwsearch.rival.price import plain_workload, price_columns, price_plain, why_none


def network():
    """Return a network of 3 inputs, 2 hidden neurons and 2 classes: 5 and 3 weights that are not zero."""
    first = Int8Layer(np.array([[1, 2, 0], [3, 4, 5]], np.int8), np.array([10, 10], np.int32), 2**30, 1, -128)
    last = Int8Layer(np.array([[1, 0], [2, 3]], np.int8), np.zeros(2, np.int32), 2**30, 1, 0)
    return [first, last]


def test_a_tiny_network_by_hand_on_a_microbit():
    # the second input is 0 in one of two samples; both hidden neurons are above 0 in both
    workload = plain_workload(network(), 8, np.array([[1, 2, 3], [1, 0, 3]]), 16)
    assert workload.macs == 2 + 0.5 * 2 + 1 + 3
    cost = price_plain(workload, load_profile("nrf51822_microbit"))
    assert cost.weight_bytes == 6 + 4  # one byte a weight: no index pays here
    assert cost.bias_bytes == 4 * 4 + 2 * 5
    assert cost.state_bytes == 2
    assert cost.buffer_bytes == 3 * 1 + 2 * 4
    assert cost.memory_bytes == 10 + 26 + 2 + 11
    assert dict(cost.banks) == {"flash": 36, "ram": 13}
    # dense layers work off their zeros: 3 values arrive at 2 neurons (one of them in half of the samples), 2 at 2
    cycles = (2.5 * 2 + 2 * 2) * 13 + 4 * 30 + 2 * 60
    assert cost.latency_s == pytest.approx(cycles / 16e6)
    assert cost.energy_j == pytest.approx(cycles * 825e-12)
    columns = price_columns(cost)
    assert columns["operations"] == 7.0
    assert "synaptic_ops" not in columns
    assert "macs" not in columns


def test_narrow_weights_take_fewer_bytes_and_more_cycles():
    x, profile = np.array([[1, 2, 3]]), load_profile("nrf51822_microbit")
    wide, narrow = (price_plain(plain_workload(network(), bits, x, 16), profile) for bits in (8, 4))
    assert narrow.weight_bytes == 3 + 2
    assert narrow.energy_j > wide.energy_j


def test_what_a_profile_does_not_tell_stays_unknown():
    profile = load_profile("nrf51822_microbit")
    untold = replace(profile, cycles=replace(profile.cycles, mac=None))
    cost = price_plain(plain_workload(network(), 8, np.array([[1, 2, 3]]), 16), untold)
    assert (cost.energy_j, cost.latency_s) == (None, None)
    assert cost.memory_bytes > 0


@pytest.mark.parametrize("name", ["nrf51822_microbit", "stm32l4r5", "generic_45nm", "orin_nano"])
def test_processors_run_plain_networks(name):
    profile = load_profile(name)
    assert why_none(profile) == ""
    assert price_plain(plain_workload(network(), 8, np.array([[1, 2, 3]]), 16), profile).weight_bytes > 0


@pytest.mark.parametrize(
    "name", ["xylo_audio2", "speck2f", "loihi1", "loihi2", "artix7_35t", "ecp5_85f", "odin", "akida_akd1500"]
)
def test_devices_that_run_spikes_only_are_told(name):
    assert why_none(load_profile(name)).startswith(f"{name} runs spikes only")


def test_a_device_that_prices_a_library_has_none_of_a_plain_network():
    assert "there is none of a plain network" in why_none(load_profile("nrf51822_microbit").pricing("priced"))
