"""Each rule of a toolchain, on both sides of its limit."""

from dataclasses import replace

import numpy as np
import pytest
from builders.devices import IDS, conv, fc, mlp, profile, with_bits

from hwsearch.hardware.limits import Limits
from hwsearch.hardware.rules import mapping_rules
from hwsearch.hardware.rules.mapping_rules import MAPPING_RULES
from hwsearch.hardware.rules.rules import violations
from hwsearch.hardware.workload import Workload

DEVICE = profile("generic_45nm")
ONES = np.ones((4, 2, 3, 3), int)
MASK = np.ones((6, 5), int)
MASK[0, :4] = 0  # one neuron keeps 1 of 5 inputs; inputs keep 5 or 6 of 6 targets
NET = Workload(
    4,
    8,
    (
        fc("in", "input", np.ones((5, 7), int)),
        fc("mid", "hidden", MASK),
        fc("out", "readout", np.ones((3, 6), int)),
    ),
)
CNN = Workload(
    4,
    8,
    (
        conv("c1", "input", ONES, (10, 8), pool=2),
        fc("out", "readout", np.ones((3, 80), int), fan_columns=20),
    ),
)


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
    assert {one.rule for one in found} == {rule}
    assert max(one.need for one in found) == need
    assert all(one.limit == need - 1 and f"{need - 1:,}" in one.message for one in found)


@pytest.mark.parametrize(("limit", "has", "lacks", "rule"), [
    ("kernels", (1, 3), (1, 5), "kernel_offered"),
    ("pools", (1, 2), (1, 4), "pool_offered"),
])  # fmt: skip
def test_both_sides_of_each_menu(limit, has, lacks, rule):
    assert broken(replace(DEVICE, limits=Limits(**{limit: has})), CNN) == []
    (one,) = broken(replace(DEVICE, limits=Limits(**{limit: lacks})), CNN)
    assert (one.rule, one.layer) == (rule, "c1")


def model(ident, **changes):
    device = profile(ident)
    return replace(device, limits=Limits(), model=replace(device.model, **changes))


# 5 + 6 + 3 neurons; 5 * 7, 26 and 18 weights: 7, 5 and 6 axon lists of one word each, so 56, 40 and 48 bytes
@pytest.mark.parametrize(
    ("fits", "fails", "rule"),
    [
        (model("loihi1", in_axons=7), model("loihi1", in_axons=6), "axons_within_core"),
        (model("loihi1", out_axons=6), model("loihi1", out_axons=5), "out_axons_within_core"),
        (
            model("loihi1", core_neurons=6, cores=3),
            model("loihi1", core_neurons=6, cores=2),
            "cores_hold_everything",
        ),
        (model("odin", axons=18), model("odin", axons=17), "array_holds_network"),
        (model("odin", neurons=14), model("odin", neurons=13), "array_holds_network"),
        (
            model("truenorth", neurons=5, cores=4),
            model("truenorth", neurons=5, cores=3),
            "cores_hold_everything",
        ),
        (model("akida_akd1500", nodes=3), model("akida_akd1500", nodes=2), "cores_hold_everything"),
        (model("artix7_35t", luts=10_000), model("artix7_35t", luts=9_000), "look_up_tables_within_limit"),
    ],
)
def test_both_sides_of_each_family_rule(fits, fails, rule):
    assert broken(fits, NET) == []
    found = broken(fails, NET)
    assert found
    assert {one.rule for one in found} == {rule}


def test_layers_find_cores_on_both_sides():
    fits = model("speck2f", kernel_entries=(256, 512), neuron_entries=(512, 512), bias_entries=(4, 4))
    assert broken(fits, CNN) == []
    one_core = replace(fits, model=replace(fits.model, kernel_entries=(256, 255)))
    (found,) = broken(one_core, CNN)
    assert found.rule == "layers_find_cores"


