"""The same networks on every device: what pays is never costlier, what does not pay is never cheaper.

Time and energy are compared within one storage format: the smallest format is chosen, and a sparse one may be smaller
and slower than a dense one.
"""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from builders.devices import IDS, conv, fc, mlp, profile, with_bits

from hwsearch.hardware.cost_model import price
from hwsearch.hardware.workload import Workload

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
