"""Rules of any profile, on both sides of their limits, and all violations at once."""

from dataclasses import replace
from pathlib import Path

import pytest
from builders.devices import IDS, Layer, chain, mlp, population, profile, with_bits

from hwsearch.graph.graph import INPUT
from hwsearch.hardware.device import Bank
from hwsearch.hardware.limits import Limits
from hwsearch.hardware.profiles.load import load_profile
from hwsearch.hardware.rules.check import violations
from hwsearch.hardware.rules.family_rules import FAMILY_RULES
from hwsearch.hardware.rules.toolchain_limits import LIMIT_RULES
from hwsearch.hardware.workload import ConnectionWork, OpCounts, WeightCensus

PROFILE = load_profile(Path(__file__).parents[3] / "hardware_profiles" / "nrf51822_microbit.yaml")

MCU = replace(PROFILE, formats=("dense",))

OPS = OpCounts(1, 1, (1, 1), 1)


def layer(name, role, weight_bits, shape, kernel=(1, 1)):
    """Return a layer [out, in, kernel area] that keeps every weight."""
    size, planes = shape[0] * shape[1] * shape[2], shape[0] * shape[1]
    census = WeightCensus(*shape, size, (size, size), (4, 8, 16), planes, (size,) * 7)
    analog = role == "input"
    connection = ConnectionWork(
        name, INPUT, 0, role, "fc", analog, weight_bits, census, shape[1], OPS, 1, kernel=kernel
    )
    return Layer(connection, population(name, role, shape[0]))


# RAM: membranes 8 * 2 and 2 * 4, input 4, its kept current 8 * 4, 8 spike bits: 61 bytes
FC1, READOUT = layer("fc1", "input", 8, (8, 4, 1)), layer("readout", "readout", 4, (2, 8, 1))

NET = chain(5, 8, (FC1, READOUT))

CONV = layer("conv2", "hidden", 8, (2, 1, 9), (3, 3))


def with_law(network, model="lif", reset="zero"):
    """Return a network with a neuron of its own."""
    populations = tuple(replace(p, model=model, reset=reset) if p.spikes else p for p in network.populations)
    return replace(network, populations=populations)


def rules(profile, net=NET, **asked):
    return violations(net, profile, **asked)


def ram(size, reserved=0):
    return replace(MCU, banks=(MCU.banks[0], replace(MCU.banks[1], size_bytes=size, reserved_bytes=reserved)))


def test_the_network_fits_the_microbit():
    assert rules(MCU, accumulator_bits_needed=20) == []


@pytest.mark.parametrize(
    ("rule", "fits", "fails", "need", "limit", "layer"),
    [
        ("fan_in_within_limit", replace(MCU, max_fan_in=8), replace(MCU, max_fan_in=7), 8, 7, "readout"),
        ("fan_out_within_limit", replace(MCU, max_fan_out=8), replace(MCU, max_fan_out=7), 8, 7, "fc1"),
        ("neurons_within_limit", replace(MCU, max_neurons=10), replace(MCU, max_neurons=9), 10, 9, ""),
        ("banks_hold_everything", ram(61), ram(60), 61, 60, ""),
        ("banks_hold_everything", ram(71, 10), ram(70, 10), 61, 60, ""),
        (
            "weight_bits_offered",
            replace(MCU, weight_bits=(4, 8)),
            replace(MCU, weight_bits=(8,)),
            4,
            0,
            "readout",
        ),
    ],
)
def test_both_sides_of_each_limit(rule, fits, fails, need, limit, layer):
    assert rules(fits) == []
    (broken,) = rules(fails)
    assert (broken.rule, broken.need, broken.limit, broken.layer) == (rule, need, limit, layer)
    assert str(need) in broken.message
    assert str(limit or 8) in broken.message
    assert layer in broken.message


