"""A drawn part of the bad inputs: `bad_inputs` tries as many as it is asked for."""

import random

import pytest
from faults.bad_inputs import Tally, by_hand, drawn, tried


def broken(cases):
    tally = Tally()
    for case in cases:
        tally.add(case, *tried(case))
    return tally


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_a_drawn_part_of_what_is_bad_is_refused_in_words(seed):
    draw = random.Random(seed)
    tally = broken(draw.sample(by_hand(draw, 1), 60))
    assert tally.wrong == []
    assert tally.refused > 30


@pytest.mark.slow
def test_what_the_schemas_do_not_allow_is_refused_and_what_they_allow_works():
    cases = []
    drawn(15, 3, cases.append)
    tally = broken(cases)
    assert tally.wrong == []
    assert tally.refused > 5
