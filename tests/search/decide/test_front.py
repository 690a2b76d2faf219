"""The front by hand."""

from dataclasses import replace

import numpy as np
import pytest

from hwsearch.plan.plan import make_plan
from hwsearch.records.trials import TrialRecord
from hwsearch.search.decide.front import Box, front_records, hypervolume, non_dominated, worst_of
from hwsearch.search.decide.hypervolume_gain import _Cells
from hwsearch.space.candidate import Candidate
from hwsearch.study.model import load_study


def test_front_by_hand():
    # (1,4) (2,2) (4,1) are the front; (3,3) is dominated by (2,2), (2,3) too
    values = np.array([[1, 4], [2, 2], [4, 1], [3, 3], [2, 3]], float)
    assert non_dominated(values).tolist() == [True, True, True, False, False]


def test_equal_points_do_not_dominate_each_other():
    values = np.array([[1, 2], [1, 2], [2, 1], [2, 2]], float)
    assert non_dominated(values).tolist() == [True, True, True, False]


def test_a_single_point_and_none():
    assert non_dominated(np.array([[5.0, 5.0]])).tolist() == [True]
    assert non_dominated(np.empty((0, 2))).tolist() == []


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_refuses_what_is_not_finite(bad):
    with pytest.raises(ValueError, match=r"finite values only; rows \[1\]"):
        non_dominated(np.array([[1.0, 2.0], [bad, 0.0]]))
    with pytest.raises(ValueError, match="finite"):
        hypervolume(Box(0.2, np.array([3.0])), np.array([0.1]), np.array([[bad]]))


def test_hypervolume_by_hand():
    # error up to 0.2, cost from e to e^3: 0.05 at e^2 covers 3/4 * 1/2 = 0.375; 0.15 at e covers 1/4 * 1 = 0.25;
    # both 0.375 + 0.25 - 1/4 * 1/2 = 0.5
    box, covers = (
        Box(0.2, np.array([3.0]), 2.0),
        lambda *rows: hypervolume(box, *np.split(np.array(rows), [1], 1)),
    )
    assert covers((0.05, 2.0)) == pytest.approx(0.375)
    assert covers((0.05, 2.0), (0.15, 1.0)) == pytest.approx(0.5)
    assert covers((0.2, 1.0)) == covers((0.1, 3.0)) == 0.0
    assert covers((0.15, -5.0)) == covers((0.15, 1.0))  # below its least a cost saves nothing more
    assert covers((0.0, 1.0)) == 1.0
    assert hypervolume(box, np.empty(0), np.empty((0, 1))) == 0.0


def test_gain_is_what_hypervolume_grows_by():
    rng = np.random.default_rng(0)
    box = Box(0.15, np.log([4000.0, 20.0]))
    errors, costs = rng.uniform(0, 0.2, 9), np.log(rng.uniform([0.1, 1], [5000, 25], (9, 2)))
    cells, grown = _Cells(box, costs, 1), 0.0
    for index in range(9):
        grown += cells.add(errors[None, index], index)
        assert grown / box.volume == pytest.approx(hypervolume(box, errors[: index + 1], costs[: index + 1]))


def record(trial, accuracy, cost, outcome="trained", feasible=True):
    costs, candidate = {"memory_bytes": cost, "energy_j": float(cost)}, Candidate((0.5,), "weight", (4,), 3)
    return TrialRecord(trial, candidate, outcome, "", costs, costs, accuracy_val=accuracy, feasible=feasible)


def test_what_is_of_no_use_is_on_no_front_unless_nothing_else_is_there(tiny):
    plan = make_plan(load_study(tiny), tiny)  # search.worth: 0.15
    records = [record(0, 0.95, 300), record(1, 0.84, 200), record(2, 0.82, 100), record(3, 0.3, 10)]
    assert [r.trial for r in front_records(plan, records, dense_error=0.02)] == [0, 1]
    assert [r.trial for r in front_records(plan, records[2:], dense_error=0.02)] == [2, 3]
    assert front_records(plan, [], dense_error=0.02) == []


@pytest.mark.parametrize("pick", [{"within": 0.3}, {"min_accuracy": 0.5, "within": None}])
# the last: all but what is no better than the largest class, 10 of the 100 validation samples
@pytest.mark.parametrize(("worth", "worst"), [(0.15, 0.17), (0.3, 0.32), (1.0, 1 - 10 / 100)])
def test_of_use_is_what_the_search_says_and_a_pick_that_takes_more_is_told_so(tiny, pick, worth, worst):
    plan = make_plan(load_study(tiny), tiny)
    search = plan.study.search.model_copy(update={"worth": worth})
    own = plan.study.pick.model_copy(update=pick)
    plan = replace(plan, study=plan.study.model_copy(update={"search": search, "pick": own}))
    assert worst_of(plan, dense_error=0.02) == pytest.approx(worst)
    taken = pick["within"] or 1 - pick["min_accuracy"]
    assert any("search.worth" in note for note in plan.notes) == (taken > worth)


def test_by_another_score_a_front_and_what_is_of_use_go_by_it(tiny):
    plan = make_plan(load_study(tiny), tiny)
    plan = replace(plan, study=plan.study.model_copy(update={"score": "balanced_accuracy"}))
    # the second is more accurate, and by the score both costlier and worse than the first
    scored = [replace(record(0, 0.90, 200), score_val=0.94), replace(record(1, 0.96, 300), score_val=0.90)]
    assert [r.trial for r in front_records(plan, scored, dense_error=0.02)] == [0]
    assert scored[0].objectives(("error", "memory_bytes")) == (pytest.approx(0.06), 200)
    labels = np.repeat(np.arange(10), [910, *[10] * 9])
    uneven = replace(plan, data=replace(plan.data, y_val=labels))
    assert uneven.constant_score == pytest.approx(0.1)  # the mean of a recall of 1 and nine of 0
    assert worst_of(uneven, dense_error=0.8) == pytest.approx(0.9)
