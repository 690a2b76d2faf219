"""What holds on every device: whole bytes, nothing negative, what is unknown stays None; what pays is never costlier.

Time and energy are compared within one storage format: the smallest format is chosen, and a sparse one may be smaller
and slower than a dense one. Each family's prices by hand are in the file of its module.
"""

import itertools
import math
from dataclasses import astuple, replace
from typing import get_args

import numpy as np
import pytest
from builders.devices import IDS, conv, fc, mlp, profile, small_cnn, two_hidden_layers, with_bits
from hypothesis import given
from hypothesis import strategies as st

from hwsearch.hardware.cost_model import Cost, cost_fields, price
from hwsearch.hardware.models import Model
from hwsearch.hardware.workload import Workload

DENSITIES = (1.0, 0.7, 0.4, 0.15, 0.05)
SHAPES = ([16, 60, 40, 8], [64, 128, 10])
DEVICES = [profile(ident) for ident in IDS]


def costs(device, networks):
    return [price(with_bits(network, device.weight_bits[-1]), device) for network in networks]


def layouts(ident):
    """Return the device once for each of its formats that holds any layer."""
    device = profile(ident)
    return [replace(device, formats=(name,)) for name in device.formats if name in ("dense", "bitmap", "csr")]


def falls(values):
    known = [value for value in values if value is not None]
    assert len(known) in (0, len(values))
    return all(after <= before * (1 + 1e-12) for before, after in itertools.pairwise(known))


def assert_sound(cost: Cost) -> None:
    """Bytes are whole and add up, nothing is negative, and no number is infinite."""
    sizes = (cost.weight_bytes, cost.bias_bytes, cost.state_bytes, cost.buffer_bytes)
    n_bytes = [*sizes, cost.memory_bytes, cost.packed_bytes, *(size for _, size in cost.banks)]
    assert all(type(size) is int and size >= 0 for size in n_bytes)
    assert cost.memory_bytes == sum(sizes) == sum(size for _, size in cost.banks)
    numbers = [value for value in cost_fields(cost).values() if value is not None]
    numbers += [cost.charged_ops, cost.neuron_updates, cost.static_energy_j or 0.0]
    assert all(value >= 0 and math.isfinite(value) for value in numbers)


def test_every_family_has_a_shipped_device():
    shipped = {type(device.model) for device in DEVICES}
    assert shipped == {*get_args(Model), type(None)}


@pytest.mark.parametrize("ident", IDS)
def test_a_small_full_network_by_hand(ident):
    """4 inputs, 3 neurons, 2 outputs, 2 timesteps, each input fires every time; 12 and 6 weights."""
    device = profile(ident)
    bits = device.weight_bits[-1]
    cost = price(with_bits(mlp([4, 3, 2], rate=1.0, timesteps=2), bits), device)
    assert (cost.synaptic_ops, cost.macs, cost.neuron_updates) == (2 * 18, 0, 2 * 5)
    assert cost.formats == ("dense", "dense")
    assert cost.packed_bytes == math.ceil(12 * bits / 8) + math.ceil(6 * bits / 8)
    if device.model is None or device.family in ("npu", "gpu"):
        node_bytes = getattr(device.model, "node_bytes", None) or 0
        assert cost.weight_bytes == cost.packed_bytes + 2 * node_bytes


@pytest.mark.parametrize("ident", IDS)
@pytest.mark.parametrize("network", [two_hidden_layers(), small_cnn()], ids=["fc", "conv"])
def test_a_price_is_sound_at_every_width(ident, network):
    device = profile(ident)
    for bits in device.weight_bits:
        assert_sound(price(with_bits(network, bits), device))


@pytest.mark.parametrize("ident", IDS)
def test_what_the_profile_cannot_tell_is_none_and_has_no_grade(ident):
    device = profile(ident)
    (cost,) = costs(device, [mlp([16, 20, 8])])
    for value, grade, name in (
        (cost.energy_j, cost.energy_grade, "energy_j"),
        (cost.latency_s, cost.latency_grade, "latency_s"),
    ):
        assert (value is not None) == (grade is not None) == device.tells(name)
        assert any(note == f"{name} is unknown on {ident}" for note in cost.notes) == (value is None)
        assert value is None or value > 0


