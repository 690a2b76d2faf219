"""A process that trains while others wait: one job after the other, and nothing that anybody waits for."""

import os
import signal
import time
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from builders.jobs import assert_all_end, assert_same, bench, job

from hwsearch.search.jobs.job import run_job, train_job
from hwsearch.search.jobs.pool import Trainer
from hwsearch.search.jobs.processes import Processes
from hwsearch.search.jobs.spare import Spare
from hwsearch.train.loop import Schedule

SHORT = replace(job(), schedule=Schedule(1, 16, 0.01))


class Process:
    """One whose tasks a test finishes."""

    def __init__(self):
        self.begun, self.closed = [], None

    def begin(self, task):
        self.begun.append(Future())
        return self.begun[-1]

    def close(self, at_once):
        self.closed = at_once


def spare_of(names):
    """Return one with a task of each owner, its process, which is started at most once, and what it was given."""
    process, kept = Process(), []
    spare = Spare(lambda: process)
    for name in names:
        begin(spare, name, kept)
    return spare, process, kept


def begin(spare, name, kept, tasks=1):
    spare.begin(name, [run_job] * tasks, lambda place, done: kept.append((name, done)))


def test_one_job_is_under_way_and_the_next_begins_when_somebody_looks():
    spare, process, kept = spare_of("ab")
    spare.look()
    assert (len(process.begun), kept) == (1, [])
    process.begun[0].set_result("first")
    assert (len(process.begun), kept) == (1, [])
    spare.look()
    assert (len(process.begun), kept) == (2, [("a", "first")])
    process.begun[1].set_result("second")
    spare.look()
    assert (len(process.begun), kept) == (2, [("a", "first"), ("b", "second")])


def test_in_the_end_what_is_finished_is_kept_and_what_is_not_is_given_up():
    spare, process, kept = spare_of("abc")
    process.begun[0].set_result("first")
    spare.close()
    assert (kept, len(process.begun), process.closed) == ([("a", "first")], 1, True)
    spare, process, kept = spare_of("abc")
    spare.close()
    assert (kept, process.closed) == ([], True)
    spare.close()


def test_what_is_asked_for_is_given_up_and_the_others_go_on():
    started, kept = [], []
    spare = Spare(lambda: started.append(Process()) or started[-1])
    begin(spare, "a", kept, tasks=2)
    begin(spare, "b", kept)
    spare.give_up(["a"])
    assert [(len(process.begun), process.closed) for process in started] == [(1, True), (1, None)]
    started[1].begun[0].set_result("of b")
    begin(spare, "c", kept)
    spare.give_up(["d"])
    assert kept == [("b", "of b")]
    assert (len(started[1].begun), started[1].closed) == (2, None)


def test_what_follows_from_something_finished_is_given_up_with_it():
    process, places = Process(), []
    spare = Spare(lambda: process)

    def more(place, done):
        places.append(place)
        spare.begin("a", [run_job], more)

    spare.begin("a", [run_job, run_job], more)
    process.begun[0].set_result(None)
    spare.look()
    process.begun[1].set_result(None)
    spare.give_up(["a"])
    assert (places, len(process.begun), process.closed) == ([0, 1], 3, True)
    spare.look()
    assert len(process.begun) == 3


def test_what_breaks_is_left_to_those_who_tell():
    spare, process, kept = spare_of("ab")
    process.begun[0].set_exception(MemoryError())
    spare.look()
    spare.look()
    assert (kept, len(process.begun)) == ([], 1)


def test_where_there_is_none_nothing_begins():
    spare = Spare(None)
    begin(spare, "a", [])
    spare.look()
    spare.give_up(["a"])
    spare.close()
    assert spare.size == 0


def test_only_several_processes_of_a_cpu_have_one():
    assert Trainer(bench(), 1).spare.size == 0
    assert Trainer(replace(bench(), device="cuda"), 2).spare.size == 0
    assert Trainer(bench(), 2).spare.size == 1


def test_trained_alone_and_measured_later_is_trained_and_measured():
    done = train_job(bench(), SHORT)
    assert done.seconds > 0
    for first, second in zip(
        run_job(bench(), SHORT), run_job(bench(), replace(SHORT, trained=done.trained)), strict=True
    ):
        assert_same(first, second)
        assert (first.train_steps, first.eval_steps) == (second.train_steps, second.eval_steps)


def policy(bench):
    return os.sched_getscheduler(0) if hasattr(os, "SCHED_IDLE") else os.nice(0)


def process_of(bench):
    return os.getpid()


@pytest.mark.slow  # a process that is forked from one that imports torch
def test_a_process_that_dies_while_it_has_nothing_to_do_is_left_to_those_who_tell():
    crew, kept = Processes(bench(), 1), []
    spare = Spare(lambda: crew)
    pid = crew.begin(process_of).result()
    os.kill(pid, signal.SIGKILL)
    while Path(f"/proc/{pid}").exists():
        time.sleep(0.01)
    time.sleep(0.5)  # its pool has heard of it
    begin(spare, "a", kept, tasks=2)
    spare.look()
    spare.give_up(["a"])
    assert (kept, spare.size) == ([], 0)
    spare.close()


@pytest.mark.slow  # a process that imports torch
def test_a_yielding_process_leaves_its_core_to_others_and_ends_with_the_trainer():
    crew = Processes(bench(), 1, yielding=True)
    assert crew.begin(policy).result() == (os.SCHED_IDLE if hasattr(os, "SCHED_IDLE") else 19)
    assert os.sched_getscheduler(0) == os.SCHED_OTHER
    crew.close(at_once=False)
    endless, kept = replace(SHORT, schedule=Schedule(10**6, 16, 0.01)), []
    with Trainer(bench(), 2) as trainer:
        tasks = [partial(train_job, job=job) for job in (SHORT, endless)]
        trainer.spare.begin("dense", tasks, lambda place, done: kept.append(place))
        while not kept:
            trainer.run([SHORT])
    assert kept == [0]
    assert_all_end()
