"""Knobs, levels and the one spelling of each candidate."""

import itertools

import pytest

from hwsearch.space.space import SearchSpace

SPACES = [
    SearchSpace((0.0, 0.5, 0.6, 0.8), ("weight", "nm:4", "channel"), (2, 8), (2, 4), 0),
    SearchSpace((0.1, 0.5), ("weight", "nm:4"), (2, 8), (4,), 0),  # 0.1 is 0 for nm:4, and for no other
    SearchSpace((0.1, 0.5), ("channel", "nm:4"), (8,), (4,), 2),
    SearchSpace((0.0, 0.3, 0.9), ("nm:8", "weight"), (1, 4), (4,), 3),
    SearchSpace((0.5,), ("channel",), (4,), (4,), 0),
]


def every_setting(space):
    levels = [range(own) if isinstance(own, int) else own for own in space.knobs.values()]
    return [dict(zip(space.knobs, own, strict=True)) for own in itertools.product(*levels)]


@pytest.mark.parametrize("space", SPACES)
def test_the_nth_candidates_are_all_candidates_each_once(space):
    counted = [space.candidate(space.nth(index)) for index in range(space.size)]
    assert len(set(counted)) == len(counted)
    assert set(counted) == {space.candidate(own) for own in every_setting(space)}
    for index in (-1, space.size):
        with pytest.raises(ValueError, match="the space has candidates"):
            space.nth(index)


@pytest.mark.parametrize("space", SPACES)
def test_a_setting_of_a_candidate_spells_that_candidate(space):
    for own in every_setting(space):
        candidate = space.candidate(own)
        assert space.candidate(space.setting(candidate)) == candidate
