"""Limits of toolchains: each one that a profile can state is held by a rule, and none binds where it is left out."""

from dataclasses import fields, replace

import pytest
from builders.devices import chain, conv, layers_of, mlp, profile
from builders.mapped_networks import CNN, NET, ONES

from hwsearch.hardware.limits import Limits
from hwsearch.hardware.profiles.sections import LimitsSection
from hwsearch.hardware.rules.connection_rules import stride_offered
from hwsearch.hardware.rules.toolchain_limits import LIMIT_RULES

DEVICE = profile("generic_45nm")
DEEP = chain(4, 8, (conv("c1", "input", ONES, (10, 8)), *layers_of(NET)[1:]))
STRIDED = replace(CNN, connections=(replace(CNN.connections[0], stride=(2, 2)), *CNN.connections[1:]))
SEQUENCE = replace(mlp([5, 4, 3], analog=True), still=False)


def broken(limits):
    device = replace(DEVICE, limits=limits)
    return [
        violation
        for network in (NET, CNN, DEEP, STRIDED, SEQUENCE)
        for rule in (*LIMIT_RULES, stride_offered)
        for violation in rule(network, device)
    ]


def test_no_limit_refuses_nothing():
    assert broken(Limits()) == []


@pytest.mark.parametrize("field", fields(Limits), ids=lambda field: field.name)
def test_each_limit_is_held_by_one_rule(field):
    tight = {"kernels": (99,), "pools": (99,), "strides": (99,), "channel_multiple": 99}.get(field.name, 0)
    assert len({violation.rule for violation in broken(Limits(**{field.name: tight}))}) == 1


def test_a_file_can_state_every_limit():
    of_the_device = {"fan_in", "fan_out", "neurons"}
    assert {field.name for field in fields(Limits)} | of_the_device == set(LimitsSection.model_fields)
