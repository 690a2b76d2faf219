"""What is asked to be trained on several splits: counted, and each as it is on its own."""

import pytest

from hwsearch.plan.plan import make_plan
from hwsearch.rival.network import Setting, Shape
from hwsearch.rival.stack import Split, train_stack
from hwsearch.rival.trainings import Effort, Trainings, found_by
from hwsearch.study.model import load_study

SETTINGS = [Setting(Shape(0, 6), 4, "weight", 0.5), Setting(Shape(0, 0), 8, "weight", 0.0)]


@pytest.fixture
def plan(tiny):
    return make_plan(load_study(tiny), tiny)


def on(plan, splits):
    """Return what is found on splits, what it cost, and the stacks that were asked for."""
    trainings, stacks = Trainings(plan, Effort(3, 2, 10**6)), []

    def train(asked):
        stacks.extend(asked)
        return [train_stack(plan.data, stack) for stack in asked]

    dense = found_by(trainings.dense(splits, {setting.shape for setting in SETTINGS}), train)
    found = found_by(trainings.tuned(splits, SETTINGS, dense), train)
    assert trainings.spent == sum(stack.steps for stack in stacks)
    return found, trainings, stacks


def test_splits_together_are_what_each_is_alone_and_cost_as_much(plan):
    splits = [Split(seed, fresh=True) for seed in (5, 6)]
    together, trainings, stacks = on(plan, splits)
    assert [len(stack.starts) for stack in stacks] == [2, 2, 2, 2]
    shapes = {setting.shape for setting in SETTINGS}
    assert (
        trainings.spent
        == trainings.cost(splits, shapes, SETTINGS)
        == 2 * (3 + 2) * 2 * len(plan.data.y_train)
    )
    for split, found in zip(splits, together, strict=True):
        ((alone,), by_itself, _) = on(plan, [split])
        assert by_itself.spent == trainings.spent / 2
        assert set(found) == set(SETTINGS)
        for setting, each in found.items():
            assert each.score == pytest.approx(alone[setting].score, abs=0.02)
            assert each.answers_test.n == len(split.of(plan.data).y_test)
            assert each.price.fields["weight_bytes"] == alone[setting].price.fields["weight_bytes"]


def test_the_test_part_is_looked_at_only_where_it_is_asked(plan):
    (found,), _, _ = on(plan, [Split(0)])
    assert all(each.answers_test is None for each in found.values())


def test_where_there_are_many_inputs_narrow_networks_are_not_filled_up_to_wide_ones(plan, monkeypatch):
    shapes = {Shape(0, 0), Shape(0, 6), Shape(0, 24), Shape(0, 96)}

    def sizes():
        return [
            len(stack.starts)
            for stack in next(Trainings(plan, Effort(3, 2, 10**6)).dense([Split(0)], shapes))
        ]

    assert sizes() == [3, 1]
    monkeypatch.setattr("hwsearch.rival.trainings._FEW_INPUTS", 32)
    assert sizes() == [1, 2, 1]


def test_nothing_to_train_is_not_asked_for(plan):
    trainings = Trainings(plan, Effort(3, 2, 10**6))
    assert found_by(trainings.dense([Split(0)], []), None) == [{}]
    assert found_by(trainings.tuned([Split(0)], [], [{}]), None) == [{}]
    assert trainings.spent == 0
