"""What a device can do beyond a chain of plain connections: allowed, refused, and unknown, which is refused too."""

from dataclasses import fields, replace

import pytest
from builders.devices import IDS, mlp, profile
from builders.mapped_networks import CNN
from builders.workloads import silent

from hwsearch.graph.graph import Readout
from hwsearch.hardware.limits import Connectivity, Limits
from hwsearch.hardware.profiles.sections import ConnectionsSection
from hwsearch.hardware.rules import connection_rules
from hwsearch.hardware.rules.check import violations
from hwsearch.hardware.rules.connection_rules import CONNECTION_RULES

DEVICE = replace(profile("generic_45nm"), connectivity=Connectivity(), limits=Limits())
MAP = (2, 6, 6)
# ability, the rule that asks for it, where it is broken, a network
KINDS = [
    ("strided", "stride_offered", "conv1", silent("4c3s2-fc5", MAP)),
    ("rectangular", "rectangle_offered", "conv1", silent("4c3x1-fc5", MAP)),
    ("rectangular", "rectangle_offered", "fc2", silent("4c3-p2x1-fc5", MAP)),
    ("rectangular", "rectangle_offered", "readout", silent("4c3-gap", (2, 6, 4))),
    ("depthwise", "depthwise_offered", "dw2", silent("4c3-dw3", MAP)),
    ("residual", "residual_offered", "conv2", silent("4c3-res(4c3)", MAP)),
    ("recurrence", "recurrence_offered", "rec1.back", silent("r5", MAP)),
    ("analog_sequence", "analog_sequence_offered", "fc1", silent("fc5", MAP, frames=8)),
    ("leaky_readout", "readout_leak_offered", "readout", silent("fc5", MAP, readout=Readout(leak_shift=2))),
    ("late_readout", "late_readout_offered", "readout", silent("fc5", MAP, readout=Readout(last=2))),
    ("step_readout", "step_readout_offered", "readout", silent("fc5", MAP, readout=Readout(labels="step"))),
]


def broken(network, device):
    return [violation for rule in CONNECTION_RULES for violation in rule(network, device)]


@pytest.mark.parametrize(("ability", "rule", "layer", "network"), KINDS, ids=[kind[1] for kind in KINDS])
def test_each_ability_is_allowed_refused_or_unknown(ability, rule, layer, network):
    able = replace(DEVICE, connectivity=Connectivity(**{ability: True}))
    assert broken(network, able) == []
    assert violations(network, replace(profile("generic_45nm"), connectivity=able.connectivity)) == []
    (refused,) = broken(network, replace(DEVICE, connectivity=Connectivity(**{ability: False})))
    (unknown,) = broken(network, DEVICE)
    assert (refused.rule, refused.layer) == (unknown.rule, unknown.layer) == (rule, layer)
    assert refused.message.endswith("generic_45nm cannot")
    assert f"is not known, so it is refused (connections.{ability} of its profile" in unknown.message


def test_strides_are_those_of_the_menu():
    offered = replace(DEVICE, connectivity=Connectivity(strided=True), limits=Limits(strides=(1, 2, 4)))
    assert broken(silent("4c3s2-fc5", MAP), offered) == []
    (found,) = broken(silent("4c3s3-fc5", MAP), offered)
    assert (found.rule, found.need, found.message) == (
        "stride_offered", 3, "conv1: stride 3: the device has 1, 2, 4",
    )  # fmt: skip


def test_what_is_no_kind_of_its_own():
    # an identity is part of its join, no depthwise layer; a sequence of 0 and 1 is spikes, one of one frame an image
    joined = replace(DEVICE, connectivity=Connectivity(residual=True))
    assert broken(silent("4c3-res(4c3)", MAP), joined) == []
    assert broken(silent("fc5", MAP, frames=3, input_max=1), DEVICE) == []
    assert broken(silent("fc5", MAP, frames=3, timesteps=1), DEVICE) == []
    # a window as large as a square map is a window like others; an input is pooled by whoever presents it
    assert broken(silent("4c3-gap", MAP), DEVICE) == []
    assert broken(silent("p2x1-4c3-fc5", MAP), DEVICE) == []
    # the last of as many timesteps are all
    assert broken(silent("fc5", MAP, readout=Readout(last=3)), DEVICE) == []


@pytest.mark.parametrize("network", [CNN, mlp([5, 4, 3], analog=True)], ids=["conv", "mlp"])
@pytest.mark.parametrize("ident", IDS)
def test_a_plain_chain_asks_for_nothing(ident, network):
    assert broken(network, replace(profile(ident), connectivity=Connectivity())) == []


def test_software_of_our_own_can_do_all():
    for ident in IDS:
        if profile(ident).family in ("mcu", "generic"):
            assert all(getattr(profile(ident).connectivity, field.name) for field in fields(Connectivity))


def test_a_file_can_state_every_ability():
    assert [field.name for field in fields(Connectivity)] == list(ConnectionsSection.model_fields)


def test_every_rule_of_the_module_is_listed():
    named = {
        name
        for name, value in vars(connection_rules).items()
        if callable(value) and value.__module__ == connection_rules.__name__ and not name.startswith("_")
    }
    assert named == {rule.__name__ for rule in CONNECTION_RULES}
