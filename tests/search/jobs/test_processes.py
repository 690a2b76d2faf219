"""Worker processes: all start with the first task, and what dies, hangs or is given up holds nobody up."""

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
from builders.jobs import assert_all_end, bench

from hwsearch.errors import NoResources
from hwsearch.search.jobs import processes
from hwsearch.search.jobs.processes import Processes


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
    monkeypatch.setattr(processes, "_DEATHS", 1)
    crew = Processes(bench(), 2)
    with pytest.raises(NoResources, match="got 2 deaths in a row") as caught:
        list(crew.results([partial(die_until, folder=tmp_path, times=99)]))
    assert caught.value.exit_code == 5


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
