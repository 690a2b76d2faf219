"""Who runs jobs: results in order, here or in workers; candidates in stacks of the size that is fastest."""

import gc
import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from builders import graphs
from builders.jobs import assert_all_end, assert_same, bench, job

from hwsearch.errors import NoResources
from hwsearch.search.jobs import pool as pools
from hwsearch.search.jobs.job import run_job
from hwsearch.search.jobs.pool import Processes, Trainer
from hwsearch.space.candidate import Candidate
from hwsearch.train.loop import Schedule

SHORT = replace(job(), schedule=Schedule(1, 16, 0.01))


def of(timesteps, networks=()):
    """Return candidates of so many timesteps, of the networks listed or of the only one."""
    networks = networks or [0] * len(timesteps)
    return [Candidate((0.5,), "weight", (8,), *knobs) for knobs in zip(timesteps, networks, strict=True)]


@pytest.mark.slow  # two processes that import torch
def test_workers_give_what_one_process_gives_in_the_order_of_the_jobs():
    jobs, done = [replace(SHORT, tickets=(ticket,)) for ticket in SHORT.tickets], []
    with Trainer(bench(), 2) as pool:
        there = pool.run(jobs, lambda index, results: done.append((index, len(results))))
        (first, *_) = pool.stacks(of([2] * 64), 16, "auto")  # the size is measured in a worker
    assert len(first) in (1, 2, 4, 8, 16, 32)
    with Trainer(bench(), 1) as pool:
        here = pool.run(jobs)
    assert sorted(done) == [(0, 1), (1, 1), (2, 1)]
    for (first,), (second,), alone in zip(there, here, run_job(bench(), SHORT), strict=True):
        assert_same(first, second)
        assert_same(first, alone)


@pytest.mark.slow  # two processes that import torch
def test_interrupted_workers_do_not_train_to_the_end():
    endless = replace(SHORT, schedule=Schedule(10**6, 16, 0.01))

    def interrupt(index, results):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), Trainer(bench(), 2) as pool:
        pool.run([endless, SHORT], interrupt)
    assert_all_end()


def die_until(bench, folder, times):
    """Kill the process that runs this, so many times; then return how often that was."""
    deaths = len(list(Path(folder).iterdir()))
    if deaths < times:
        (Path(folder) / str(deaths)).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return deaths


def classes(bench):
    return bench.data.classes


def large(bench):
    """Return a bench that no pipe holds at once."""
    data = replace(bench.data, x_train=np.repeat(bench.data.x_train, 1000, axis=0))
    return replace(bench, data=data)


@pytest.mark.slow  # processes that import torch
def test_the_first_task_starts_all_workers_and_nobody_waits_for_them():
    crew, before = Processes(large(bench()), 2), set(multiprocessing.active_children())
    first = crew.begin(classes)
    assert not first.done()
    assert len(set(multiprocessing.active_children()) - before) == 2
    assert first.result() == 3
    assert dict(crew.results([classes] * 3)) == {0: 3, 1: 3, 2: 3}
    assert len(set(multiprocessing.active_children()) - before) == 2
    crew.close(at_once=False)


@pytest.mark.slow  # a process that imports torch
def test_a_worker_that_still_loads_is_given_up_without_a_word(capfd):
    crew = Processes(bench(), 1)
    crew.begin(classes)
    time.sleep(0.2)  # what it works on is sent
    crew.close(at_once=True)
    del crew
    gc.collect()
    assert_all_end()
    assert capfd.readouterr().err == ""


@pytest.mark.slow  # processes that import torch
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_workers_do_not_wait_for_a_bench_that_cannot_be_sent():
    crew = Processes(replace(bench(), neuron_loop=lambda: None), 1)
    with pytest.raises(NoResources):
        list(crew.results([classes]))


@pytest.mark.slow  # processes that import torch
def test_a_worker_that_is_killed_costs_time_and_nothing_else(tmp_path):
    crew = Processes(bench(), 2)
    tasks = [classes, partial(die_until, folder=tmp_path, times=1), classes]
    assert dict(crew.results(tasks)) == {0: 3, 1: 1, 2: 3}
    crew.close(at_once=False)


