"""A run that has ended is held against a plain network."""

import json
import shutil
from dataclasses import replace

import pytest

import hwsearch
import hwsearch.rival.search as search
from hwsearch.cli_answers import print_answer
from hwsearch.hardware.profiles.load import load_profile
from hwsearch.plan.plan import make_plan
from hwsearch.records.finished import lacks_rival
from hwsearch.records.rival import read_rival_records, read_rivals
from hwsearch.records.run_folder import RunFolder
from hwsearch.records.summary import read_summary
from hwsearch.search.stages.rival import SHARE, add_rival
from hwsearch.study.model import load_study


@pytest.fixture
def few(monkeypatch):
    """Make the search for plain networks so small that a tiny run pays for it."""
    monkeypatch.setattr(search, "HIDDEN", (0, 8))
    monkeypatch.setattr(search, "_ROUNDS", (2, 1))
    monkeypatch.setattr(search, "_MOST_EPOCHS", 2)


@pytest.fixture
def run(finished, tmp_path, tiny_text, few):
    """Return a copy of a finished run, and its study, which asks for a plain network now."""
    folder = RunFolder(shutil.copytree(finished, tmp_path / "run"))
    study = tmp_path / "asks.yaml"
    study.write_text(tiny_text.replace("rival: false", "rival: true"))
    return folder, study


def added(folder, study, told):
    return add_rival(make_plan(load_study(study), study), folder, read_summary(folder.summary), told.append)


def test_the_same_line_adds_it_and_leaves_the_search_as_it_was(run, capsys):
    folder, study = run
    before = {path.name: path.read_bytes() for path in (folder.trials, folder.front)}
    events = []
    result = hwsearch.run(study, out=folder.path, listen=events.append)
    assert {path.name: path.read_bytes() for path in (folder.trials, folder.front)} == before
    assert {event.kind for event in events} == {"start", "rival"}
    rival, rows = read_summary(folder.summary).rival, read_rivals(folder.rival)
    assert rival.front_size == len(rows) > 0
    cost = read_summary(folder.summary).cost
    assert 0 < rival.train_steps <= rival.most_steps == (cost.train_steps + cost.reused_train_steps) // SHARE
    assert rival.candidates == 3
    assert len(read_rival_records(folder.rival_finals)) == rival.finalists >= len(rows)
    for row in rows:
        assert row.seeds == 2
        assert row.accuracy_test_low <= row.accuracy_test <= row.accuracy_test_high
        assert row.memory_bytes <= 3000
        parts = (row.weight_bytes, row.bias_bytes, row.state_bytes, row.buffer_bytes)
        assert row.memory_bytes == sum(parts) == sum(row.banks.values())
    assert rival.pick in rows
    assert "plain network" in folder.report.read_text()
    assert "On nrf51822_microbit, at the tolerance" in result.against_plain()
    again = []
    hwsearch.run(study, out=folder.path, listen=again.append)
    assert again == []
    print_answer(folder, read_summary(folder.summary))
    shown = capsys.readouterr().out
    assert result.against_plain() in shown
    assert "plain pick: " in shown


def test_on_another_device_its_networks_are_priced_anew(run):
    folder, study = run
    hwsearch.run(study, out=folder.path)
    result = hwsearch.load_run(folder.path)
    home, there = result.against_plain(), result.against_plain("stm32l4r5")
    assert there.startswith("On stm32l4r5, at the tolerance")
    assert home.split("on validation")[1] != there.split("on validation")[1]
    assert "loihi1 runs spikes only" in result.against_plain("loihi1")


def test_a_study_that_wants_none_gets_none(finished, tiny, few):
    folder = RunFolder(finished)
    assert not lacks_rival(load_study(tiny), read_summary(folder.summary), folder)
    assert not folder.rival.exists()
    assert hwsearch.load_run(finished).against_plain() == ""
    assert "rival" not in json.loads(folder.summary.read_text())


def test_a_table_that_was_lost_is_made_again_as_it_was(run):
    folder, study = run
    hwsearch.run(study, out=folder.path)
    table = folder.rival.read_text()
    folder.rival.unlink()
    hwsearch.run(study, out=folder.path)
    assert folder.rival.read_text() == table


def test_a_failure_of_it_leaves_the_answer(run, monkeypatch):
    folder, study = run
    before = folder.summary.read_text()

    def fails(*args):
        raise RuntimeError("no memory for a stack")

    monkeypatch.setattr("hwsearch.search.stages.rival.rivals", fails)
    told = []
    summary = added(folder, study, told)
    assert summary.rival is None
    assert summary.pick is not None
    assert folder.summary.read_text() == before
    assert "no memory for a stack" in told[-1].text
    monkeypatch.undo()


def test_an_interrupted_one_begins_again(run):
    folder, study = run

    def stop(event):
        if event.kind == "rival":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hwsearch.run(study, out=folder.path, listen=stop)
    assert read_summary(folder.summary).rival is None
    hwsearch.run(study, out=folder.path)
    assert read_summary(folder.summary).rival.front_size > 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"profile": "xylo_audio2"}, "xylo_audio2 runs spikes only"),
        ({"steps": 100}, "a quarter of the run's training steps, 25, is too little"),
        ({"labels": True}, "it would have to answer after every frame"),
    ],
)
def test_why_there_is_none_is_recorded_and_told(run, change, words):

    folder, study = run
    plan, summary, told = make_plan(load_study(study), study), read_summary(folder.summary), []
    if "profile" in change:
        plan = replace(plan, profile=load_profile(change["profile"]))
    if "steps" in change:
        summary = summary.model_copy(update={"cost": summary.cost.model_copy(update={"train_steps": 100})})
    if "labels" in change:
        plan = replace(plan, data=replace(plan.data, y_train=plan.data.y_train[:, None]))
    rival = add_rival(plan, folder, summary, told.append).rival
    assert words in rival.why_none
    assert words in told[-1].text
    assert not folder.rival.exists()
    assert not lacks_rival(load_study(study), read_summary(folder.summary), folder)
