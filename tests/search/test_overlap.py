"""Batches that overlap: what is trained together, what is known then, and that a run which breaks off is as any."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from builders.contexts import context_of_one
from builders.records import DENSE, estimator, plan_of_three_rungs, record, with_search

import hwsearch
from hwsearch.records.run_folder import RunFolder
from hwsearch.search import batches, evaluate
from hwsearch.search.batches import run_batches
from hwsearch.search.optuna_study import Proposer
from hwsearch.search.stages import rungs


def priced(context, candidates):
    """Price candidates by their sparsity alone."""

    def open_record(candidate, number):
        fresh = record(
            number, candidate.sparsity[0], (), round(4000 * (1 - candidate.sparsity[0])) + 50.0, None
        )
        return replace(fresh, candidate=candidate)

    return [SimpleNamespace(record=lambda n, c=c: open_record(c, n), ticket=None) for c in candidates]


def measured(plan, own, result):
    """Return a record after one rung more, by a formula."""
    luck = np.random.default_rng([int(own.candidate.digest, 16), len(own.curve)]).normal(0.0, 0.01)
    score = 0.95 - 0.3 * own.candidate.sparsity[0] ** 4 - 0.1 / (1 + len(own.curve)) + luck
    costs = own.predicted | {name: own.predicted[name] - 10.0 for name in ("memory_bytes", "weight_bytes")}
    return replace(
        own, curve=(*own.curve, score), accuracy_val=score, measured=costs, train_steps=own.train_steps + 1
    )


class Broken(Exception):
    """The run was killed."""


@pytest.fixture
def search(tmp_path, tiny_text, monkeypatch):
    """Return what runs a search whose trainings are a formula, and what it trained, in order."""
    plan = with_search(
        plan_of_three_rungs(tmp_path, tiny_text), candidates=24, batch=4, finish=1.0, overlap=True, audit=0.2
    )
    for module in (evaluate, batches):
        monkeypatch.setattr(module, "price_all", priced)
    monkeypatch.setattr(rungs, "_measure", measured)
    trained, chances = [], SimpleNamespace(left=None)

    def maybe_break():
        if chances.left is not None:
            chances.left -= 1
            if chances.left < 0:
                raise Broken

    def train_rungs(context, groups, on_trained):
        numbers = []
        for trials, rung in groups:
            if trials:
                trained.append((rung, [trial.record.trial for trial in trials]))
                maybe_break()
            numbers += [trial.record.trial for trial in trials]
        return dict.fromkeys(numbers)

    for module in (evaluate, rungs):
        monkeypatch.setattr(module, "train_rungs", train_rungs)
    add = batches.History._add
    monkeypatch.setattr(batches.History, "_add", lambda self, batch: (add(self, batch), maybe_break())[0])

    def run(name, *, kill_after=None, **changes):
        folder, chances.left = RunFolder(tmp_path / name), kill_after
        folder.path.mkdir(exist_ok=True)
        own = with_search(plan, **changes)
        dense = SimpleNamespace(params=(), cost=DENSE, error=0.02)
        context = context_of_one(own, dense, calibration=estimator())
        proposer = Proposer(
            f"sqlite:///{folder.database}", "s", "d", own.space, own.study.search.sampler, 0, 3
        )
        return run_batches(context, proposer, folder, lambda event: None)

    return run, trained


def test_the_next_batch_is_chosen_while_one_trains(search, monkeypatch):
    run, trained = search
    begin = evaluate.begin
    monkeypatch.setattr(
        batches, "begin", lambda c, s, batch: trained.append(("begun", batch[0].number)) or begin(c, s, batch)
    )
    run("run", candidates=12)
    assert trained[:2] == [("begun", 0), (0, [0, 1, 2, 3])]
    (later_rung, numbers), begun, (first_rung, new) = trained[2:5]
    assert (later_rung, begun, first_rung) == (1, ("begun", 4), 0)
    assert set(numbers) < {0, 1, 2, 3}
    assert set(new) <= {4, 5, 6, 7}


def test_every_trial_is_told_in_order_with_its_outcome(search):
    run, trained = search
    history = run("run")
    proposals = [r for r in history.records if not r.finishing]
    assert [r.trial for r in history.records] == list(range(len(history.records)))
    assert len(proposals) == 24
    assert all(r.outcome for r in history.records)
    assert {"trained", "stopped"} <= {r.outcome for r in history.records}
    assert not history.under_way
    steps = sum(len(numbers) for _, numbers in trained)
    assert steps == sum(r.train_steps for r in history.records)


@pytest.mark.slow
@pytest.mark.parametrize(("sampler", "in_rungs"), [("tpe", True), ("random", True), ("tpe", False)])
def test_a_run_that_is_killed_anywhere_becomes_what_it_would_have_been(search, sampler, in_rungs):
    run, trained = search
    whole = run("whole", sampler=sampler, rungs=in_rungs).records
    for kill_after in range(len(trained)):
        name = f"killed-{kill_after}"
        with pytest.raises(Broken):
            run(name, kill_after=kill_after, sampler=sampler, rungs=in_rungs)
        assert run(name, sampler=sampler, rungs=in_rungs).records == whole


def test_a_run_that_is_killed_again_and_again_ends_as_any(search):
    run, _ = search
    whole, kills = run("whole").records, 0
    while True:
        try:
            records = run("again", kill_after=9).records
            break
        except Broken:
            kills += 1
    assert kills > 1
    assert records == whole


def test_a_finished_run_may_be_asked_for_more_and_stays_what_it_was(search):
    run, _ = search
    first = run("run", candidates=12).records
    more = run("run", candidates=24).records
    assert more[: len(first)] == first
    assert sum(not r.finishing for r in more) == 24
    assert run("run", candidates=24).records == more


@pytest.mark.slow
def test_as_many_workers_as_there_are_ask_the_same_and_an_interrupted_run_goes_on(tmp_path, tiny_text):
    study = tmp_path / "study.yaml"
    text = tiny_text.replace(", epochs: 3", ", epochs: 8").replace("batch: 8", "batch: 8, overlap: true")
    study.write_text(text)

    def stop(event):
        if event.kind == "candidates" and event.done >= 8 and "trained" in event.text:
            raise KeyboardInterrupt

    hwsearch.run(study, out=tmp_path / "one")
    hwsearch.run(study, out=tmp_path / "two", workers=2)
    with pytest.raises(KeyboardInterrupt):
        hwsearch.run(study, out=tmp_path / "cut", listen=stop)
    hwsearch.run(study, out=tmp_path / "cut")
    one, two, cut = (
        pd.read_csv(tmp_path / name / "trials.csv").drop(columns="wall_s") for name in ("one", "two", "cut")
    )
    pd.testing.assert_frame_equal(one, two)
    pd.testing.assert_frame_equal(one, cut)
    assert {"trained", "stopped"} <= set(one["outcome"])
