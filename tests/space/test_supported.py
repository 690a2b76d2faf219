"""What of a study's space a device and its networks have."""

from dataclasses import replace

from builders.devices import profile
from builders.graphs import spec

from hwsearch.space.space import NetworkChoice
from hwsearch.space.supported import search_space
from hwsearch.study.sections import Space


def test_what_the_device_or_the_network_has_not_is_dropped_with_a_note():
    asked = Space(
        sparsity=(0.5, 0.0),
        granularity=("weight", "kernel", "channel"),
        weight_bits=(16, 4),
        timesteps=(4, 2),
    )
    device = replace(profile("nrf51822_microbit"), granularities=("kernel", "channel"), weight_bits=(4, 8))
    space = search_space(asked, device, has_conv=False, layers=spec("fc4-fc4").connections)
    assert (space.sparsity, space.timesteps, space.per_layer) == ((0.0, 0.5), (2, 4), 0)
    assert (space.granularity, space.weight_bits) == (("channel",), (4,))
    assert space.notes == (
        "granularity kernel is not searched: the network has no conv layer",
        "granularity weight is not searched: nrf51822_microbit does not support it",
        "weight_bits 16 is not searched: nrf51822_microbit does not store it",
    )


def test_a_layer_has_knobs_of_its_own_where_the_study_says_so():
    asked = Space(sparsity=(0.5,), granularity=("weight",), weight_bits=(4,), timesteps=(2,), per_layer=True)
    space = search_space(asked, profile("nrf51822_microbit"), has_conv=False, layers=spec("fc4").connections)
    assert list(space.knobs) == [
        "granularity", "sparsity_1", "weight_bits_1", "sparsity_2", "weight_bits_2", "timesteps",
    ]  # fmt: skip
    assert space.notes == ()


def test_each_layer_has_the_granularities_that_prune_something_of_it():
    network = spec("4c3-fc4-res(fc4)")
    layers = [network.connections[i] for i in network.prunable]
    asked = Space(
        sparsity=(0.5,), granularity=("kernel", "channel"), weight_bits=(4, 5), timesteps=(2,),
        per_layer=("granularity", "sparsity"),
    )  # fmt: skip
    device = replace(profile("nrf51822_microbit"), granularities=("kernel", "channel"), weight_bits=(5,))
    space = search_space(asked, device, has_conv=True, layers=layers)
    assert {name: choices for name, choices in space.knobs.items() if name.startswith("granularity")} == {
        "granularity_1": ("kernel", "channel"),
        "granularity_2": ("channel",),
        "granularity_3": ("channel",),
        # nothing of a readout goes by either: what is asked of it makes no difference
        "granularity_4": ("kernel", "channel"),
    }
    assert list(space.knobs)[:3] == ["weight_bits", "granularity_1", "sparsity_1"]
    assert space.knobs["weight_bits"] == 1


def of_widths(state_bits, device="nrf51822_microbit"):
    asked = Space(
        sparsity=(0.5,), granularity=("weight",), weight_bits=(4,), timesteps=(2,), state_bits=state_bits
    )
    return search_space(asked, profile(device), has_conv=False)


def test_membranes_have_the_widths_that_the_study_asks_for_and_the_device_has():
    assert of_widths(None).state_bits == (None,)
    space = of_widths((32, 8, 16, 12))
    assert space.state_bits == (
        8,
        None,
        32,
    )  # 16 is the device's own: a candidate of it is one that never chose
    assert space.knobs["state_bits"] == 3
    assert space.notes == ("state_bits 12 is not searched: nrf51822_microbit has no membranes of that width",)


def test_a_device_that_leaves_no_choice_of_membranes_has_no_such_knob():
    space = of_widths((8, 16), "ecp5_85f")
    assert space.state_bits == (None,)
    assert "state_bits" not in space.knobs
    assert space.notes[-1:] == ("state_bits 8 is not searched: ecp5_85f has no membranes of that width",)
    assert of_widths((8,), "ecp5_85f").state_bits == ()


def test_which_network_is_a_knob_where_there_are_several():
    asked = Space(sparsity=(0.5,), granularity=("weight",), weight_bits=(4,), timesteps=(2,))
    networks = (NetworkChoice(0, "fc4"), NetworkChoice(1, "fc8"))
    space = search_space(asked, profile("nrf51822_microbit"), has_conv=False, networks=networks)
    assert list(space.knobs.items())[-1] == ("network", ("fc4", "fc8"))
