"""Who runs jobs: results in order, here or in workers; candidates in stacks of the size that is fastest."""

from dataclasses import replace

import pytest
from builders import graphs
from builders.jobs import assert_all_end, assert_same, bench, job

from hwsearch.search.jobs import pool as pools
from hwsearch.search.jobs.job import run_job
from hwsearch.search.jobs.pool import Trainer
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
