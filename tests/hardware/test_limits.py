"""Limits of toolchains: each one that a profile can state is held by a rule, and none binds where it is left out."""

from dataclasses import fields, replace

import pytest
from builders.devices import chain, conv, layers_of, profile
from builders.mapped_networks import CNN, NET, ONES

from hwsearch.hardware.limits import Limits
from hwsearch.hardware.profiles.sections import LimitsSection
from hwsearch.hardware.rules.toolchain_limits import LIMIT_RULES


DEVICE = profile("generic_45nm")
DEEP = chain(4, 8, (conv("c1", "input", ONES, (10, 8)), *layers_of(NET)[1:]))


def broken(limits):
    device = replace(DEVICE, limits=limits)
    return [
        violation
        for network in (NET, CNN, DEEP)
        for rule in LIMIT_RULES
        for violation in rule(network, device)
    ]


def test_no_limit_refuses_nothing():
    assert broken(Limits()) == []


@pytest.mark.parametrize("field", fields(Limits), ids=lambda field: field.name)
def test_each_limit_is_held_by_one_rule(field):
    tight = (99,) if field.name in ("kernels", "pools") else 0
    assert len({violation.rule for violation in broken(Limits(**{field.name: tight}))}) == 1


def test_a_file_can_state_every_limit():
    of_the_device = {"fan_in", "fan_out", "neurons"}
    assert {field.name for field in fields(Limits)} | of_the_device == set(LimitsSection.model_fields)
