"""Each rule of a family's formula, on both sides of its limit."""

from dataclasses import replace

import numpy as np
import pytest
from builders.devices import chain, conv, profile
from builders.mapped_networks import CNN, NET

from hwsearch.hardware.limits import Limits
from hwsearch.hardware.rules import family_rules
from hwsearch.hardware.rules.family_rules import FAMILY_RULES


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
    assert {violation.rule for violation in found} == {rule}


def test_layers_find_cores_on_both_sides():
    fits = model("speck2f", kernel_entries=(256, 512), neuron_entries=(512, 512), bias_entries=(4, 4))
    assert broken(fits, CNN) == []
    one_core = replace(fits, model=replace(fits.model, kernel_entries=(256, 255)))
    (found,) = broken(one_core, CNN)
    assert found.rule == "layers_find_cores"


def first(filters, channels, kernel, size):
    """Return a network whose first layer is a convolution, on Akida with nothing else to break."""
    layer = conv("c1", "input", np.ones((filters, channels, kernel, kernel), int), size, analog=True)
    device = replace(profile("akida_akd1500"), limits=Limits())
    return broken(device, chain(1, 8, (layer,)))


@pytest.mark.parametrize(
    ("channels", "kernel", "most"),
    [(1, 3, 512), (1, 5, 192), (1, 7, 96), (3, 3, 192), (3, 5, 64), (3, 7, 32)],
)
def test_first_filters_on_both_sides(channels, kernel, most):
    assert first(most, channels, kernel, (5, 256)) == []
    (violation,) = first(most + 1, channels, kernel, (5, 256))
    assert (violation.rule, violation.need, violation.limit) == ("first_filters_within_limit", most + 1, most)


def test_first_kernels_channels_and_maps_on_both_sides():
    assert [violation.rule for violation in first(8, 1, 1, (8, 8))] == ["first_kernel_offered"]
    assert [violation.rule for violation in first(8, 2, 3, (8, 8))] == ["first_channels_offered"]
    small, large = first(8, 3, 3, (4, 8)), first(8, 3, 3, (8, 257))
    assert [(violation.rule, violation.need, violation.limit) for violation in small] == [
        ("first_map_offered", 4, 5)
    ]
    assert [(violation.rule, violation.need, violation.limit) for violation in large] == [
        ("first_map_offered", 257, 256)
    ]
    assert first(8, 3, 3, (5, 256)) == []


def test_a_device_without_limits_of_its_first_layer_has_none():
    bare = model(
        "akida_akd1500", first_kernels=(), first_filters_gray=(), first_filters_color=(), first_sides=()
    )
    layer = conv("c1", "input", np.ones((900, 2, 9, 9), int), (300, 2))
    assert broken(bare, chain(1, 8, (layer,))) == []


def broken(device, network):
    return [violation for rule in FAMILY_RULES for violation in rule(network, device)]


def test_every_rule_of_the_module_is_listed():
    named = {name for name, value in vars(family_rules).items() if defined(name, value)}
    assert named == {rule.__name__ for rule in FAMILY_RULES}


def defined(name, value):
    return callable(value) and value.__module__ == family_rules.__name__ and not name.startswith("_")