def wait_for(bench, path):
    """Return how often this looked for a file until it was there."""
    for turn in range(6000):
        if Path(path).exists():
            return turn
        time.sleep(0.01)
    raise TimeoutError(path)


@pytest.mark.slow  # processes that import torch
def test_while_a_task_runs_the_next_one_is_worked_out(tmp_path):
    def tasks():
        yield partial(wait_for, path=tmp_path / "worked out")
        (tmp_path / "worked out").touch()
        yield classes

    crew = Processes(bench(), 1)
    assert dict(crew.results(tasks()))[1] == 3
    crew.close(at_once=False)


@pytest.mark.slow  # processes that import torch
def test_a_job_that_kills_every_worker_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(pools, "_DEATHS", 1)
    crew = Processes(bench(), 2)
    with pytest.raises(NoResources, match="got 2 deaths in a row") as caught:
        list(crew.results([partial(die_until, folder=tmp_path, times=99)]))
    assert caught.value.exit_code == 5


def test_no_stack_mixes_networks(monkeypatch):
    monkeypatch.setattr(pools, "_fastest", lambda bench, network, timesteps, batch, most: 4)
    two = replace(bench(), networks=(*bench().networks, graphs.spec("fc4", (1, 4, 4))))
    with Trainer(two, 1) as pool:
        assert pool.stacks(of([3, 3, 3, 2], [0, 1, 0, 1]), 16, "auto") == [[0, 2], [3], [1]]


def test_stacks_by_timesteps_and_workers(monkeypatch):
    monkeypatch.setattr(pools, "_fastest", lambda bench, network, timesteps, batch, most: 4)
    with Trainer(bench(), 1) as pool:
        assert pool.stacks(of([3, 2, 3, 3, 3, 3]), 16, "auto") == [[1], [0, 2, 3, 4], [5]]
        assert pool.stacks(of([3, 3, 3]), 16, 2) == [[0, 1], [2]]
        assert pool.stacks([], 16, "auto") == []
        pool._crew.size = 2  # no worker waits
        assert pool.stacks(of([3] * 5), 16, "auto") == [[0, 1, 2], [3, 4]]


def test_no_stack_is_larger_than_the_memory_and_its_size_is_measured_once(monkeypatch):
    asked = []
    monkeypatch.setattr(pools, "fitting", lambda *args: 3)
    monkeypatch.setattr(
        pools, "_fastest", lambda bench, network, timesteps, batch, most: asked.append(most) or most
    )
    with Trainer(bench(), 1) as pool:
        for _ in range(2):
            assert pool.stacks(of([2] * 7), 16, "auto") == [[0, 1, 2], [3, 4, 5], [6]]
    assert asked == [3]


def feeders():
    """Return the threads of this process that send tasks to workers, or wait for one that does."""
    return [
        t for t in threading.enumerate() if "QueueFeeder" in t.name or "ExecutorManager" in type(t).__name__
    ]


def weigh(bench, load):
    """Return how much was sent."""
    return len(load)


@pytest.mark.slow  # a process that is forked from one that imports torch
@pytest.mark.parametrize("dies", [False, True])
def test_what_no_worker_reads_any_more_holds_nobody_up(dies):
    before, load = feeders(), bytes(4 << 20)  # more than a pipe holds
    crew = Processes(bench(), 1)
    pid = crew.begin(process_of).result()
    os.kill(pid, signal.SIGSTOP)
    sent = crew.begin(partial(weigh, load=load))
    time.sleep(0.5)  # the pipe is full
    os.kill(pid, signal.SIGKILL if dies else signal.SIGCONT)
    if dies:
        with pytest.raises(BrokenProcessPool):
            sent.result(30)
    else:
        assert sent.result(30) == len(load)
    crew.close(at_once=True)
    until = time.monotonic() + 30
    while left := set(feeders()) - set(before):
        assert time.monotonic() < until, left
        time.sleep(0.05)


def process_of(bench):
    return os.getpid()
