"""Anytime hypervolume, by hand and as a law."""

import math
from dataclasses import replace

import numpy as np
import pytest

from hwsearch.records.trial_table import TrialRow
from hwsearch.report.front.course import course_of
from hwsearch.search.decide.front import SPAN, Box, hypervolume


def trial(number, accuracy, memory, outcome="trained", steps=100, **more):
    return TrialRow(
        trial=number, outcome=outcome, sparsity=0.5, granularity="weight", weight_bits=4, timesteps=4,
        accuracy_val=accuracy, memory_bytes=memory, train_steps=steps, **{"feasible": True} | more,
    )  # fmt: skip


def of(played, rows, point=None):
    summary = played.summary.model_copy(
        update={"reference_point": point or {"error": 0.2, "memory_bytes": 1000.0}}
    )
    cost = summary.cost.model_copy(update={"dense_train_steps": 200})
    return course_of(replace(played, trials=tuple(rows), summary=summary.model_copy(update={"cost": cost})))


def test_growth_by_hand(played):
    rows = [
        trial(0, 0.5, 500), trial(1, 0.9, 500), trial(2, 0.89, 600), trial(3, None, 5, "foreseen", 0),
        trial(4, 0.99, 1, feasible=False), trial(5, 0.99, 1, skilled=False), trial(6, 0.95, 250),
    ]  # fmt: skip
    found = of(played, rows)
    # error 0.1 of 0.2 at half the memory: the share (0.2 - 0.1) / 0.2 x log(2) / log(10,000)
    first = 0.5 * math.log(2) / SPAN
    # 0.05 at a quarter: it dominates the first
    last = 0.75 * math.log(4) / SPAN
    assert found.values == pytest.approx((0.0, first, last, last))
    assert found.steps == pytest.approx((0.0, 1.0, 3.0, 3.0))  # 100, 200, ... of a dense training's 200
    assert found.path.startswith("M46.0,186.0H")
    assert found.words.startswith("After 3 dense trainings")


def test_it_ends_at_the_hypervolume_of_all_that_was_trained(played):
    found = course_of(played)
    rows = [row for row in played.trials if row.outcome == "trained"]
    box = Box(0.9, np.log([1.1e-6, 18842]))
    errors = np.array([1 - row.accuracy_val for row in rows])
    costs = np.log([[row.energy_j, row.memory_bytes] for row in rows])
    assert found.values[-1] == pytest.approx(hypervolume(box, errors, costs))
    assert list(found.values) == sorted(found.values)
    assert list(found.steps) == sorted(found.steps)
    assert found.steps[-1] == sum(row.train_steps for row in played.trials) / 4e5


@pytest.mark.parametrize("point", [{"error": None, "memory_bytes": 1.0}, {"error": 0.2, "memory_bytes": 0.0}])
def test_without_a_box_there_is_no_line(played, point):
    assert of(played, [trial(0, 0.9, 500)], point) is None


def test_what_nothing_useful_came_of_has_no_line(played):
    assert of(played, [trial(0, 0.1, 500)]) is None
    assert of(played, []) is None


def test_marks_of_the_axes_are_round(played):
    found = of(played, [trial(i, 0.9 + i / 1000, 500 - i, steps=70) for i in range(60)])
    assert [text for _, text in found.x_marks] == ["0", "5", "10", "15", "20"]  # up to 21 dense trainings
    places = [place for place, _ in found.x_marks]
    assert places == sorted(places)
    assert all(0 <= place <= found.width for place in places)
