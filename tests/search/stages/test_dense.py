"""The dense network: its ticket, its training, and fresh ones that are not trained twice."""

from types import SimpleNamespace

import pytest
from builders.records import plan_of_three_rungs

from hwsearch.measure.measured import Measured
from hwsearch.plan.schedules import dense_schedule
from hwsearch.search.stages.dense import dense_ticket, fresh_references, whole_steps
from hwsearch.search.store.cache import Cache


@pytest.fixture
def plan(tmp_path, tiny_text):
    return plan_of_three_rungs(tmp_path, tiny_text)


def test_its_ticket_keeps_every_weight_at_eight_bits(plan):
    ticket = dense_ticket(plan, 0)
    assert all(mask.all() for mask in ticket.masks)
    assert ticket.bits == (8, 8, 8)
    assert (dense_ticket(plan, 0).params.weights[0] == ticket.params.weights[0]).all()
    assert (dense_ticket(plan, 1).params.weights[0] != ticket.params.weights[0]).any()


def test_its_training_by_hand(plan):
    # 8 epochs at T 3 of the samples that are trained on
    assert dense_schedule(plan).epochs == 8
    assert whole_steps(plan) == 8 * 3 * len(plan.data.y_train)


def test_fresh_references_are_trained_once_each_with_its_seed(plan, tmp_path):
    cache, trained = Cache(tmp_path / "cache", "plan"), []

    def run(jobs, done):
        for index, job in enumerate(jobs):
            trained.append((job.seed, job.split_seed, job.test))
            done(index, [measured(job)])

    def measured(job):
        params = job.tickets[0].params
        return Measured("", None, None, 0.9, 0.9, 0.9, 0.0, 1, 1, params, 10, 1)

    trainer = SimpleNamespace(run=run)
    told = []
    first = fresh_references(plan, trainer, cache, [11, 12], told.append)
    assert trained == [(11, 11, True), (12, 12, True)]
    assert told == [1, 2]
    again = fresh_references(plan, trainer, cache, [12, 11, 13])
    assert trained[2:] == [(13, 13, True)]
    assert [m.accuracy_val for m in first] == [0.9, 0.9]
    assert len(again) == 3
