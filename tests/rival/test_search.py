"""A small search for plain networks."""

from dataclasses import replace

import pytest

import hwsearch.rival.search as search
from hwsearch.plan.plan import make_plan
from hwsearch.plan.pricing import Price
from hwsearch.rival.network import Setting, Shape
from hwsearch.rival.stack import train_stack
from hwsearch.rival.trainings import found_by
from hwsearch.study.model import load_study


@pytest.fixture
def plan(tiny, monkeypatch):
    monkeypatch.setattr(search, "HIDDEN", (0, 6))
    monkeypatch.setattr(search, "_ROUNDS", (3, 2))
    return make_plan(load_study(tiny), tiny)


def test_what_it_may_cost_is_said_by_the_study(plan):
    n, shares = len(plan.data.y_train), 2 * 2 + 5 + 3 * 4 * plan.study.final.seeds
    assert search.effort_of(trained_for(plan, 25)) == search.Effort(26, 13, 13 * shares * n)
    assert search.effort_of(trained_for(plan, 400)) == search.Effort(80, 40, 40 * shares * n)


def test_where_epochs_are_of_many_timesteps_more_are_trained(plan, monkeypatch):
    monkeypatch.setattr(search, "_DENSE_TRAININGS", 20)
    shares = 2 * 2 + 5 + 3 * 4 * plan.study.final.seeds
    assert 5 < search.effort_of(trained_for(plan, 9)).epochs == 20 * 9 * plan.dense_timesteps // shares < 40


def trained_for(plan, epochs):
    train = plan.study.train.model_copy(update={"dense_epochs": epochs})
    return replace(plan, study=plan.study.model_copy(update={"train": train}))


def found(plan, effort, floor, seeds):
    return found_by(
        search.rivals(plan, effort, floor, seeds),
        lambda asked: [train_stack(plan.data, each) for each in asked],
    )


def test_a_few_are_tried_and_the_best_are_trained_with_every_seed(plan):
    effort = search.Effort(4, 2, search.effort_of(plan).steps)
    first = found(plan, effort, 0.5, [11, 12])
    assert first.tried == 5
    assert 1 <= len(first.finals) <= 5
    assert 0 < first.train_steps <= effort.steps
    for runs in first.finals.values():
        assert list(runs) == [11, 12]
        for run in runs.values():
            assert run.answers_test.n == len(plan.data.y_test)
            assert run.score == run.answers_val.accuracy
            assert run.price.cost.memory_bytes > 0
    again = found(plan, effort, 0.5, [11, 12])
    assert {s: [r.score for r in runs.values()] for s, runs in again.finals.items()} == {
        s: [r.score for r in runs.values()] for s, runs in first.finals.items()
    }


def test_where_no_finalist_is_accurate_enough_in_the_mean_the_next_best_follow(plan):
    few = search.effort_of(plan)
    reached = found(plan, few, 0.0, [11])
    missed = found(plan, few, 1.0, [11])
    plenty = found(plan, replace(few, steps=10**9), 1.0, [11])
    assert len(reached.finals) <= len(missed.finals) <= len(plenty.finals) == plenty.tried


def tried(hidden, score, memory, energy, faults=()):
    fields = {"memory_bytes": memory, "energy_j": energy}
    price = replace(_PRICE, fields=fields, faults=faults)
    return search.Tried(Setting(Shape(0, hidden), 8, "weight", 0.0), None, None, None, price, score)


_PRICE = Price(None, {}, {}, ())


def test_finalists_are_the_smallest_and_most_frugal_that_are_accurate_enough_and_the_most_accurate():
    every = [
        tried(1, 0.90, 100, 9e-9),
        tried(2, 0.95, 200, 5e-9),
        tried(3, 0.96, 300, 2e-9),
        tried(4, 0.99, 900, 9e-9),
        tried(5, 0.94, 250, 6e-9),
        tried(6, 0.999, 50, 1e-9, faults=("too large",)),
    ]
    assert [each.setting.shape.hidden for each in search.finalists(every, 0.95)] == [2, 3, 4]
    assert [each.setting.shape.hidden for each in search.finalists(every, 0.999)] == [4]
    assert [each.setting.shape.hidden for each in search.next_best(every, every[3:4])] == [3, 2, 5, 1]

    rest = search.further(every[:5], every[3:4], 0.06)  # 5 is dominated, 1 of no use
    assert [each.setting.shape.hidden for each in rest] == [2, 3]
    values = [(-each.score, *each.costs) for each in every]
    assert {each.setting.shape.hidden for each in search.undominated(every, values)} == {6}
    assert {each.setting.shape.hidden for each in search.undominated(every[:5], values[:5])} == {1, 2, 3, 4}
    assert {each.setting.shape.hidden for each in search.front_of_tried(every)} == {1, 2, 3, 4}