@given(
    sizes=st.lists(st.integers(1, 12), min_size=3, max_size=5),
    density=st.floats(0, 1),
    rate=st.floats(0, 1),
    timesteps=st.integers(1, 5),
    analog=st.booleans(),
    device=st.sampled_from(DEVICES),
    data=st.data(),
)
def test_any_network_has_a_sound_price_that_holds_its_weights(
    sizes, density, rate, timesteps, analog, device, data
):
    bits = data.draw(st.sampled_from(device.weight_bits))
    network = mlp(sizes, density, bits, rate, timesteps, seed=1, analog=analog)
    cost = price(network, device)
    assert_sound(cost)
    assert 8 * cost.packed_bytes >= bits * sum(layer.census.nonzero for layer in network.layers)
    assert astuple(cost) == astuple(price(network, device))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("ident", IDS)
def test_more_zeros(ident, shape):
    for device in layouts(ident):
        prices = costs(device, [mlp(shape, density) for density in DENSITIES])
        columns = {
            "storage": [cost.weight_bytes for cost in prices],
            "cycles": [cost.latency_s for cost in prices],
            "energy": [cost.energy_j for cost in prices],
        }
        for what, values in columns.items():
            pays = any("weight" in device.skipped(what, role) for role in ("input", "hidden", "readout"))
            if pays and (device.formats != ("dense",) or device.model is not None):
                assert falls(values), what
            else:
                assert len(set(values)) == 1, what
        assert falls([cost.charged_ops for cost in prices])
    device = profile(ident)
    assert falls(
        [cost.memory_bytes for cost in costs(device, [mlp(shape, density) for density in DENSITIES])]
    )


@pytest.mark.parametrize("ident", [name for name in IDS if "weight" in profile(name).skips_storage])
def test_zeros_pay_where_the_device_says_so(ident):
    dense, sparse = costs(profile(ident), [mlp([16, 60, 40, 8], density) for density in (1.0, 0.05)])
    assert sparse.weight_bytes < dense.weight_bytes


@pytest.mark.parametrize("ident", IDS)
def test_fewer_bits_are_never_costlier(ident):
    network = mlp([16, 60, 40, 8], 0.5)
    for device in layouts(ident):
        prices = [price(with_bits(network, bits), device) for bits in reversed(device.weight_bits)]
        if device.family != "mcu":  # software unpacks fields narrower than a byte, which takes cycles
            assert falls([cost.energy_j for cost in prices])
            assert falls([cost.latency_s for cost in prices])
        if device.formats != ("dense",):  # one bit cannot tell a zero: a dense layer takes two
            assert falls([cost.memory_bytes for cost in prices])
    device = profile(ident)
    assert falls(
        [price(with_bits(network, bits), device).memory_bytes for bits in reversed(device.weight_bits)]
    )


@pytest.mark.parametrize("ident", IDS)
def test_smaller_layers_fewer_events_and_fewer_steps_are_never_costlier(ident):
    for networks in (
        [mlp([16, n, 40, 8]) for n in (60, 40, 20, 5)],
        [mlp([16, 60, 40, 8], rate=rate) for rate in (1.0, 0.5, 0.1)],
        [mlp([16, 60, 40, 8], timesteps=steps) for steps in (8, 4, 1)],
    ):
        prices = costs(profile(ident), networks)
        assert falls([cost.memory_bytes for cost in prices])
        assert falls([cost.energy_j for cost in prices])
        assert falls([cost.latency_s for cost in prices])


@pytest.mark.parametrize("ident", IDS)
def test_a_convolution_and_an_empty_layer_have_a_price(ident):
    network = Workload(
        2,
        8,
        (
            conv("c1", "input", np.ones((4, 2, 3, 3), int), (8, 8), timesteps=2),
            fc("out", "readout", np.zeros((3, 256), int), fan_columns=64, timesteps=2),
        ),
    )
    (cost,) = costs(profile(ident), [network])
    assert cost.memory_bytes > 0
    assert cost.memory_bytes == sum(n_bytes for _, n_bytes in cost.banks)
    assert all(note for note in cost.notes)


@pytest.mark.parametrize("ident", IDS)
def test_an_unchecked_energy_says_so(ident):
    (cost,) = costs(profile(ident), [mlp([16, 20, 8])])
    if cost.energy_j is not None:
        assert "uncalibrated" in cost.energy_grade or "estimated" in cost.energy_grade
        assert any("uncalibrated" in note or "estimate" in note for note in cost.notes)
    else:
        assert any("energy_j is unknown" in note for note in cost.notes)
