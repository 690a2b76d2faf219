"""Pricing by arrays equals pricing one by one, on every device."""

from dataclasses import replace

import numpy as np
import pytest
from builders.devices import IDS, conv, fc, mlp, profile, with_bits

from hwsearch.hardware.batch import price_batch
from hwsearch.hardware.batch_counts import batch_of
from hwsearch.hardware.cost_model import price
from hwsearch.hardware.storage import FORMATS
from hwsearch.hardware.workload import Workload

BITS = (1, 2, 3, 4, 6, 8, 16)
NAMES = ("memory_bytes", "weight_bytes", "bias_bytes", "state_bytes", "buffer_bytes")


def networks(n, analog):
    """Return n candidates of one architecture with a conv layer: random structure, sizes, bits and timesteps."""
    rng = np.random.default_rng(5)
    found = []
    for _ in range(n):
        density = rng.choice([0.0, 0.02, 0.1, 0.3, 0.6, 1.0])
        channels, width = int(rng.integers(1, 9)), int(rng.integers(1, 40))
        planes = rng.random((channels, 2, 1, 1)) < max(density, 0.3)
        first = (rng.random((channels, 2, 3, 3)) < density) & planes
        blocks = np.repeat(rng.random((width, 2 * channels)) < density, 8, axis=1)
        last = rng.random((5, width)) < density
        steps = int(rng.integers(1, 9))
        layers = (
            replace(conv("c1", "input", first, (6, 5), timesteps=steps), analog=analog),
            fc("fc2", "hidden", blocks, rate=float(rng.random()), timesteps=steps),
            fc("readout", "readout", last, rate=float(rng.random()), timesteps=steps),
        )
        layers = tuple(replace(layer, weight_bits=int(rng.choice(BITS))) for layer in layers)
        found.append(Workload(steps, 8, layers))
    return found


@pytest.mark.parametrize("analog", [True, False])
@pytest.mark.parametrize("ident", ["generic_45nm", "nrf51822_microbit", "nrf52840"])
@pytest.mark.parametrize(
    "formats",
    [FORMATS, ("dense",), ("bitmap", "csr"), ("delta",), ("block:4", "dense"), ("block:8",)],
    ids=str,
)
def test_equals_price_in_each_format(ident, formats, analog):
    compare(networks(60, analog), replace(profile(ident), formats=formats))


@pytest.mark.parametrize("analog", [True, False])
@pytest.mark.parametrize("ident", IDS)
def test_equals_price_on_each_device(ident, analog):
    compare(networks(60, analog), profile(ident))


def test_equals_price_where_a_device_is_told_more():
    """Constants and lists that no shipped device has: the array form follows them all the same."""
    work = networks(40, False)
    part = profile("artix7_35t")
    for ident, changes in {
        "loihi1": {"block_synapses": None, "core_bytes": 4096, "in_axons": 30, "core_neurons": 50},
        "spinnaker2": {"neuron_bytes": 12, "core_bytes": 600},
        "odin": {"clock_hz": 1e8},
        "orin_nano": {"launch_s": 1e-5, "power_w": 5.0},
        "speck2f": {"synop_j": 1e-12},
        "xylo_audio3": {"cycle_j": 1e-12},
        "artix7_35t": {"clock_hz": 1e8, "power_w": 0.1, "pe": 4, "simd": 2},
    }.items():
        device = profile(ident)
        compare(work, replace(device, model=replace(device.model, **changes)))
    for lists in ({"skips_cycles": ("weight",)}, {"skips_cycles": ("weight",), "skips_storage": ("weight",)}):
        compare(work, replace(part, model=replace(part.model, clock_hz=1e8), **lists))
    price_terms = profile("loihi1").model.price
    following = replace(profile("loihi1").model, price=replace(price_terms, fixed_share=0.3))
    compare(work, replace(profile("loihi1"), model=following))
    compare(networks(40, True), replace(profile("nrf52840"), conv_mac_cycles=1.5))


def test_equals_price_where_rows_and_lanes_were_not_counted():
    bare = {"row_counts": (), "outputs_used": None, "lane_reads": (), "fan_in_most": None}
    work = [
        replace(
            one,
            layers=tuple(replace(layer, census=replace(layer.census, **bare)) for layer in one.layers),
        )
        for one in networks(30, False)
    ]
    skipping = replace(profile("artix7_35t"), skips_cycles=("weight",))
    for device in (profile("loihi1"), profile("xylo_imu"), skipping):
        compare(work, device)


def compare(work, device):
    """Assert that candidates cost together what they cost alone."""
    cost = price_batch(batch_of(work), device)
    for index, one in enumerate(work):
        expected = price(one, device)
        assert [int(getattr(cost, name)[index]) for name in NAMES] == [
            getattr(expected, name) for name in NAMES
        ]
        for name in ("synaptic_ops", "macs", "energy_j", "latency_s"):
            column, alone = getattr(cost, name), getattr(expected, name)
            assert (column is None) == (alone is None)
            if alone is not None:
                assert column[index] == pytest.approx(alone, rel=1e-12)


@pytest.mark.parametrize("skips", [(), ("weight",), ("block", "kernel"), ("nm",)])
def test_equals_price_where_zeros_do_not_pay(skips):
    work = networks(40, True)
    for ident in ("generic_45nm", "nrf51822_microbit"):
        device = replace(profile(ident), skips_cycles=skips, skips_energy=skips)
        energies = price_batch(batch_of(work), device).energy_j
        assert energies == pytest.approx([price(one, device).energy_j for one in work], rel=1e-12)


def test_wide_pointers_and_large_layers():
    work = [
        with_bits(mlp([300, 700, 10], density), 8) for density in (0.2, 0.5, 1.0)
    ]  # 65 535 lies in between
    for device in (replace(profile("generic_45nm"), formats=(name,)) for name in ("csr", "delta")):
        found = price_batch(batch_of(work), device).weight_bytes
        assert list(found) == [price(one, device).weight_bytes for one in work]


def test_what_cannot_be_priced_together_is_refused():
    with pytest.raises(ValueError, match="one architecture"):
        batch_of([mlp([4, 3, 2]), mlp([4, 3, 3, 2])])
    with pytest.raises(ValueError, match="must hold each layer"):
        price_batch(batch_of([mlp([4, 3, 2])]), replace(profile("generic_45nm"), formats=("kernel",)))


def test_an_unknown_constant_leaves_the_column_unknown():
    device = profile("gap9")
    cost = price_batch(batch_of(networks(3, True)), device)
    assert cost.energy_j is None
    assert cost.latency_s is None
