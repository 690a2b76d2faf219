"""What a run cost, by hand."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from builders.records import record

from hwsearch.plan.plan import make_plan
from hwsearch.records.log import Seconds
from hwsearch.search.stages import spent
from hwsearch.search.stages.spent import nothing_spent, spent_by
from hwsearch.study.model import load_study

DENSE = SimpleNamespace(train_steps=60, eval_steps=7, whole_steps=100)
RECORDS = [
    replace(record(i, 0.1 * i, (0.9,), 9.0), train_steps=200, eval_steps=20, wall_s=1.5) for i in range(2)
]
FINALS = SimpleNamespace(train_steps=300, eval_steps=30, reused_steps=5, wall_s=2.0)


def context(finder="magnitude", predicting=None):
    study = SimpleNamespace(tickets=SimpleNamespace(finder=finder))
    reference = SimpleNamespace(dense=DENSE, calibration=predicting)
    plan = SimpleNamespace(study=study)
    yardstick = SimpleNamespace(plan=plan)
    return SimpleNamespace(references=[reference], plan=plan, yardstick=yardstick, cache=None)


def test_steps_are_summed_each_once():
    cost = spent_by(
        context(predicting=SimpleNamespace(eval_steps=11)), RECORDS, FINALS, [], Seconds(9.26, 1.04)
    )
    assert cost.train_steps == 60 + 400 + 300
    assert cost.eval_steps == 11 + 40 + 7 + 30
    assert cost.foresee_eval_steps == 11
    assert (cost.dense_train_steps, cost.final_train_steps, cost.finder_train_steps) == (100, 300, 0)
    assert cost.reused_train_steps == (100 - 60) + 5
    # 700 steps took 5 s of training
    assert cost.model_steps == round(1.04 * 700 / 5)
    assert (cost.wall_s, cost.model_s) == (9.3, 1.0)


def test_a_search_without_final_trainings_counts_what_was_trained_for_them_meanwhile(monkeypatch):
    monkeypatch.setattr(spent, "final_seeds", lambda plan: [8, 9])
    monkeypatch.setattr(spent, "steps_of_fresh", lambda plan, cache, seeds: 100 * len(seeds))
    cost = spent_by(context(), RECORDS, None, [], Seconds(1.0, 0.0))
    assert (cost.train_steps, cost.eval_steps) == (60 + 400 + 200, 40 + 7)
    assert (cost.final_train_steps, cost.reused_train_steps, cost.model_steps) == (200, 40, 0)


def test_what_tickets_share_is_counted_once(monkeypatch):
    ladders = {0: {"ladder": 50}, 1: {"ladder": 50, "mask": 5}}

    def find(ground, candidate):
        trial = next(r.trial for r in RECORDS if r.candidate == candidate)
        return SimpleNamespace(spent=ladders[trial], reused={f"{ground}": 3})

    monkeypatch.setattr(spent, "source_of", lambda context, network, seed=None: seed)
    monkeypatch.setattr(spent, "final_seeds", lambda plan: [8, 9])
    monkeypatch.setattr(spent, "find_ticket", find)
    cost = spent_by(
        context("iterative"),
        RECORDS,
        FINALS,
        [SimpleNamespace(trial=1, is_foretold=False)],
        Seconds(1.0, 0.0),
    )
    assert cost.finder_train_steps == 50 + 5
    assert cost.reused_train_steps == 40 + 5 + 3 * 3  # grounds of the search and of two fresh seeds
    assert cost.train_steps == 60 + 400 + 300 + 55


@pytest.fixture
def plan(tiny):
    return make_plan(load_study(tiny), tiny)


def test_a_refused_search_spent_nothing_but_knows_its_unit(plan):
    cost = nothing_spent(plan, 1.26)
    # 8 epochs of the training samples at T 3
    assert cost.dense_train_steps == 8 * len(plan.data.y_train) * 3
    assert cost.wall_s == 1.3
    assert cost.train_steps == cost.eval_steps == cost.model_steps == 0
