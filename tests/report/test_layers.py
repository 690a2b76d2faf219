"""Candidates sorted into layers, for any pair of objectives; and how one is spelt."""

import pandas as pd
import pytest
from builders.runs import synthetic_run

from hwsearch.report.layers import Panel, Point, panels, sparsity, whole
from hwsearch.report.tables import read_run


def test_panels_draw_each_kind_where_it_has_numbers(run_dir):
    first, _, costs = panels(read_run(run_dir))
    drawn = {kind: len(points) for kind, points in first.points.items()}
    assert drawn == {"over": 22, "dominated": 20, "foretold": 0, "front": 12, "dense": 1, "pick": 1}
    assert all(point.y is None for point in first.points["over"])
    assert all(point.y is not None for point in costs.points["over"])
    assert costs.budgets == {"memory_bytes": 12288.0}
    steps = first.steps()
    assert steps == sorted(steps)
    assert [y for _, y in steps] == sorted((y for _, y in steps), reverse=True)


def test_hover_tells_the_candidate(run_dir):
    point = panels(read_run(run_dir))[0].points["front"][0]
    for word in (
        "trial",
        "removed by",
        "bits",
        "T\N{NO-BREAK SPACE}=",
        "validation",
        "test",
        "memory",
        "energy",
        "latency",
    ):
        assert word in point.text


def test_a_layered_candidate_is_readable(tmp_path):
    folder = synthetic_run(tmp_path)
    front = pd.read_csv(folder / "front.csv", dtype=str)
    front.loc[0, ["sparsity", "weight_bits"]] = ["0.5/0.9/0.5", "8/2/8"]
    front.to_csv(folder / "front.csv", index=False)
    text = panels(read_run(folder))[0].points["front"][0].text
    assert "50/90/50 % removed" in text
    assert "8/2/8 bits" in text


def test_a_trained_candidate_over_a_budget_stands_at_its_measured_values(tmp_path):
    folder = synthetic_run(tmp_path)
    trials = pd.read_csv(folder / "trials.csv")
    row = trials.index[(trials["outcome"] == "trained") & ~trials["on_front"]][0]
    trials.loc[row, "feasible"] = False
    trials.to_csv(folder / "trials.csv", index=False)
    points = panels(read_run(folder))[1].points
    assert len(points["dominated"]) == 19
    known = [p for p in points["over"] if p.y is not None]
    assert [(p.x, p.y) for p in known] == [(trials["memory_bytes"][row], 1 - trials["accuracy_val"][row])]


def test_unknown_costs_are_left_out_and_counted(tmp_path):
    folder = synthetic_run(tmp_path)
    trials = pd.read_csv(folder / "trials.csv")
    trials.loc[trials["outcome"] == "over_budget", "energy_j_predicted"] = None
    trials.to_csv(folder / "trials.csv", index=False)
    assert [panel.left_out for panel in panels(read_run(folder))] == [22, 0, 22]


def test_the_step_line_joins_what_none_beats_in_the_pair():
    front = tuple(Point(x, y, "") for x, y in [(3.0, 0.1), (1.0, 0.5), (2.0, 0.6), (2.5, 0.1), (4.0, None)])
    # (2, 0.6) is beaten by (1, 0.5), and (3, 0.1) by (2.5, 0.1)
    assert Panel("a", "error", {"front": front}).steps() == [(1.0, 0.5), (2.5, 0.1)]


def test_budgets_are_on_their_axis():
    panel = Panel("a", "error", {"front": (Point(1.0, 0.5, ""), Point(2.0, None, ""))}, {"a": 9.0})
    assert panel.values("x") == [1.0, 2.0, 9.0]
    assert panel.values("y") == [0.5]


@pytest.mark.parametrize(
    ("value", "percents", "number"),
    [
        (0.9, "90 %", "0.9"),
        ("0.5/0.875", "50/87.5 %", "0.5/0.875"),
        (8.0, "800 %", "8"),
        ("none", "none", "none"),
    ],
)
def test_knobs_are_spelt_for_people(value, percents, number):
    assert sparsity(value) == percents
    assert whole(value) == number
