"""How candidates are trained, in one piece or rung by rung."""

from dataclasses import replace

import pytest
from builders.records import plan_of_three_rungs

from hwsearch.plan.schedules import augmentation_of, candidate_schedule, dense_schedule, rung_schedule
from hwsearch.study.sections import Augment, Train
from hwsearch.train.augment import Augmentation


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


def test_the_dense_network_differs_by_its_epochs_and_rate_alone(plan):
    train = plan.study.train
    alike = replace(dense_schedule(plan), epochs=train.epochs, learning_rate=train.learning_rate)
    assert alike == candidate_schedule(plan)
    assert dense_schedule(plan).epochs == train.dense_epochs


def test_all_trainings_move_images_as_the_study_says(plan):
    asked = Augment(shift=2, flip="horizontal")
    train = plan.study.train.model_copy(update={"augment": asked})
    moved = replace(plan, study=plan.study.model_copy(update={"train": train}))
    found = {s.augment for s in (candidate_schedule(moved), dense_schedule(moved), rung_schedule(moved, 0))}
    assert found == {Augmentation(2, "horizontal")}
    assert augmentation_of(Train()) is None
