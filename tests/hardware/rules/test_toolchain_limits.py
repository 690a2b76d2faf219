"""Each limit of a toolchain, on both sides."""

from dataclasses import replace

import pytest
from builders.devices import mlp, profile, small_cnn, two_hidden_layers

from hwsearch.hardware.limits import Limits
from hwsearch.hardware.rules import toolchain_limits
from hwsearch.hardware.rules.check import violations
from hwsearch.hardware.rules.toolchain_limits import TOOLCHAIN_LIMITS

DEVICE = profile("generic_45nm")
NET, CNN = two_hidden_layers(), small_cnn()


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


@pytest.mark.parametrize(("limit", "has", "lacks", "rule"), [
    ("kernels", (1, 3), (1, 5), "kernel_offered"),
    ("pools", (1, 2), (1, 4), "pool_offered"),
])  # fmt: skip
def test_both_sides_of_each_menu(limit, has, lacks, rule):
    assert broken(replace(DEVICE, limits=Limits(**{limit: has})), CNN) == []
    (violation,) = broken(replace(DEVICE, limits=Limits(**{limit: lacks})), CNN)
    assert (violation.rule, violation.layer) == (rule, "c1")


@pytest.mark.parametrize("network", [NET, CNN], ids=["fc", "conv"])
@pytest.mark.parametrize("rule", TOOLCHAIN_LIMITS)
def test_a_limit_that_is_not_stated_says_nothing(rule, network):
    assert list(rule(network, replace(DEVICE, limits=Limits()))) == []


@pytest.mark.parametrize(
    ("ident", "inputs", "hidden", "outputs"),
    [("xylo_audio2", 16, 1000, 8), ("xylo_audio3", 16, 992, 16), ("xylo_imu", 16, 496, 16)],
)
def test_xylo_networks_at_their_limits(ident, inputs, hidden, outputs):
    device = profile(ident)
    allowed = {"neuron_model": "lif", "reset": "subtract"}
    assert violations(mlp([inputs, 60, outputs]), device, **allowed) == []
    rules = {
        violation.rule
        for violation in violations(mlp([inputs + 1, hidden + 1, outputs + 1]), device, **allowed)
    }
    assert {"inputs_within_limit", "hidden_neurons_within_limit", "outputs_within_limit"} <= rules


def test_every_rule_of_the_module_is_listed():
    public = {name: value for name, value in vars(toolchain_limits).items() if not name.startswith("_")}
    defined = {
        name
        for name, value in public.items()
        if getattr(value, "__module__", "") == toolchain_limits.__name__
    }
    assert defined == {rule.__name__ for rule in TOOLCHAIN_LIMITS}
    assert len(TOOLCHAIN_LIMITS) == len(defined)


def broken(device, network):
    return [violation for rule in TOOLCHAIN_LIMITS for violation in rule(network, device)]
