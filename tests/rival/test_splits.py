"""Trainings on several splits: counted, and each as it is on its own."""

import pytest

from hwsearch.data.datasets import resplit
from hwsearch.plan.plan import make_plan
from hwsearch.rival.network import Setting, Shape
from hwsearch.rival.splits import Effort, Split, Trainings
from hwsearch.study.model import load_study

SETTINGS = [Setting(Shape(0, 6), 4, "weight", 0.5), Setting(Shape(0, 0), 8, "weight", 0.0)]


@pytest.fixture
def plan(tiny):
    return make_plan(load_study(tiny), tiny)


def on(plan, splits):
    """Return what is found on splits, and what it cost."""
    told = []
    trainings = Trainings(plan, Effort(3, 2, 10**6), lambda n, of: told.append((n, of)))
    dense = trainings.dense(splits, {setting.shape for setting in SETTINGS})
    found = trainings.tuned(splits, SETTINGS, dense)
    assert told[-1] == (trainings.spent, 10**6)
    return found, trainings


def test_splits_together_are_what_each_is_alone_and_cost_as_much(plan):
    splits = [Split(resplit(plan.data, seed), seed, test=True) for seed in (5, 6)]
    together, trainings = on(plan, splits)
    assert trainings.spent == trainings.finals_cost(SETTINGS, (5, 6))
    for split, found in zip(splits, together, strict=True):
        ((alone,), by_itself) = on(plan, [split])
        assert by_itself.spent == trainings.spent / 2
        assert set(found) == set(SETTINGS)
        for setting, each in found.items():
            assert each.score == pytest.approx(alone[setting].score, abs=0.02)
            assert each.answers_test.n == len(split.data.y_test)
            assert each.price.fields["weight_bytes"] == alone[setting].price.fields["weight_bytes"]


def test_the_test_part_is_looked_at_only_where_it_is_asked(plan):
    (found,), _ = on(plan, [Split(plan.data, 0)])
    assert all(each.answers_test is None for each in found.values())
