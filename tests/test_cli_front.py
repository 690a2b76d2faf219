"""``hwsearch front`` and ``pick`` for programs: JSON, and nothing beside it."""

import json

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


def test_the_front_of_another_device_as_json(finished):
    rows = answer("front", finished, "--profile", "nrf52840", "--json")
    there = hwsearch.load_run(finished).front_on("nrf52840").front
    assert [row["trial"] for row in rows] == there["trial"].tolist()
