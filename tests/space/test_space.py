"""Knobs, levels and the one spelling of each candidate."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from builders.devices import profile
from builders.graphs import spec
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.space.candidate import Candidate, canonical
from hwsearch.space.space import SearchSpace, search_space
from hwsearch.study.sections import KNOBS, Space

SPACES = [
    SearchSpace((0.0, 0.5, 0.6, 0.8), ("weight", "nm:4", "channel"), (2, 8), (2, 4), 0),
    SearchSpace((0.1, 0.5), ("weight", "nm:4"), (2, 8), (4,), 0),  # 0.1 is 0 for nm:4, and for no other
    SearchSpace((0.1, 0.5), ("channel", "nm:4"), (8,), (4,), 2),
    SearchSpace((0.0, 0.3, 0.9), ("nm:8", "weight"), (1, 4), (4,), 3),
    SearchSpace((0.5,), ("channel",), (4,), (4,), 0),
    SearchSpace((0.0, 0.5), ("weight", "channel"), (2, 8), (4,), 2, apart=("sparsity",)),
    SearchSpace((0.0, 0.5), ("weight", "channel"), (2, 8), (4,), 3, apart=("weight_bits",)),
    SearchSpace((0.0, 0.5, 0.6), ("weight", "nm:4"), (8,), (2, 4), 2, apart=("sparsity", "granularity")),
    SearchSpace(
        (0.1, 0.5), ("nm:4", "channel", "kernel"), (2, 8), (4,), 2, apart=KNOBS,
        granularity_of=(("nm:4", "channel", "kernel"), ("nm:4",)),
    ),
]  # fmt: skip


def every_setting(space):
    levels = [range(choices) if isinstance(choices, int) else choices for choices in space.knobs.values()]
    return [dict(zip(space.knobs, choice, strict=True)) for choice in itertools.product(*levels)]


@pytest.mark.parametrize("space", SPACES)
def test_the_nth_candidates_are_all_candidates_each_once(space):
    counted = [space.candidate(space.nth(index)) for index in range(space.size)]
    assert len(set(counted)) == len(counted)
    assert set(counted) == {space.candidate(setting) for setting in every_setting(space)}
    for index in (-1, space.size):
        with pytest.raises(ValueError, match="the space has candidates"):
            space.nth(index)


@pytest.mark.parametrize("space", SPACES)
def test_a_setting_of_a_candidate_spells_that_candidate(space):
    for setting in every_setting(space):
        candidate = space.candidate(setting)
        assert space.candidate(space.setting(candidate)) == candidate


def levels(values, least=1):
    return st.lists(st.sampled_from(values), min_size=least, max_size=3, unique=True).map(sorted).map(tuple)


SOME_SPACE = st.builds(
    SearchSpace,
    sparsity=levels([0.0, 0.1, 0.3, 0.5, 0.6, 0.75, 0.9]),
    granularity=levels(["weight", "nm:4", "nm:8", "block:4", "channel"]),
    weight_bits=levels([1, 2, 4, 8]),
    timesteps=levels([1, 2, 4]),
    per_layer=st.sampled_from([0, 2, 3]),
    apart=st.sampled_from([KNOBS[:2], KNOBS[:1], KNOBS[1:2], KNOBS, ("sparsity", "granularity")]),
)


@given(SOME_SPACE, st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_what_is_drawn_and_what_lies_beside_it_has_a_setting_of_its_own(space, seed):
    rng = np.random.default_rng(seed)
    setting = space.draw(rng)
    for drawn in (setting, space.neighbour(setting, rng)):
        assert list(drawn) == list(space.knobs)
        candidate = space.candidate(drawn)
        assert canonical(candidate) == candidate
        assert space.candidate(space.setting(candidate)) == candidate


@given(SOME_SPACE, st.floats(0, 1, exclude_max=True))
@settings(max_examples=60, deadline=None)
def test_every_index_has_a_candidate_and_knobs_of_the_space(space, share):
    setting = space.nth(int(share * space.size))
    for name, choices in space.knobs.items():
        assert setting[name] in (range(choices) if isinstance(choices, int) else choices)


def test_the_size_by_hand():
    # masks: unpruned, 3 of weight, 2 of nm:4 (0.5 and 0.6 are both 0.5), 3 of channel; 2 bits, 2 timesteps
    assert SPACES[0].size == (1 + 3 + 2 + 3) * 2 * 2
    # a sparsity a layer, bits for all: unpruned, and of each granularity 2 * 2 - 1
    assert SPACES[5].size == (1 + 3 + 3) * 2
    # bits a layer, a sparsity for all
    assert SPACES[6].size == (1 + 1 + 1) * 2**3
    # of each layer: unpruned, weight at 0.5 and 0.6, nm:4 at 0.5
    assert SPACES[7].size == (1 + 2 + 1) ** 2 * 2
    # the first layer: nm:4 at 0 and 0.5, channel and kernel at 0.1 and 0.5; the second: nm:4
    assert SPACES[8].size == (2 + 2 + 2) * 2 * 2**2


def test_a_candidate_of_another_space_gets_the_nearest_setting():
    other = Candidate((0.7,), "weight", (2,), 4)
    assert SPACES[0].candidate(SPACES[0].setting(other)) == Candidate((0.6,), "weight", (2,), 4)
    # its granularity is not searched here: any whose sparsity comes nearest
    foreign = Candidate((0.75,), "block:4", (8,), 2)
    assert SPACES[0].candidate(SPACES[0].setting(foreign)).granularity == "nm:4"


def test_what_has_one_granularity_for_all_is_the_same_candidate_in_either_space():
    shared = SearchSpace((0.0, 0.5), ("weight", "channel"), (8,), (4,), 2)
    apart = replace(shared, apart=KNOBS)
    both = {shared.candidate(shared.nth(i)) for i in range(shared.size)}
    assert both < {apart.candidate(apart.nth(i)) for i in range(apart.size)}
    for candidate in both:
        assert apart.candidate(apart.setting(candidate)) == candidate
    mixed = apart.candidate({**apart.nth(0), "granularity_1": "channel", "sparsity_1": 1, "sparsity_2": 1})
    assert mixed.granularity == ("channel", "weight")
    # where layers may not differ, the nearest has these sparsities at one granularity
    assert shared.candidate(shared.setting(mixed)).sparsity == (0.5, 0.5)


@pytest.mark.parametrize("space", SPACES)
def test_one_choice_for_all_layers_is_a_candidate_of_the_space(space):
    level, granularity = len(space.sparsity) - 1, space.granularity[0]
    candidate = space.uniform(space.sparsity[level], granularity, space.weight_bits[0], space.timesteps[0])
    wanted = {"sparsity": level, "granularity": granularity, "weight_bits": 0, "timesteps": 0}
    everywhere = {name: wanted[name.rstrip("_0123456789")] for name in space.knobs}
    assert space.candidate(everywhere) == candidate


def test_a_neighbour_moves_one_knob_or_two_and_no_level_by_more_than_two():
    space, rng = SPACES[3], np.random.default_rng(0)
    wide = replace(space, sparsity=tuple(i / 10 for i in range(10)))
    for _ in range(100):
        setting = wide.draw(rng)
        moved = wide.neighbour(setting, rng)
        changed = [name for name in setting if moved[name] != setting[name]]
        assert len(changed) <= 2
        for name in changed:
            assert name == "granularity" or abs(moved[name] - setting[name]) <= 2


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
