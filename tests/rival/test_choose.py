"""Fronts and picks of measured networks."""

import pandas as pd
import pytest
from builders.rivals import rival_row

from hwsearch.records.front import FrontRow
from hwsearch.rival.choose import accurate_enough, front_of, picked
from hwsearch.search.decide.pick import pick_row

ROWS = [
    rival_row(0, accuracy_val=0.90, memory_bytes=500, energy_j=2e-7),
    rival_row(1, accuracy_val=0.95, memory_bytes=900, energy_j=1e-7),
    rival_row(2, accuracy_val=0.96, memory_bytes=800, energy_j=3e-7),
    rival_row(3, accuracy_val=0.95, memory_bytes=950, energy_j=1e-7),
]


def test_a_front_has_what_no_other_dominates_the_smallest_first():
    assert [row.place for row in front_of(ROWS, ["energy_j", "memory_bytes"])] == [0, 2, 1]
    assert [row.place for row in front_of(ROWS, ["memory_bytes"])] == [0, 2]
    untold = [row.model_copy(update={"energy_j": None}) for row in ROWS]
    assert [row.place for row in front_of(untold, ["energy_j"])] == [0, 2]


@pytest.mark.parametrize("rule", ["smallest", "frugal", "accurate"])
@pytest.mark.parametrize("energy", [True, False])
def test_a_pick_is_that_of_the_study_s_rule(rule, energy):
    rows = ROWS if energy else [row.model_copy(update={"energy_j": None}) for row in ROWS]
    table = pd.DataFrame([{**row.columns(), "trial": row.place} for row in rows])
    assert picked(rows, rule, 0.94).place == pick_row(table, rule, 0.0, min_score=0.94)["trial"]
    assert picked(rows, rule, 0.97) is None
    assert pick_row(table, rule, 0.0, min_score=0.97) is None


def test_a_score_at_the_floor_is_enough():
    assert [row.place for row in accurate_enough(ROWS, 0.95)] == [1, 2, 3]


def test_what_is_foretold_stands_for_no_network():
    knobs = {"sparsity": 0.5, "granularity": "weight", "weight_bits": 4, "timesteps": 3, "accuracy_val": 0.96}
    rows = [
        FrontRow(trial=0, evidence="foretold", **knobs),
        FrontRow(trial=1, evidence="trained once of 5", **knobs),
    ]
    assert [row.trial for row in accurate_enough(rows, 0.95)] == [1]


def test_what_tells_how_sure_it_is_is_asked_that_and_everything_else_its_mean():
    knobs = {"sparsity": 0.5, "granularity": "weight", "weight_bits": 4, "timesteps": 2}
    lucky = FrontRow(trial=1, accuracy_val=0.97, memory_bytes=10, believed=0.951, believed_sd=0.01, **knobs)
    sure = FrontRow(trial=2, accuracy_val=0.97, memory_bytes=20, believed=0.966, believed_sd=0.005, **knobs)
    bare = FrontRow(trial=3, accuracy_val=0.95, memory_bytes=15, **knobs)
    assert accurate_enough([lucky, sure, bare], 0.95) == [lucky, sure, bare]
    assert accurate_enough([lucky, sure, bare], 0.95, 0.1) == [sure, bare]
    assert picked([lucky, sure], "smallest", 0.95) is lucky
    assert picked([lucky, sure], "smallest", 0.95, 0.1) is sure
    assert picked([lucky, sure], "smallest", 0.95, 0.5) is lucky
