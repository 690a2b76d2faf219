"""Workers that load beside whoever started them: taken, given up, and without a word."""

import gc
import multiprocessing
import os
import time
from functools import partial

import pytest
from builders.jobs import bench

from hwsearch.search.jobs.loading import LoadingWorkers, ahead, taken
from hwsearch.search.jobs.pool import Processes, Trainer


def place(bench, seconds):
    """Return which process this is; it takes a while, so that another one takes the next task."""
    time.sleep(seconds)
    return os.getpid()


def children():
    return {child.pid for child in multiprocessing.active_children()}


def ended(pids):
    for child in multiprocessing.active_children():
        if child.pid in pids:
            child.join(30)
    return not pids & children()


@pytest.mark.slow  # processes that import torch
def test_a_trainer_takes_the_workers_that_were_started_ahead():
    before = children()
    with ahead(2):
        loading = children() - before
        assert len(loading) == 2
        with Trainer(bench(), 2) as trainer:
            found = dict(trainer._crew.results([partial(place, seconds=1.0)] * 2))
        assert set(found.values()) == loading
    assert ended(loading)


@pytest.mark.slow  # processes that import torch
def test_workers_that_nobody_takes_end_without_a_word(capfd):
    before, loading = children(), set()

    def refused():
        with ahead(2):
            loading.update(children() - before)
            raise KeyError

    with pytest.raises(KeyError):
        refused()
    assert len(loading) == 2
    gc.collect()
    assert ended(loading)
    assert capfd.readouterr().err == ""


@pytest.mark.slow  # processes that import torch
def test_as_many_as_are_asked_for_are_taken_or_none():
    before = children()
    with ahead(2):
        loading = children() - before
        with Trainer(bench(), 1) as trainer:
            assert trainer._crew.size == 1
        assert ended(loading)
        assert taken(2) is None


def test_one_worker_is_this_process_and_nothing_is_started():
    before = children()
    with ahead(1):
        assert children() == before
        assert taken(1) is None


@pytest.mark.slow  # a process that imports torch
def test_a_crew_works_on_the_bench_that_it_sends_to_those_that_load():
    loading = LoadingWorkers(1)
    crew = Processes(bench(), 1, loading)
    assert dict(crew.results([classes])) == {0: 3}
    crew.close(at_once=False)


def classes(bench):
    return bench.data.classes
