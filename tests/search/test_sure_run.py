"""A run whose pick must be sure, looked at from outside."""

import json
import shutil

import pandas as pd
import pytest

import hwsearch
from hwsearch.errors import NothingFits
from hwsearch.report.front.tolerance import tolerance_of, why_nothing_is_picked
from hwsearch.report.tables import read_run
from hwsearch.results.result import load_run
from hwsearch.search.decide.pick import chances_of


@pytest.fixture(scope="module")
def sure(finished, tiny_text, tmp_path_factory):
    """Return a function: the folder of a finished run that was asked again for another pick."""
    assert "pick: {within: 0.2}" in tiny_text

    def ask(pick):
        folder = tmp_path_factory.mktemp("sure")
        shutil.copytree(finished, folder / "run")
        study = folder / "tiny.yaml"
        study.write_text(tiny_text.replace("pick: {within: 0.2}", f"pick: {pick}"))
        hwsearch.run(study, out=folder / "run")
        return folder / "run"

    return ask


def test_the_pick_is_the_smallest_that_is_sure_enough_and_says_how_sure_it_is(sure):
    folder = sure("{within: 0.2, chance: 30%}")
    summary, front = json.loads((folder / "summary.json").read_text()), pd.read_csv(folder / "front.csv")
    chances = chances_of(front, summary["dense"]["accuracy_val"] - 0.2)
    fit = front[(chances <= 0.3) & (front["evidence"] != "foretold")]
    assert summary["pick"]["memory_bytes"] == fit["memory_bytes"].min()
    assert summary["pick_chance_below"] == pytest.approx(chances[fit["memory_bytes"].idxmin()], abs=1e-4)
    assert summary["pick_chance_below"] <= 0.3
    assert load_run(folder).pick()["trial"] == summary["pick"]["trial"]
    steps = tolerance_of(read_run(folder))
    assert steps.steps[steps.start].trial == summary["pick"]["trial"]
    assert "with a chance of 30.0 % at most" in steps.rule


def test_where_none_is_sure_enough_nothing_is_picked_and_that_is_said(sure):
    folder = sure("{within: 0%, chance: 0.1%}")
    assert json.loads((folder / "summary.json").read_text())["pick"] is None
    result = load_run(folder)
    with pytest.raises(
        NothingFits,
        match=r"sure enough: the surest is worse than needed with a chance of [\d.]+%, and 0\.1% may be",
    ):
        result.pick()
    assert why_nothing_is_picked(read_run(folder)).startswith(
        "no member of the front is accurate enough with a chance of"
    )
    assert result.pick(within="20%", chance="49%")["believed"] > 0
