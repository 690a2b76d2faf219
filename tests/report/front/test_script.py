"""The page's script: its functions by hand in node, and the whole page by mouse and keyboard in a browser."""

import json
import re
from pathlib import Path

import pytest
from builders.browser import in_browser
from builders.javascript import in_node
from builders.runs import playable_run, synthetic_run, with_trials

from hwsearch.errors import NothingFits
from hwsearch.records.front import read_front_frame
from hwsearch.report.front.section import front_section
from hwsearch.report.layers import panels
from hwsearch.report.page import write_report
from hwsearch.report.tables import read_run
from hwsearch.results.picked import Tolerance, picked_of
from hwsearch.study.model import load_study


@pytest.fixture(scope="module")
def page(played):
    return write_report(played).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def data(played):
    return json.loads(front_section(played).json)


def answer(played, folder, within):
    """Return the trial that `hwsearch pick --within` answers; None: nothing is accurate enough."""
    front, study = read_front_frame(folder / "front.csv", 12), load_study(folder / "study.yaml")
    try:
        row = picked_of(front, study, None, Tolerance(within, None), lambda: played.summary.dense.score)
    except NothingFits:
        return None
    return int(row["trial"])


def test_ticks_are_round_and_inside():
    asked = [
        [9, 120, True],
        [0.009, 1.1, True],
        [0, 1, False],
        [11.8, 12.4, False],
        [1e-3, 1e6, True],
        [90, 110, True],
    ]
    found = in_node("values[0].map(([low, high, log]) => front.ticks({low, high, log}, 8))", asked)
    assert found[0] == [10, 20, 30, 50, 70, 100]
    assert found[2] == [0, 0.2, 0.4, 0.6, 0.8, 1]
    assert found[3] == [11.8, 11.9, 12, 12.1, 12.2, 12.3, 12.4]
    for (low, high, _), marks in zip(asked, found, strict=True):
        assert 3 <= len(marks) <= 9
        assert marks == sorted(set(marks))
        assert low <= marks[0] <= marks[-1] <= high * (1 + 1e-9)


def test_ends_of_an_axis_by_hand():
    linear, log, one, none = in_node("values.map(front.domain)", [4, 8], [1, 100], [5], [])
    assert (linear["low"], linear["high"], linear["log"]) == (pytest.approx(3.68), pytest.approx(8.32), False)
    assert log["log"]
    assert log["low"] * log["high"] == pytest.approx(100)
    assert one["low"] < 5 < one["high"]
    assert none == {"low": 0, "high": 1, "log": False}


def test_a_pointer_finds_the_nearest_mark_within_reach():
    marks = [{"index": 0, "x": 10, "y": 10, "radius": 4}, {"index": 1, "x": 40, "y": 10, "radius": 4}]
    asked = [[12, 12], [30, 10], [200, 200]]
    found = in_node("values[1].map(([x, y]) => front.nearest(values[0], x, y)?.index ?? null)", marks, asked)
    assert found == [0, 1, None]


def test_arrows_go_from_mark_to_mark():
    # on the screen y grows downwards
    marks = [{"index": i, "x": x, "y": y} for i, (x, y) in enumerate([(30, 10), (10, 30), (20, 20)])]
    keys = [
        [1, "ArrowRight"],
        [2, "ArrowRight"],
        [0, "ArrowRight"],
        [2, "ArrowLeft"],
        [2, "ArrowUp"],
        [2, "ArrowDown"],
    ]
    keys += [[2, "Home"], [2, "End"], [9, "ArrowRight"]]
    found = in_node("values[1].map(([at, key]) => front.beside(values[0], at, key).index)", marks, keys)
    assert found == [2, 0, 0, 1, 0, 1, 1, 0, 1]


