"""Which fields of a model a cost hangs on, and how an operation's energy follows the bits."""

from dataclasses import replace

import pytest
from builders.devices import IDS, mlp, profile, with_bits

from hwsearch.hardware.cost_model import price
from hwsearch.hardware.models import known, needs

MODELLED = [ident for ident in IDS if profile(ident).model]


def test_the_energy_of_an_operation_by_its_bits():
    prices = replace(profile("loihi1").model.price, reference_bits=8, fixed_share=0.25)
    assert [prices.scale(bits) for bits in (8, 4, 2)] == [1.0, 0.625, 0.4375]
    assert prices.scale(4, 0.0) == 0.5
    assert replace(prices, fixed_share=None).scale(2) == replace(prices, reference_bits=None).scale(2) == 1.0


@pytest.mark.parametrize("ident", MODELLED)
@pytest.mark.parametrize("name", ["energy_j", "latency_s"])
def test_a_cost_is_known_if_what_it_needs_is(ident, name):
    device = profile(ident)
    network = with_bits(mlp([16, 20, 8]), device.weight_bits[-1])
    fields = needs(device.model, name)
    told = fields is not None and all(known(device.model, field) for field in fields)
    assert (getattr(price(network, device), name) is not None) == told == device.tells(name)


@pytest.mark.parametrize("ident", MODELLED)
@pytest.mark.parametrize("name", ["energy_j", "latency_s"])
def test_a_cost_is_lost_with_each_constant_that_it_needs(ident, name):
    device = profile(ident)
    network = with_bits(mlp([16, 20, 8], rate=0.05), device.weight_bits[-1])
    for field in needs(device.model, name) or ():
        if "." in field:
            prices = replace(device.model.price, **{field.partition(".")[2]: None})
            model = replace(device.model, price=prices)
        else:
            model = replace(device.model, **{field: None})
        assert getattr(price(network, replace(device, model=model)), name) is None, field