@pytest.mark.parametrize(
    ("asked", "profile", "rule"),
    [
        ({"model": "if"}, replace(MCU, neuron_models=("lif",)), "neuron_model_offered"),
        ({"reset": "subtract"}, replace(MCU, resets=("zero",)), "reset_offered"),
    ],
)
def test_what_neurons_can_do(asked, profile, rule):
    network = with_law(NET, **asked)
    assert rules(MCU, network) == []
    (broken,) = rules(profile, network)
    assert (broken.rule, broken.limit) == (rule, 0)


def test_accumulator_width():
    assert rules(MCU, accumulator_bits_needed=32) == []
    (broken,) = rules(MCU, accumulator_bits_needed=33)
    assert (broken.rule, broken.need, broken.limit) == ("accumulator_wide_enough", 33, 32)


def test_a_kernel_counts_in_fan_in_and_fan_out():
    net = chain(5, 8, (CONV,))  # one input channel, two filters of 3 x 3
    assert rules(replace(MCU, max_fan_in=9, max_fan_out=18), net) == []
    found = rules(replace(MCU, max_fan_in=8, max_fan_out=17), net)
    assert [(violation.rule, violation.need) for violation in found] == [
        ("fan_in_within_limit", 9),
        ("fan_out_within_limit", 18),
    ]


def test_an_unknown_limit_refuses_nothing():
    assert rules(replace(MCU, banks=(Bank("all", ("weights", "params", "state", "buffers"), None),))) == []


def test_every_violation_is_named_at_once():
    profile = replace(ram(1), max_neurons=1, max_fan_in=1, weight_bits=(2,), resets=("subtract",))
    assert [violation.rule for violation in rules(profile)] == [
        "reset_offered",
        *["weight_bits_offered"] * 2,
        *["fan_in_within_limit"] * 2,
        "neurons_within_limit",
        "banks_hold_everything",
    ]


@pytest.mark.parametrize(
    ("ident", "inputs", "hidden", "outputs"),
    [("xylo_audio2", 16, 1000, 8), ("xylo_audio3", 16, 992, 16), ("xylo_imu", 16, 496, 16)],
)
def test_xylo_networks_at_their_limits(ident, inputs, hidden, outputs):
    device = profile(ident)
    assert violations(with_law(mlp([inputs, 60, outputs]), reset="subtract"), device) == []
    large = with_law(mlp([inputs + 1, hidden + 1, outputs + 1]), reset="subtract")
    rules = {violation.rule for violation in violations(large, device)}
    assert {"inputs_within_limit", "hidden_neurons_within_limit", "outputs_within_limit"} <= rules


@pytest.mark.parametrize("ident", IDS)
def test_bit_menus_neurons_and_resets_of_every_device(ident):
    device = profile(ident)
    offered = {"model": device.neuron_models[0], "reset": device.resets[0]}
    network = with_law(mlp([8, 6, 3], timesteps=1), **offered)
    for bits in device.weight_bits:
        assert violations(with_bits(network, bits), device) == []
    rules = [violation.rule for violation in violations(with_bits(network, 7), device)]
    assert rules.count("weight_bits_offered") == 2
    for name, has in (("model", device.neuron_models), ("reset", device.resets)):
        for value in {"lif", "if"} if name == "model" else {"zero", "subtract"}:
            asked = with_law(with_bits(network, device.weight_bits[0]), **{**offered, name: value})
            found = [violation.rule for violation in violations(asked, device)]
            rule = "neuron_model_offered" if name == "model" else "reset_offered"
            assert found == ([] if value in has else [rule])


def test_rules_of_limits_and_models_say_nothing_of_devices_without():
    assert violations(NET, replace(MCU, limits=Limits(), model=None)) == []
    for rule in (*LIMIT_RULES, *FAMILY_RULES):
        assert list(rule(NET, replace(MCU, limits=Limits(), model=None))) == []
    (broken,) = violations(NET, replace(MCU, limits=Limits(outputs=1)))
    assert broken.rule == "outputs_within_limit"
