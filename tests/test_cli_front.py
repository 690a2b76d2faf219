"""``hwsearch front`` and ``pick`` for programs: JSON, and nothing beside it."""

import json
import shutil

import pytest
from typer.testing import CliRunner

import hwsearch
from hwsearch.cli import app


def answer(*arguments):
    done = CliRunner().invoke(app, [str(each) for each in arguments])
    assert done.exit_code == 0, (done.output, done.exception)
    return json.loads(done.output)


def test_the_front_as_json(finished):
    table = hwsearch.load_run(finished).front
    rows = answer("front", finished, "--json")
    assert [row["trial"] for row in rows] == table["trial"].tolist()
    assert list(rows[0]) == list(table.columns)
    assert rows[0]["energy_j"] == pytest.approx(table["energy_j"].iloc[0], rel=1e-9)


def test_the_pick_as_json(finished):
    assert answer("pick", finished, "--json")["trial"] == hwsearch.load_run(finished).pick()["trial"]


def test_a_pick_that_must_be_sure(finished):
    row = answer("pick", finished, "--within", "30%", "--chance", "10%", "--json")
    assert row["trial"] == hwsearch.load_run(finished).pick(within=0.3, chance=0.1)["trial"]
    done = CliRunner().invoke(app, ["pick", str(finished), "--within", "0%", "--chance", "0.1%"])
    assert "no member of the front is sure enough" in str(done.exception)


def test_the_front_of_another_device_as_json(finished):
    rows = answer("front", finished, "--profile", "nrf52840", "--json")
    there = hwsearch.load_run(finished).front_on("nrf52840").front
    assert [row["trial"] for row in rows] == there["trial"].tolist()


def printed(*arguments):
    done = CliRunner().invoke(app, [str(each) for each in arguments])
    assert done.exit_code == 0, (done.output, done.exception)
    return done.output


def test_a_pick_says_how_likely_it_is_worse_than_was_asked(finished):
    result = hwsearch.load_run(finished)
    stated = json.loads((finished / "summary.json").read_text())["pick_chance_below"]
    assert result.chance_of_pick(result.pick()) == pytest.approx(stated, abs=1e-4)
    row = result.pick(within=0.3)
    chance = result.chance_of_pick(row, within=0.3)
    assert f"worse than the pick needs, on fresh splits: {chance:.0%}" in printed(
        "pick", finished, "--within", "30%"
    )
    assert result.chance_of_pick(row, within=0.0) > chance
    assert result.chance_of_pick(row.drop(["believed", "believed_sd"])) is None


def test_the_front_as_a_table(finished):
    lines = printed("front", finished).splitlines()
    trials = hwsearch.load_run(finished).front["trial"].tolist()
    assert lines[0].split()[:2] == ["trial", "sparsity"]
    assert [int(line.split()[0]) for line in lines[1 : 1 + len(trials)]] == trials


def test_the_front_of_another_device_as_a_table_with_its_labels(finished):
    said = printed("front", finished, "--profile", "generic_45nm")
    assert "left out: " in said
    assert " on generic_45nm: " in said


def test_the_pick_in_words(finished):
    said = printed("pick", finished)
    assert said.startswith(f"pick: trial {hwsearch.load_run(finished).pick()['trial']}")
    assert "recall of 0: " in said


def test_the_pick_of_an_unfinished_run_is_provisional(finished, tmp_path):
    for name in ("study.yaml", "profile.yaml", "trials.csv", "log.jsonl", "environment.json", "study.db"):
        if (finished / name).exists():
            (tmp_path / name).write_bytes((finished / name).read_bytes())
    shutil.copytree(finished / "cache", tmp_path / "cache")
    assert "note: " in printed("pick", tmp_path)
