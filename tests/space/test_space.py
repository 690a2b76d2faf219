"""Knobs, levels and the one spelling of each candidate."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.space.candidate import Candidate, canonical
from hwsearch.space.space import NetworkChoice, SearchSpace
from hwsearch.study.sections import KNOBS

TWO = (NetworkChoice(0, "4c3-fc4"), NetworkChoice(1, "fc4", has_planes=False))
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
    SearchSpace((0.0, 0.5), ("kernel", "weight"), (8,), (4,), 0, networks=TWO, state_bits=(8, None)),
    SearchSpace((0.5, 0.9), ("kernel", "weight", "channel"), (2, 8), (4,), 2, networks=TWO),
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


def test_networks_are_counted_each_with_the_granularities_that_prune_something_of_it():
    space = SearchSpace((0.0, 0.5), ("kernel", "weight"), (8,), (4,), 0, networks=TWO, state_bits=(8, None))
    # the unpruned, kernel 0.5 and weight 0.5 of the first network; of the second, which has no planes, no kernel
    assert space.size == (3 + 2) * 2
    assert space.at(1).granularity == ("weight",)
    assert {space.at(1).candidate(space.at(1).nth(i)).network for i in range(4)} == {1}
    setting = {"granularity": "kernel", "sparsity": 1, "weight_bits": 0, "timesteps": 0, "state_bits": 1}
    of_second = space.candidate(setting | {"network": "fc4"})
    assert of_second == Candidate((0.5,), "weight", (8,), 4, network=1)
    assert space.candidate(setting | {"network": "4c3-fc4"}) == Candidate((0.5,), "kernel", (8,), 4)


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
    wanted |= {"network": TWO[0].name, "state_bits": 0}
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


def test_draws_are_those_of_a_plain_choice_among_the_knobs():
    space = SearchSpace((0.0, 0.5, 0.9), ("weight", "nm:4", "channel"), (2, 4), (2, 4), per_layer=2)
    ours, plain = np.random.default_rng(3), np.random.default_rng(3)
    for _ in range(50):
        drawn = space.draw(ours)
        assert drawn == {
            name: int(plain.integers(choices)) if isinstance(choices, int) else str(plain.choice(choices))
            for name, choices in space.knobs.items()
        }
        beside = dict(drawn)
        for name in plain.choice(list(space.knobs), int(plain.integers(1, 3)), replace=False):
            choices = space.knobs[str(name)]
            if isinstance(choices, int):
                level = int(drawn[str(name)]) + int(plain.choice([-2, -1, 1, 2]))
                beside[str(name)] = min(max(level, 0), choices - 1)
            else:
                beside[str(name)] = str(plain.choice(choices))
        assert space.neighbour(drawn, ours) == beside
