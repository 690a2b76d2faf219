"""Each limit and menu of a toolchain, on both sides."""

from dataclasses import replace

import pytest
from builders.devices import profile
from builders.mapped_networks import CNN, NET
from builders.workloads import silent

from hwsearch.hardware.limits import Limits
from hwsearch.hardware.rules import toolchain_limits
from hwsearch.hardware.rules.toolchain_limits import LIMIT_RULES

DEVICE = profile("generic_45nm")


@pytest.mark.parametrize(
    ("limit", "need", "network", "rule"),
    [
        ("fan_in_kept", 7, NET, "kept_fan_in_within_limit"),
        ("fan_out_kept", 6, NET, "kept_fan_out_within_limit"),
        ("inputs", 7, NET, "inputs_within_limit"),
        ("hidden", 11, NET, "hidden_neurons_within_limit"),
        ("outputs", 3, NET, "outputs_within_limit"),
        ("hidden_synapses", 26, NET, "hidden_synapses_within_limit"),
        ("input_targets", 5, NET, "input_targets_within_limit"),
        ("readout_sources", 6, NET, "readout_sources_within_limit"),
        ("layers", 3, NET, "layers_within_limit"),
        ("timesteps", 4, NET, "timesteps_within_limit"),
        ("channels", 4, CNN, "channels_within_limit"),
        ("kernel", 5, CNN, "kernel_within_limit"),  # the readout's filter covers 4 x 5 pixels
        ("map_in", 10, CNN, "input_map_within_limit"),
        ("map_out", 10, CNN, "output_map_within_limit"),
    ],
)
def test_both_sides_of_each_limit(limit, need, network, rule):
    assert broken(replace(DEVICE, limits=Limits(**{limit: need})), network) == []
    found = broken(replace(DEVICE, limits=Limits(**{limit: need - 1})), network)
    assert {violation.rule for violation in found} == {rule}
    assert max(violation.need for violation in found) == need
    assert all(violation.limit == need - 1 and f"{need - 1:,}" in violation.message for violation in found)


def test_channels_come_in_multiples_on_both_sides():
    network = silent("8c3-fc6", (1, 4, 4))
    assert broken(replace(DEVICE, limits=Limits(channel_multiple=2)), network) == []  # the readout has 3
    (found,) = broken(replace(DEVICE, limits=Limits(channel_multiple=4)), network)
    assert (found.rule, found.layer, found.need) == ("channels_in_multiples", "fc2", 6)
    assert "must be a multiple of 4" in found.message


def test_values_of_a_sequence_are_events_on_both_sides():
    device = replace(DEVICE, limits=Limits(input_events=15))
    assert broken(device, silent("fc6", (1, 4, 4), frames=3, input_max=15)) == []
    assert broken(device, silent("fc6", (1, 4, 4))) == []  # an image's values are no sequence
    (found,) = broken(device, silent("fc6", (1, 4, 4), frames=3, input_max=16))
    assert (found.rule, found.need, found.limit) == ("input_events_within_limit", 31, 15)


def test_what_enters_one_population_or_leaves_one_is_added_up():
    recurrent = silent("r5", (1, 1, 7))
    limits = {"fan_in_kept": 7 + 5, "hidden_synapses": 25, "fan_out_kept": 5, "layers": 2}
    for name, need in limits.items():
        assert broken(replace(DEVICE, limits=Limits(**{name: need})), recurrent) == []
        (found,) = broken(replace(DEVICE, limits=Limits(**{name: need - 1})), recurrent)
        assert found.need == need


@pytest.mark.parametrize(("limit", "has", "lacks", "rule"), [
    ("kernels", (1, 3), (1, 5), "kernel_offered"),
    ("pools", (1, 2), (1, 4), "pool_offered"),
])  # fmt: skip
def test_both_sides_of_each_menu(limit, has, lacks, rule):
    assert broken(replace(DEVICE, limits=Limits(**{limit: has})), CNN) == []
    (violation,) = broken(replace(DEVICE, limits=Limits(**{limit: lacks})), CNN)
    assert (violation.rule, violation.layer) == (rule, "c1")


def test_every_rule_of_the_module_is_listed():
    named = {name for name, value in vars(toolchain_limits).items() if defined(name, value)}
    assert named == {rule.__name__ for rule in LIMIT_RULES}


def defined(name, value):
    return callable(value) and value.__module__ == toolchain_limits.__name__ and not name.startswith("_")


def broken(device, network):
    return [violation for rule in LIMIT_RULES for violation in rule(network, device)]
