"""The dense network: its ticket, its training, and fresh ones that are not trained twice."""

from concurrent.futures import Future
from types import SimpleNamespace

import pytest
from builders.jobs import assert_same
from builders.records import plan_of_three_rungs

from hwsearch.measure.measured import Measured
from hwsearch.plan.schedules import dense_schedule
from hwsearch.search.jobs.job import Bench, run_job
from hwsearch.search.jobs.spare import Spare
from hwsearch.search.stages.dense import (
    begin_fresh,
    dense_ticket,
    fresh_references,
    steps_of_fresh,
    whole_steps,
)
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

    trainer = SimpleNamespace(run=run, spare=Spare(None))
    told = []
    first = fresh_references(plan, trainer, cache, [11, 12], told.append)
    assert trained == [(11, 11, True), (12, 12, True)]
    assert told == [1, 2]
    again = fresh_references(plan, trainer, cache, [12, 11, 13])
    assert trained[2:] == [(13, 13, True)]
    assert [m.accuracy_val for m in first] == [0.9, 0.9]
    assert len(again) == 3


class Lasting:
    """A process that has finished a task once it is told to go on."""

    def __init__(self, bench):
        self.bench, self.tasks, self.closed = bench, [], False

    def begin(self, task):
        future = Future()
        self.tasks.append((task, future))
        return future

    def go_on(self):
        task, future = self.tasks[-1]
        future.set_result(task(self.bench))

    def close(self, at_once):
        self.closed = at_once


@pytest.mark.parametrize("finished", [0, 1, 2])
def test_what_was_trained_meanwhile_is_what_the_workers_would_have_trained(plan, tmp_path, finished):
    bench = Bench(plan.networks, plan.data, plan.widths, "fused")
    process, jobs_run = Lasting(bench), []

    def run(jobs, done):
        jobs_run.append([job.trained is None for job in jobs])
        for index, (_, (result,)) in enumerate(zip(jobs, (run_job(bench, job) for job in jobs), strict=True)):
            done(index, [result])

    ordinary = SimpleNamespace(run=run, spare=Spare(None))
    wanted = fresh_references(plan, ordinary, Cache(tmp_path / "one", "plan"), [11, 12])
    begin_fresh(plan, ordinary, Cache(tmp_path / "none", "plan"), [11, 12])
    assert not (tmp_path / "none").exists()

    trainer, cache = SimpleNamespace(run=run, spare=Spare(lambda: process)), Cache(tmp_path / "two", "plan")
    begin_fresh(plan, trainer, cache, [11, 12])
    for _ in range(finished):
        process.go_on()
        trainer.spare.look()
    assert steps_of_fresh(plan, cache, [11, 12]) == finished * whole_steps(plan)
    found = fresh_references(plan, trainer, cache, [11, 12])
    assert process.closed == (finished < 2)
    assert jobs_run[1] == [True] * 2 if not finished else [False] * finished + [True] * (2 - finished)
    for first, second in zip(wanted, found, strict=True):
        assert_same(first, second)
        assert (first.accuracy_test, first.train_steps, first.eval_steps) == (
            second.accuracy_test,
            second.train_steps,
            second.eval_steps,
        )
        assert second.wall_s > 0
    # nothing is begun of what is there
    begin_fresh(plan, trainer, cache, [11, 12])
    assert len(process.tasks) == min(finished + 1, 2)
