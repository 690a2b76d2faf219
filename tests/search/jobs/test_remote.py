"""What a Dask worker does: tasks and results as bytes, its own facts first; light enough for a scheduler to import."""

import subprocess
import sys
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from builders.jobs import assert_same, bench, job

pytest.importorskip("distributed")

import asyncio

from hwsearch.search.jobs.facts import facts_here
from hwsearch.search.jobs.job import run_job
from hwsearch.search.jobs.remote import ask, pack, unpack, work
from hwsearch.train.loop import Schedule

SHORT = replace(job(), schedule=Schedule(1, 16, 0.01), keep_params=True)


def test_what_is_packed_is_unpacked_to_the_last_bit():
    packed = pack(SHORT)
    again = unpack(packed)
    for there, here in zip(again.tickets, SHORT.tickets, strict=True):
        for a, b in zip(
            (*there.params.weights, *there.masks), (*here.params.weights, *here.masks), strict=True
        ):
            assert a.dtype == b.dtype
            assert np.array_equal(a, b)


def test_masks_shrink_on_their_way():
    masks = [np.random.default_rng(0).random((256, 256)) < 0.1]
    assert len(pack(masks)) < masks[0].nbytes / 5


def test_a_task_gives_what_it_gives_here():
    there = unpack(work(pack(partial(run_job, job=SHORT)), bench(), facts_here()))
    for first, second in zip(there, run_job(bench(), SHORT), strict=True):
        assert_same(first, second)
        for a, b in zip(first.params.weights, second.params.weights, strict=True):
            assert np.array_equal(a, b)


def test_a_worker_that_is_not_like_the_driver_runs_nothing():
    theirs = replace(facts_here(), torch="1.0")
    assert work(b"never opened", bench(), theirs) == facts_here()


def test_a_worker_says_its_threads():
    answer = asyncio.run(ask(SimpleNamespace(state=SimpleNamespace(nthreads=3))))
    assert answer.threads == 3
    assert answer.facts == facts_here()


@pytest.mark.slow  # another Python
def test_a_scheduler_imports_no_torch():
    code = "import hwsearch.search.jobs.remote, sys; assert 'torch' not in sys.modules, 'heavy'"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
