"""Which member of a front is handed over, by hand."""

import numpy as np
import pandas as pd
import pytest

from hwsearch.errors import InputError
from hwsearch.search.decide.pick import chances_of, pick_row, picked_rows

FRONT = pd.DataFrame(
    {
        "trial": [0, 1, 2, 3],
        "accuracy_val": [0.97, 0.96, 0.95, 0.90],
        "memory_bytes": [4000, 2000, 2000, 500],
        "energy_j": [4e-6, 1e-6, 2e-6, 3e-6],
    }
)


@pytest.mark.parametrize(
    ("rule", "within", "trial"),
    [
        ("smallest", 0.02, 1),  # of two of one size the more accurate
        ("smallest", 0.07, 3),
        ("frugal", 0.07, 1),
        ("accurate", 0.07, 0),
    ],
)
def test_the_rule_picks_among_those_that_are_accurate_enough(rule, within, trial):
    assert pick_row(FRONT, rule, 0.97, within)["trial"] == trial


@pytest.mark.parametrize("rule", ["smallest", "frugal", "accurate"])
def test_at_many_floors_it_is_what_is_picked_at_each(rule):
    told = FRONT.assign(
        energy_j=[4e-6, np.nan, 2e-6, np.nan],
        evidence=["trained once of 2", "foretold", *["trained 2 times"] * 2],
    )
    told.index = [7, 5, 9, 2]
    floors = [0.8, 0.93, 0.955, 0.965, 0.98]
    rows = [None if row is None else row["trial"] for row in picked_rows(told, rule, floors, None)]
    alone = [pick_row(told, rule, 0.0, min_score=floor) for floor in floors]
    assert [None if row is None else row["trial"] for row in alone] == rows
    assert rows == {
        "smallest": [3, 2, 0, 0, None], "frugal": [2, 2, 0, 0, None], "accurate": [0, 0, 0, 0, None]
    }[rule]  # fmt: skip


def test_a_needed_accuracy_stands_in_place_of_a_loss():
    assert pick_row(FRONT, "smallest", 0.0, min_score=0.9)["trial"] == 3
    assert pick_row(FRONT, "smallest", 0.0, min_score=0.98) is None


def test_where_the_score_is_another_it_decides():
    # the most accurate finds the rare class least
    scored = FRONT.assign(score_val=[0.70, 0.92, 0.90, 0.60])
    assert pick_row(scored, "accurate", 0.93, 0.3)["trial"] == 1
    assert pick_row(scored, "smallest", 0.93, 0.04)["trial"] == 1
    assert pick_row(scored, "smallest", 0.93, min_score=0.95) is None


def test_a_hair_of_rounding_does_not_decide():
    assert pick_row(FRONT, "smallest", 0.97, 0.97 - 0.95 - 1e-12)["trial"] == 1


def test_where_energy_is_unknown_frugal_is_small():
    unknown = FRONT.assign(energy_j=None)
    assert pick_row(unknown, "frugal", 0.97, 0.07)["trial"] == 3


@pytest.mark.parametrize(
    ("rule", "within", "least", "law"),
    [
        ("tiny", 0.1, None, "smallest, frugal or accurate"),
        ("smallest", None, None, "exactly one"),
        ("smallest", 0.1, 0.9, "exactly one"),
    ],
)
def test_what_is_refused(rule, within, least, law):
    with pytest.raises(InputError, match=law):
        pick_row(FRONT, rule, 0.97, within, least)


def test_what_is_foretold_is_not_picked():
    told = FRONT.assign(evidence=["trained 5 times", "trained once of 5", "trained once of 5", "foretold"])
    assert pick_row(told, "smallest", 0.97, 0.07)["trial"] == 1
    assert pick_row(told[3:], "smallest", 0.97, 0.07) is None


BELIEVED = FRONT.assign(believed=[0.965, 0.958, np.nan, 0.90], believed_sd=[0.004, 0.006, np.nan, 0.01])


def test_one_that_must_be_sure_is_picked_by_what_is_known_and_not_by_its_mean():
    assert pick_row(BELIEVED, "smallest", 0.97, 0.02)["trial"] == 1
    assert pick_row(BELIEVED, "smallest", 0.97, 0.02, chance=0.2)["trial"] == 1
    assert pick_row(BELIEVED, "smallest", 0.97, 0.02, chance=0.1)["trial"] == 0
    assert pick_row(BELIEVED, "smallest", 0.97, 0.01, chance=0.05) is None
    assert pick_row(BELIEVED, "smallest", 0.0, min_score=0.85, chance=0.05)["trial"] == 3
    chances = chances_of(BELIEVED, 0.95)
    assert chances.tolist() == pytest.approx([0.0006, 0.107, 1.0, 1.0], abs=0.001)


@pytest.mark.parametrize("front", [FRONT, BELIEVED.assign(believed=np.nan)])
def test_of_a_run_that_does_not_say_what_it_knows_no_chance_is_asked(front):
    with pytest.raises(InputError, match="run the study anew"):
        pick_row(front, "smallest", 0.97, 0.02, chance=0.2)