def first(filters, channels, kernel, size):
    """Return a network whose first layer is a convolution, on Akida with nothing else to break."""
    layer = conv("c1", "input", np.ones((filters, channels, kernel, kernel), int), size)
    device = replace(profile("akida_akd1500"), limits=Limits())
    return broken(device, Workload(1, 8, (replace(layer, analog=True),)))


@pytest.mark.parametrize(
    ("channels", "kernel", "most"),
    [(1, 3, 512), (1, 5, 192), (1, 7, 96), (3, 3, 192), (3, 5, 64), (3, 7, 32)],
)
def test_first_filters_on_both_sides(channels, kernel, most):
    assert first(most, channels, kernel, (5, 256)) == []
    (one,) = first(most + 1, channels, kernel, (5, 256))
    assert (one.rule, one.need, one.limit) == ("first_filters_within_limit", most + 1, most)


def test_first_kernels_channels_and_maps_on_both_sides():
    assert [one.rule for one in first(8, 1, 1, (8, 8))] == ["first_kernel_offered"]
    assert [one.rule for one in first(8, 2, 3, (8, 8))] == ["first_channels_offered"]
    small, large = first(8, 3, 3, (4, 8)), first(8, 3, 3, (8, 257))
    assert [(one.rule, one.need, one.limit) for one in small] == [("first_map_offered", 4, 5)]
    assert [(one.rule, one.need, one.limit) for one in large] == [("first_map_offered", 257, 256)]
    assert first(8, 3, 3, (5, 256)) == []


def test_a_device_without_limits_of_its_first_layer_has_none():
    bare = model(
        "akida_akd1500", first_kernels=(), first_filters_gray=(), first_filters_color=(), first_sides=()
    )
    layer = conv("c1", "input", np.ones((900, 2, 9, 9), int), (300, 2))
    assert broken(bare, Workload(1, 8, (layer,))) == []


def test_every_rule_is_listed_and_tested_by_name():
    named = {
        name for name, value in vars(mapping_rules).items()
        if callable(value) and getattr(value, "__module__", "") == mapping_rules.__name__ and not name.startswith("_")
    }  # fmt: skip
    assert named == {rule.__name__ for rule in MAPPING_RULES}


@pytest.mark.parametrize(
    ("ident", "inputs", "hidden", "outputs"),
    [("xylo_audio2", 16, 1000, 8), ("xylo_audio3", 16, 992, 16), ("xylo_imu", 16, 496, 16)],
)
def test_xylo_networks_at_their_limits(ident, inputs, hidden, outputs):
    device = profile(ident)
    allowed = {"neuron_model": "lif", "reset": "subtract"}
    assert violations(mlp([inputs, 60, outputs]), device, **allowed) == []
    rules = {one.rule for one in violations(mlp([inputs + 1, hidden + 1, outputs + 1]), device, **allowed)}
    assert {"inputs_within_limit", "hidden_neurons_within_limit", "outputs_within_limit"} <= rules


@pytest.mark.parametrize("ident", IDS)
def test_bit_menus_neurons_and_resets_of_every_device(ident):
    device = profile(ident)
    network = mlp([8, 6, 3], timesteps=1)
    asked = {"neuron_model": device.neuron_models[0], "reset": device.resets[0]}
    for bits in device.weight_bits:
        assert violations(with_bits(network, bits), device, **asked) == []
    rules = [one.rule for one in violations(with_bits(network, 7), device, **asked)]
    assert rules.count("weight_bits_offered") == 2
    for name, has in (("neuron_model", device.neuron_models), ("reset", device.resets)):
        for value in {"lif", "if"} if name == "neuron_model" else {"zero", "subtract"}:
            own = with_bits(network, device.weight_bits[0])
            found = [one.rule for one in violations(own, device, **{**asked, name: value})]
            assert found == ([] if value in has else [f"{name}_offered"])


def broken(device, network):
    return [one for rule in MAPPING_RULES for one in rule(network, device)]
