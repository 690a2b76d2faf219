"""How candidates are trained, in one piece or rung by rung."""

import pytest
from builders.records import plan_of_three_rungs

from hwsearch.plan.schedules import candidate_schedule, rung_schedule


@pytest.fixture
def plan(tmp_path, tiny_text):
    return plan_of_three_rungs(tmp_path, tiny_text)


def test_a_rung_is_a_cosine_of_its_own_and_they_add_up(plan):
    assert plan.cycles == (1, 3, 12)
    assert [rung_schedule(plan, rung).epochs for rung in range(3)] == [1, 3, 12]
    assert candidate_schedule(plan).epochs == 16


def test_a_rung_differs_from_the_whole_by_its_epochs_alone(plan):
    whole, rung = candidate_schedule(plan), rung_schedule(plan, 0)
    train = plan.study.train
    assert (rung.batch_size, rung.learning_rate) == (whole.batch_size, whole.learning_rate)
    assert (whole.batch_size, whole.learning_rate) == (train.batch_size, train.learning_rate)
