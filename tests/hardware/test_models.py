"""What a family's profile adds: each cost is unknown exactly where a field that it needs is."""

from dataclasses import replace

import pytest
from builders.devices import mlp, profile

from hwsearch.hardware.cost_model import price
from hwsearch.hardware.models import known, needs

# a device of each model, completed with what is unknown of it
COMPLETE = {
    "loihi1": {},
    "xylo_audio3": {"cycle_j": 1e-12},
    "speck2f": {"layer_s": 1e-6, "synop_j": 1e-12},
    "odin": {"clock_hz": 1e8},
    "truenorth": {},
    "zynq7020_spikerplus": {},
    "artix7_35t": {"clock_hz": 1e8, "power_w": 0.1},
    "orin_nano": {"launch_s": 1e-5, "power_w": 5.0},
}


def without(model, field):
    """Return a model that does not know a dotted field."""
    name, _, inner = field.partition(".")
    value = replace(getattr(model, name), **{inner: None}) if inner else None
    return replace(model, **{name: value})


@pytest.mark.parametrize("cost", ["energy_j", "latency_s"])
@pytest.mark.parametrize("ident", COMPLETE)
def test_a_cost_needs_the_fields_that_are_listed(ident, cost):
    device = profile(ident)
    model = replace(device.model, **COMPLETE[ident])
    # few events: some neurons are reached in a timestep, and others are not
    network = mlp([16, 20, 8], density=0.3, rate=0.02, bits=4)
    assert getattr(price(network, replace(device, model=model)), cost) is not None
    for field in needs(model, cost):
        assert known(model, field)
        blind = without(model, field)
        assert not known(blind, field)
        assert getattr(price(network, replace(device, model=blind)), cost) is None, field


def test_the_npu_never_tells_energy_or_time():
    assert needs(profile("akida_akd1500").model, "energy_j") is None
    assert needs(profile("akida_akd1500").model, "latency_s") is None


def test_the_energy_of_an_operation_follows_the_bits_by_hand():
    prices = replace(profile("loihi1").model.price, reference_bits=8, fixed_share=0.25)
    assert [prices.scale(bits) for bits in (8, 4, 2)] == [1.0, 0.625, 0.4375]
    assert prices.scale(4, 0.0) == 0.5
    assert replace(prices, fixed_share=None).scale(4) == 1.0  # unknown: nothing is gained
    assert replace(prices, reference_bits=None).scale(4) == 1.0
