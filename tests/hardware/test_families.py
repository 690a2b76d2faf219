"""The same networks on every device: what pays is never costlier, what does not pay is never cheaper.

Time and energy are compared within one storage format: the smallest format is chosen, and a sparse one may be smaller
and slower than a dense one.
"""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from builders.devices import IDS, chain, conv, fc, layers_of, mlp, profile, with_bits

from hwsearch.hardware.cost_model import price

DENSITIES = (1.0, 0.7, 0.4, 0.15, 0.05)

SHAPES = ([16, 60, 40, 8], [64, 128, 10])


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


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("ident", IDS)
def test_more_zeros(ident, shape):
    for device in layouts(ident):
        found = costs(device, [mlp(shape, density) for density in DENSITIES])
        columns = {
            "storage": [cost.weight_bytes for cost in found],
            "cycles": [cost.latency_s for cost in found],
            "energy": [cost.energy_j for cost in found],
        }
        for what, values in columns.items():
            pays = any("weight" in device.skipped(what, role) for role in ("input", "hidden", "readout"))
            if pays and (device.formats != ("dense",) or device.model is not None):
                assert falls(values), what
            else:
                assert len(set(values)) == 1, what
        assert falls([cost.charged_ops for cost in found])
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
        found = [price(with_bits(network, bits), device) for bits in reversed(device.weight_bits)]
        if device.family != "mcu":  # software unpacks fields narrower than a byte, which takes cycles
            assert falls([cost.energy_j for cost in found])
            assert falls([cost.latency_s for cost in found])
        if device.formats != ("dense",):  # one bit cannot tell a zero: a dense layer takes two
            assert falls([cost.memory_bytes for cost in found])
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
        found = costs(profile(ident), networks)
        assert falls([cost.memory_bytes for cost in found])
        assert falls([cost.energy_j for cost in found])
        assert falls([cost.latency_s for cost in found])


@pytest.mark.parametrize("ident", IDS)
def test_a_convolution_and_an_empty_layer_have_a_price(ident):
    network = chain(
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


# 4 -> 3 -> 2, every weight there, 4 bits, 4 timesteps, an event at every fifth: 18 weights, 9 bytes; 16-bit biases
# 2 * (3 + 2) and thresholds 2 * 3; buffers: 4 input bits and 3 spike bits, a byte each
@pytest.mark.parametrize(
    ("ident", "weights", "params", "state", "buffers", "ops"),
    [
        ("generic_45nm", 6 + 3, 16, 3 * 2 + 2 * 4, 2, 18 * 0.8),
        ("nrf52840", 6 + 3, 16, 3 * 2 + 2 * 4, 2 + 3 * 4, 18 * 0.8),  # and the 32-bit sums of 3 neurons
        ("orin_nano", 6 + 3, 16, 3 * 2 + 2 * 4, 2, 18 * 4),  # every weight, every timestep
        ("akida_akd1500", 9 + 2 * 2800, 16, 5 * 2, 2, 18 * 0.8),  # a processor a layer
        (
            "loihi1",
            (4 + 3) * 8,
            0,
            5 * 24,
            0,
            18 * 0.8,
        ),  # a 64-bit word an axon; parameters are in a neuron's bytes
        ("loihi2", 6 + 3, 16, 5 * 3, 0, 18 * 0.8),
        ("xylo_audio3", 18, 16, 5 * 2, 2, 18 * 0.8),  # slots of 8 bits
        ("speck2f", 4 * 4 + 3 * 2, 10, 5 * 2, 0, 18 * 0.8),  # powers of two of filters
        ("odin", 256 * 256 * 3 // 8, 8, 5, 2, 18 * 0.8),  # one array whatever is in it; 8-bit parameters
        ("truenorth", 2 * 256 * 256 * 2 // 8, 16, 8 + 5, 2, 18 * 0.8),  # an array a layer; 20-bit states
        ("zynq7020_spikerplus", 2 * 2304, 16, 3 * 2 + 2 * 3, 2, 18 * 4),  # a block memory a layer
        (
            "artix7_35t",
            2 * 8 * 2304,
            16,
            3 * 2 + 2 * 3,
            2,
            18 * 4,
        ),  # words of 8 * 8 * 4 = 256 bits: 8 blocks a layer
        ("ice40up5k", 2 * 32_768, 16, 3 * 2 + 2 * 3, 2, 18 * 4),
    ],
)
def test_a_small_network_by_hand(ident, weights, params, state, buffers, ops):
    cost = price(mlp([4, 3, 2], bits=4), profile(ident))
    parts = (cost.weight_bytes, cost.bias_bytes, cost.state_bytes, cost.buffer_bytes)
    assert parts == (weights, params, state, buffers)
    assert cost.charged_ops == pytest.approx(ops)


def random_network(seed):
    """Return a convolution and two fully connected layers with random masks and rates."""
    rng = np.random.default_rng(seed)
    channels, width, steps = int(rng.integers(1, 9)), int(rng.integers(1, 40)), int(rng.integers(1, 9))
    density = rng.random()
    filters = rng.random((channels, 2, 3, 3)) < density
    hidden, readout = rng.random((width, 30 * channels)) < density, rng.random((5, width)) < density
    rate, analog = float(rng.random()), bool(rng.integers(2))
    layers = (
        conv("c1", "input", filters, (6, 5), timesteps=steps, analog=analog),
        fc("fc2", "hidden", hidden, rate, fan_columns=30, timesteps=steps),
        fc("out", "readout", readout, rate, timesteps=steps),
    )
    return chain(steps, 8, layers)


@pytest.mark.parametrize("ident", IDS)
def test_bytes_are_whole_and_add_up_and_no_cost_is_negative(ident):
    device = profile(ident)
    for cost in costs(device, [random_network(seed) for seed in range(8)]):
        parts = (cost.weight_bytes, cost.bias_bytes, cost.state_bytes, cost.buffer_bytes)
        assert all(type(part) is int and part >= 0 for part in (*parts, cost.memory_bytes, cost.packed_bytes))
        assert cost.memory_bytes == sum(parts) == sum(n_bytes for _, n_bytes in cost.banks)
        known = [cost.energy_j, cost.latency_s, cost.static_energy_j, cost.charged_ops]
        assert all(math.isfinite(value) and value >= 0 for value in known if value is not None)


@pytest.mark.parametrize("ident", IDS)
def test_a_cost_is_known_where_the_profile_says_so(ident):
    device = profile(ident)
    for cost in costs(device, [random_network(seed) for seed in range(3)]):
        assert (cost.energy_j is not None) == device.tells("energy_j") == (cost.energy_grade is not None)
        assert (cost.latency_s is not None) == device.tells("latency_s") == (cost.latency_grade is not None)


@pytest.mark.parametrize("ident", [name for name in IDS if name != "odin"])  # all its layers share one array
def test_weights_of_a_network_are_the_sum_of_its_layers(ident):
    network = mlp([16, 60, 40, 8], 0.4)
    whole, *layers = costs(
        profile(ident), [network, *(chain(4, 8, (layer,)) for layer in layers_of(network))]
    )
    assert whole.weight_bytes == sum(layer.weight_bytes for layer in layers)
    assert whole.bias_bytes == sum(layer.bias_bytes for layer in layers)
    assert whole.charged_ops == pytest.approx(sum(layer.charged_ops for layer in layers))