def test_crowded_kinds_are_thinned_and_small_ones_kept_whole():
    crowd = [{"kind": 0, "x": i % 50, "y": i // 50} for i in range(2500)]
    few = [{"kind": 1, "x": 1, "y": 1} for _ in range(300)]
    found = in_node("front.thin(values[0]).map((mark) => mark.kind)", crowd + few)
    assert found.count(1) == 300
    assert found.count(0) == 8 * 8  # 50 pixels in cells of 7


def test_the_line_is_that_of_the_picture(played):
    panel = panels(played)[0]
    points = [(point.x, point.y) for point in panel.points["front"]]
    assert in_node("front.steps(values[0])", points) == [list(corner) for corner in panel.steps()]


def test_candidates_without_accuracy_stand_at_the_rim(data):
    names = ["predicted", "stopped", "over", "trained", "dense", "front"]
    expression = """(({marks, unknown, hidden}) => ({
        unknown, hidden, drawn: marks.length, rim: marks.filter((mark) => mark.rim).length,
        places: marks.map((mark) => [mark.x, mark.y]),
    }))(front.scatter(
        values[0], {x: values[1], y: values[2], on: new Set(values[3]), near: values[4]},
        {left: 50, top: 20, width: 600, height: 400},
    ))"""
    found = in_node(expression, data, "energy_j", "error", names, False)
    # 11 stopped have no accuracy here: 79 known candidates less these
    assert (found["rim"], found["drawn"], found["unknown"]) == (22, 68, 11)
    assert all(50 <= x <= 650 and 20 <= y <= 420 for x, y in found["places"])
    costs = in_node(expression, data, "memory_bytes", "energy_j", names, False)
    assert (costs["rim"], costs["drawn"], costs["unknown"]) == (0, 79, 0)
    near = in_node(expression, data, "energy_j", "error", names, True)
    assert near["hidden"] > 0
    front = in_node(expression, data, "energy_j", "error", ["front"], False)
    assert front["drawn"] == 12


def test_picks_and_commands_of_every_step(played, played_dir, data):
    steps = data["tolerance"]["steps"]
    picks = in_node("values[1].map((step) => front.picked(values[0], step))", data, list(range(len(steps))))
    assert picks == [answer(played, played_dir, step["tolerance"]) for step in steps]
    assert None in picks
    commands = in_node("values[0].points.trial.map((_, i) => front.command(values[0], i))", data)
    for trial, exports, command in zip(
        data["points"]["trial"], data["points"]["exports"], commands, strict=True
    ):
        assert command == (f"{data['command'][0]}{trial} --to model" if exports else "")


@pytest.mark.slow
def test_the_page_in_a_browser(page, played, played_dir, tmp_path):
    """Every step of the slider, keys, clicks, toggles and axes; no fault, no word on the console."""
    out = in_browser(page, tmp_path, (Path(__file__).parent / "plays.js").read_text(encoding="utf-8"))
    assert out["said"] == []
    assert out["still"] == "none"
    tolerance = front_section(played).data.tolerance
    steps = tolerance.steps
    assert len(out["picks"]) == len(steps)
    for step, (words, said, command) in zip(steps, out["picks"], strict=True):
        trial = answer(played, played_dir, step.tolerance)
        assert words == step.words
        assert said.startswith("Nothing is picked" if trial is None else f"Picked: Trial {trial},")
        assert command.endswith(f" --trial {trial} --to model") == (trial is not None)
    assert out["reset"] == [out["start"], steps[tolerance.start].words]
    assert out["focused"]
    assert out["home"][1].startswith(out["home"][0].split(":")[0])
    assert out["right"] != out["home"][0]
    assert "Selected." in out["entered"]
    assert out["escaped"] == out["right"]
    assert out["others"][0][:2] == ["error", "energy_j"]  # the axes change places
    assert all(marks >= 4 for _, _, marks in out["others"])
    assert out["none"] == 0
    assert out["clicked"] == ["The dense reference: dense reference", True]
    assert out["unlabelled"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 800, 1400])
def test_nothing_is_wider_than_the_window(page, tmp_path, width):
    out = in_browser(page, tmp_path, "out.wide = document.documentElement.scrollWidth - innerWidth;", width)
    assert out["wide"] <= 0
    assert out["said"] == []


@pytest.mark.slow
def test_the_picture_stays_without_javascript(page, tmp_path):
    without = re.sub(r"<script>.*?</script>", "", page, flags=re.S)
    out = in_browser(
        without,
        tmp_path,
        """out.still = getComputedStyle(document.querySelector("#front .still")).display;
        out.play = getComputedStyle(document.querySelector("#front .play")).display;""",
    )
    assert (out["still"], out["play"]) == ("inline", "none")


@pytest.mark.slow
@pytest.mark.parametrize(("n", "bytes_at_most"), [(1000, 2e6), (10_000, 6e6)])
def test_thousands_of_candidates_are_a_light_page(tmp_path, n, bytes_at_most):
    page = write_report(read_run(with_trials(playable_run(tmp_path / "run"), n))).read_text(encoding="utf-8")
    assert len(page.encode()) < bytes_at_most
    out = in_browser(
        page,
        tmp_path,
        """const paths = [...document.querySelectorAll("#front path[data-kind]")];
        out.marks = paths.map((path) => path.getAttribute("d").split("M").length - 1);
        out.caption = document.querySelector('#front [data-is="caption"]').textContent;""",
    )
    assert out["said"] == []
    assert 500 < sum(out["marks"]) < 3000
    assert out["caption"].startswith("Drawn: ")


@pytest.mark.slow
def test_a_run_without_a_front_plays_too(tmp_path):
    page = write_report(read_run(synthetic_run(tmp_path / "run", front=False))).read_text(encoding="utf-8")
    out = in_browser(
        page,
        tmp_path,
        """const is = (name) => document.querySelector(`#front [data-is="${name}"]`);
        out.name = is("name").textContent;
        is("plot").dispatchEvent(new KeyboardEvent("keydown", {key: "End"}));
        out.end = is("name").textContent;""",
    )
    assert (out["said"], out["name"]) == ([], "No candidate")
    assert out["end"] != out["name"]
