"""Jobs in segments, through a worker's pickle and the cache, give what one whole job gives."""

from dataclasses import replace

import numpy as np
import pytest

from hwsearch.compress.masks import prune
from hwsearch.data.datasets import Dataset
from hwsearch.network.integers import Widths
from hwsearch.network.stack import Ticket, initial_params
from hwsearch.network.topology import NetworkSpec, layer_shapes
from hwsearch.search.jobs import job as jobs
from hwsearch.search.jobs import pool as trainer
from hwsearch.search.jobs.job import Bench, Job, run_job
from hwsearch.search.jobs.pool import Trainer
from hwsearch.search.store.cache import Cache
from hwsearch.train.loop import Schedule

RNG = np.random.default_rng(0)
Y = np.arange(90) % 3
X = (RNG.integers(0, 5, (90, 1, 4, 4)) + 11 * (np.arange(4) == Y[:, None])[:, None, None, :]).astype(np.uint8)


def bench():
    own = NetworkSpec(layer_shapes("fc12", (1, 4, 4), 3), 1, 1.0, "zero", True, "max", (1, 4, 4), 16, 5, 3)
    data = Dataset("made", X[:60], Y[:60], X[60:80], Y[60:80], X[80:], Y[80:], 16, 5, 3, (1, 4, 4))
    return Bench(own, data, Widths(), "fused")


def job():
    params = initial_params(bench().spec, 0)
    cuts = [("weight", 0.5, 4), ("channel", 0.25, 2), ("weight", 0.0, 8)]
    tickets = [Ticket(params, tuple(prune([p.weight for p in params], g, s)), (b, b)) for g, s, b in cuts]
    return Job(tuple(tickets), 3, Schedule(5, 16, 0.01), 0)


def same(first, second):
    assert (first.accuracy_val, first.accuracy_val_float) == (second.accuracy_val, second.accuracy_val_float)
    for a, b in zip(first.network.layers, second.network.layers, strict=True):
        assert np.array_equal(a.weight, b.weight)
        assert np.array_equal(a.bias, b.bias)


def test_a_job_in_segments(tmp_path):
    whole = run_job(bench(), job())
    rung = run_job(bench(), replace(job(), until=2, keep_checkpoint=True))
    assert [one.train_steps for one in rung] == [2 * 60 * 3] * 3
    cache = Cache(tmp_path, "plan")
    cache.save(cache.path("rung", 0), rung[2])
    assert cache.load(cache.path("rung", 0)).checkpoint is None
    kept = cache.load(cache.path("rung", 0), with_checkpoint=True).checkpoint
    rest = replace(job(), tickets=job().tickets[1:], resume=(rung[1].checkpoint, kept))
    last = run_job(bench(), rest)
    assert [one.train_steps for one in last] == [3 * 60 * 3] * 2
    for one, other in zip(last, whole[1:], strict=True):
        same(one, other)
        assert one.checkpoint is None


def test_a_checkpoint_comes_back_from_a_worker():
    first = replace(job(), until=1, keep_checkpoint=True)
    with Trainer(bench(), 2) as pool:
        (there,) = pool.run([first])
        (last,) = pool.run([replace(job(), resume=tuple(one.checkpoint for one in there))])
    for one, other in zip(last, run_job(bench(), job()), strict=True):
        same(one, other)


def test_one_whose_checkpoint_is_not_kept_is_missing(tmp_path):
    cache = Cache(tmp_path, "plan")
    cache.save(cache.path("rung", 0), run_job(bench(), job())[0])
    assert cache.load(cache.path("rung", 0)) is not None
    assert cache.load(cache.path("rung", 0), with_checkpoint=True) is None


def test_a_stack_that_breaks_is_tried_one_by_one(monkeypatch):
    def one_at_a_time(spec, tickets, *args, **options):
        if len(tickets) > 1:
            raise RuntimeError("out of memory")
        return train(spec, tickets, *args, **options)

    rung = run_job(bench(), replace(job(), until=2, keep_checkpoint=True))
    rest = replace(job(), resume=tuple(one.checkpoint for one in rung))
    whole, train = run_job(bench(), rest), jobs.train_stack
    monkeypatch.setattr(jobs, "train_stack", one_at_a_time)
    for one, other in zip(run_job(bench(), rest), whole, strict=True):
        same(one, other)
        assert one.train_steps == 3 * 60 * 3


def test_one_alone_that_the_memory_does_not_hold_has_failed(monkeypatch):
    def too_large(*args, **options):
        raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(jobs, "train_stack", too_large)
    failed = run_job(bench(), job())
    assert len(failed) == 3
    assert all("can't allocate memory" in one.failure and one.train_steps == 5 * 60 * 3 for one in failed)


@pytest.mark.parametrize("place", ["train_stack", "fold_counting_losses", "run_integer_stack", "logits"])
@pytest.mark.parametrize("error", [ValueError, RuntimeError, FloatingPointError])
def test_a_fault_of_ours_is_no_candidates_failure(monkeypatch, place, error):
    def wrong(*args, **options):
        raise error("a bug")

    monkeypatch.setattr(jobs, place, wrong)
    with pytest.raises(error, match="a bug"):
        run_job(bench(), replace(job(), schedule=Schedule(1, 16, 0.01)))


def test_stacks_by_timesteps_and_workers(monkeypatch):
    monkeypatch.setattr(trainer, "_fastest", lambda bench, timesteps, batch, most: 4)
    with Trainer(bench(), 1) as pool:
        assert pool.stacks([3, 2, 3, 3, 3, 3], 16, "auto") == [[1], [0, 2, 3, 4], [5]]
        assert pool.stacks([3, 3, 3], 16, 2) == [[0, 1], [2]]
        assert pool.stacks([], 16, "auto") == []
        pool._workers = 2  # no worker waits
        assert pool.stacks([3] * 5, 16, "auto") == [[0, 1, 2], [3, 4]]


def test_the_size_is_measured_in_a_worker():
    with Trainer(bench(), 2) as pool:
        (first, *_) = pool.stacks([2] * 64, 16, "auto")
    assert len(first) in (1, 2, 4, 8, 16, 32)


def test_a_stack_that_would_not_fit_is_split(monkeypatch):
    whole, sizes = run_job(bench(), job()), []

    def train(spec, tickets, *args, **options):
        sizes.append(len(tickets))
        return original(spec, tickets, *args, **options)

    original = jobs.train_stack
    monkeypatch.setattr(jobs, "train_stack", train)
    monkeypatch.setattr(jobs, "fitting", lambda *args: 2)
    for one, other in zip(run_job(bench(), job()), whole, strict=True):
        same(one, other)
    assert sizes == [2, 1]
