"""A run that has ended is held against a plain network."""

import json
import shutil
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
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
from hwsearch.rival.search import effort_of
from hwsearch.search.jobs.job import Bench
from hwsearch.search.jobs.pool import Trainer
from hwsearch.search.jobs.spare import Spare
from hwsearch.search.stages.rival import RivalSearch, add_rival, searched_score
from hwsearch.study.model import load_study


@pytest.fixture
def few(monkeypatch):
    """Make the search for plain networks so small that a tiny run pays for it."""
    monkeypatch.setattr(search, "HIDDEN", (0, 8))
    monkeypatch.setattr(search, "_ROUNDS", (2, 1))
    monkeypatch.setattr(search, "_MOST_EPOCHS", 2)
    monkeypatch.setattr(search, "_FINALISTS", 3)


@pytest.fixture
def run(finished, tmp_path, tiny_text, few):
    """Return a copy of a finished run, and its study, which asks for a plain network now."""
    folder = RunFolder(shutil.copytree(finished, tmp_path / "run"))
    study = tmp_path / "asks.yaml"
    study.write_text(tiny_text.replace("rival: false", "rival: true"))
    return folder, study


def added(folder, study, told, plan=None, trainer=None):
    """Hold a run against plain networks, of its study unless another plan is given."""
    plan = make_plan(load_study(study), study) if plan is None else plan
    summary = read_summary(folder.summary)
    trainer = Trainer(bench_of(plan), 1) if trainer is None else trainer
    search = RivalSearch(plan, searched_score(summary), trainer)
    return add_rival(plan, folder, summary, search, told.append)


def bench_of(plan):
    return Bench(plan.networks, plan.data, plan.widths, "fused")


def test_the_same_line_adds_it_and_leaves_the_search_as_it_was(run, capsys):
    folder, study = run
    before = {path.name: path.read_bytes() for path in (folder.trials, folder.front)}
    events = []
    result = hwsearch.run(study, out=folder.path, listen=events.append)
    assert {path.name: path.read_bytes() for path in (folder.trials, folder.front)} == before
    assert {event.kind for event in events} == {"start", "rival"}
    rival, rows = read_summary(folder.summary).rival, read_rivals(folder.rival)
    assert rival.front_size == len(rows) > 0
    assert 0 < rival.train_steps <= rival.most_steps == effort_of(make_plan(load_study(study), study)).steps
    assert 0 < rival.processor_s < 60
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

    monkeypatch.setattr("hwsearch.search.stages.rival.train_stack", fails)
    told = []
    summary = added(folder, study, told)
    assert summary.rival is None
    assert summary.pick is not None
    assert folder.summary.read_text() == before
    assert "no memory for a stack" in told[-1].text
    monkeypatch.undo()


class AtOnce:
    """A process that has done a task as soon as it is begun, and counts them."""

    def __init__(self, bench, broken=None):
        self.bench, self.broken, self.begun, self.closed = bench, broken, 0, False

    def begin(self, task):
        future = Future()
        self.begun += 1
        if self.begun == self.broken:
            future.set_exception(BrokenProcessPool("killed"))
        else:
            future.set_result(task(self.bench))
        return future

    def close(self, at_once):
        self.closed = True


@pytest.mark.parametrize(("looks", "broken"), [(0, None), (1, None), (3, None), (3, 2), (99, None)])
def test_whoever_trains_it_the_same_is_found(run, looks, broken):
    folder, study = run
    plan = make_plan(load_study(study), study)
    added(folder, study, [])
    table, summary = folder.rival.read_text(), read_summary(folder.summary)
    process, told, trained = AtOnce(bench_of(plan), broken), [], []
    trainer = Trainer(bench_of(plan), 1)
    trainer.spare = Spare(lambda: process)
    by_workers = trainer.done
    trainer.done = lambda tasks, on_done: trained.extend(tasks) or by_workers(tasks, on_done)
    search = RivalSearch(plan, searched_score(summary), trainer)
    for _ in range(looks):
        trainer.spare.look()
    assert search.is_over() == (looks == 99)
    again = add_rival(plan, folder, summary, search, told.append)
    assert folder.rival.read_text() == table
    assert again.rival.train_steps == summary.rival.train_steps
    assert (len(trained) == 0) == (looks == 99)
    assert process.closed == (looks != 99 and broken is None)
    assert [event.kind for event in told] == ["rival"] * len(told)


def test_a_failure_beside_the_search_is_told_when_that_has_ended(run, monkeypatch):
    folder, study = run
    plan, told = make_plan(load_study(study), study), []
    before = folder.summary.read_text()
    trainer = Trainer(bench_of(plan), 1)
    trainer.spare = Spare(lambda: AtOnce(bench_of(plan)))

    def fails(*args):
        raise MemoryError("no memory for masks")

    monkeypatch.setattr("hwsearch.rival.trainings.masks_of", fails)
    search = RivalSearch(plan, 0.9, trainer)
    for _ in range(5):
        trainer.spare.look()
    assert add_rival(plan, folder, read_summary(folder.summary), search, told.append).rival is None
    assert "no memory for masks" in told[-1].text
    assert folder.summary.read_text() == before


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
        ({"labels": True}, "it would have to answer after every frame"),
    ],
)
def test_why_there_is_none_is_recorded_and_told(run, change, words):

    folder, study = run
    plan, told = make_plan(load_study(study), study), []
    if "profile" in change:
        plan = replace(plan, profile=load_profile(change["profile"]))
    if "labels" in change:
        plan = replace(plan, data=replace(plan.data, y_train=plan.data.y_train[:, None]))
    rival = added(folder, study, told, plan).rival
    assert words in rival.why_none
    assert words in told[-1].text
    assert not folder.rival.exists()
    assert not lacks_rival(load_study(study), read_summary(folder.summary), folder)
