"""Batch after batch: what was finished is taken over, what broke off is done again, and what is told stays."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from builders.contexts import context_of_one
from builders.records import DENSE, estimator, plan_of_three_rungs, record, with_search

from hwsearch.records.run_folder import RunFolder
from hwsearch.records.trial_table import read_trials
from hwsearch.search import batches as module
from hwsearch.search.batches import History, run_batches
from hwsearch.search.optuna_study import Proposer


@pytest.fixture
def plan(tmp_path, tiny_text):
    return with_search(
        plan_of_three_rungs(tmp_path, tiny_text), candidates=10, batch=4, rank=False, finish=1.0
    )


def context_of(plan):
    dense = SimpleNamespace(params=(), cost=DENSE, error=0.02)
    return context_of_one(plan, dense, calibration=estimator())


def proposer_of(plan, folder):
    return Proposer(f"sqlite:///{folder.database}", "s", "d", plan.space, "random", 0, 3)


def outcome(number, candidate):
    result = record(number, 0.5, (0.8, 0.85, 0.9), 1000.0)
    return replace(result, candidate=candidate, layer_sparsity=(0.5,) * 3)


@pytest.fixture
def searched(tmp_path, plan, monkeypatch):
    """Return what runs a search whose trainings are a formula, and the batches that it took through the flow."""
    taken, folder = [], RunFolder(tmp_path)

    def evaluate(context, state, batch, on_trained):
        taken.append([proposal.number for proposal in batch])
        on_trained(len(batch))
        return [outcome(proposal.number, proposal.candidate) for proposal in batch]

    monkeypatch.setattr(module, "evaluate", evaluate)

    def run(stop_after=None, told=None):
        def tell(event):
            if told is not None:
                told.append(event)
            if stop_after is not None and event.text.endswith("trained") and event.done >= stop_after:
                raise KeyboardInterrupt

        return run_batches(context_of(plan), proposer_of(plan, folder), folder, tell)

    return run, taken, folder


def test_every_candidate_is_asked_in_batches_and_written(searched):
    run, taken, folder = searched
    history = run()
    assert taken == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert [r.trial for r in history.records] == list(range(10))
    assert len(read_trials(folder.trials)) == 10
    assert len(history.state.known) == len({r.candidate.digest for r in history.records})
    assert history.front == history.state.front(history.records)


def test_a_search_that_was_stopped_goes_on_with_the_batch_that_broke_off(searched):
    run, taken, _ = searched
    with pytest.raises(KeyboardInterrupt):
        run(stop_after=4)  # in the second batch, before anything of it is told
    del taken[:]
    told = []
    history = run(told=told)
    assert taken == [[4, 5, 6, 7], [8, 9]]
    assert (told[0].done, told[0].total) == (4, 10)
    assert [r.trial for r in history.records] == list(range(10))
    run()
    assert len(taken) == 2  # all is finished: nothing is evaluated again


@pytest.mark.parametrize("stop_after", [0, 1, 2, 4, 7])
def test_batches_that_grow_are_found_again_wherever_they_broke_off(searched, monkeypatch, stop_after):
    run, taken, _ = searched
    monkeypatch.setattr(module, "batch_size", lambda search, finished: 1 + finished // 2)
    batches = [[0], [1], [2, 3], [4, 5, 6], [7, 8, 9]]
    with pytest.raises(KeyboardInterrupt):
        run(stop_after=stop_after)
    broken = taken[-1]
    del taken[:]
    history = run()
    assert taken == batches[batches.index(broken) :]
    assert [r.trial for r in history.records] == list(range(10))


def test_what_was_asked_stays_asked_when_fewer_are_asked_for(searched, plan, tmp_path):
    run, _, folder = searched
    run()
    fewer = with_search(plan, candidates=6)
    history = run_batches(context_of(fewer), proposer_of(fewer, folder), folder, lambda event: None)
    assert len(history.records) == 10


def test_what_is_deferred_and_likely_is_completed(plan, tmp_path, monkeypatch):
    folder, likely = RunFolder(tmp_path), [record(0, 0.5, (0.8,), 900.0, "stopped")]
    answers = [likely, []]
    monkeypatch.setattr(module, "to_complete", lambda state, most: answers.pop(0))
    monkeypatch.setattr(
        module, "evaluate", lambda c, s, batch, told: [outcome(p.number, p.candidate) for p in batch]
    )
    monkeypatch.setattr(
        module, "complete",
        lambda c, s, batch, told: [replace(outcome(p.number, p.candidate), finishing=True) for p in batch],
    )  # fmt: skip
    told = []
    history = run_batches(context_of(plan), proposer_of(plan, folder), folder, told.append)
    assert [r.finishing for r in history.records] == [False] * 10 + [True]
    assert history.records[-1].candidate == plan.space.candidate(plan.space.setting(likely[0].candidate))
    assert any("going on with 1" in event.text for event in told)


def test_a_history_without_anything_is_empty(plan, tmp_path):
    folder = RunFolder(tmp_path)
    history = History(context_of(plan), proposer_of(plan, folder), folder, {})
    assert history.take_over(10) == 0
    assert (history.records, history.front) == ([], [])
