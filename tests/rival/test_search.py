"""A small search for plain networks."""

from dataclasses import replace

import pytest

import hwsearch.rival.search as search
from hwsearch.plan.plan import make_plan
from hwsearch.plan.pricing import Price
from hwsearch.rival.network import Setting, Shape
from hwsearch.study.model import load_study


@pytest.fixture
def plan(tiny, monkeypatch):
    monkeypatch.setattr(search, "HIDDEN", (0, 6))
    monkeypatch.setattr(search, "_ROUNDS", (3, 2))
    return make_plan(load_study(tiny), tiny)


def test_what_it_may_cost_is_shared_out(plan):
    n, shares = len(plan.data.y_train), 2 * 2 + 5 + 3 * 3 * plan.study.final.seeds
    assert search.effort_of(plan, shares * n - 1) is None
    effort = search.effort_of(plan, 2 * shares * n + 5)
    assert (effort.dense_epochs, effort.epochs, effort.steps) == (4, 2, 2 * shares * n)


def test_a_few_are_tried_and_the_best_are_trained_with_every_seed(plan):
    effort, told = search.Effort(4, 2, 10**6), []
    found = search.rivals(plan, effort, 0.5, [11, 12], lambda n, of: told.append(n))
    assert found.tried == 5
    assert 1 <= len(found.finals) <= 5
    assert found.train_steps == told[-1] <= search.effort_of(plan, 10**7).steps
    for runs in found.finals.values():
        assert list(runs) == [11, 12]
        for run in runs.values():
            assert run.answers_test.n == len(plan.data.y_test)
            assert run.score == run.answers_val.accuracy
            assert run.price.cost.memory_bytes > 0
    again = search.rivals(plan, effort, 0.5, [11, 12])
    assert {s: [r.score for r in runs.values()] for s, runs in again.finals.items()} == {
        s: [r.score for r in runs.values()] for s, runs in found.finals.items()
    }


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
    assert [each.setting.shape.hidden for each in search.finalists(every, 0.95, 3)] == [2, 3, 4]
    assert [each.setting.shape.hidden for each in search.finalists(every, 0.999, 2)] == [4]

    rest = search.further(every[:5], every[3:4], 0.06)  # 5 is dominated, 1 of no use
    assert [each.setting.shape.hidden for each in rest] == [2, 3]
    values = [(-each.score, *each.costs) for each in every]
    assert {each.setting.shape.hidden for each in search.undominated(every, values)} == {6}
    assert {each.setting.shape.hidden for each in search.undominated(every[:5], values[:5])} == {1, 2, 3, 4}
    assert {each.setting.shape.hidden for each in search.front_of_tried(every)} == {1, 2, 3, 4}
