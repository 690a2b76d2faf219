"""Jobs on a Dask cluster: the results of one process, and words for all that goes wrong on the way."""

import time
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from builders.clusters import cluster_here, free_port
from builders.jobs import assert_same, bench, job

pytest.importorskip("distributed")

from hwsearch.errors import InputError, NoResources, WorkersAway
from hwsearch.search.jobs import cluster as module
from hwsearch.search.jobs.cluster import Cluster
from hwsearch.search.jobs.facts import facts_here
from hwsearch.search.jobs.job import run_job
from hwsearch.search.jobs.pool import Trainer
from hwsearch.search.jobs.scheduler import Scheduler
from hwsearch.space.candidate import Candidate
from hwsearch.train.loop import Schedule

SHORT = replace(job(), schedule=Schedule(1, 16, 0.01), keep_params=True)


@pytest.fixture(scope="module")
def address():
    with cluster_here() as found:
        yield found


def connected(address, **options):
    return Cluster(Scheduler(address), **options)


def n_classes(bench):
    return bench.data.classes


def fail_with(bench, error):
    raise error


def slow_then(bench, value, seconds):
    time.sleep(seconds)
    return value


def test_a_cluster_gives_what_one_process_gives_in_the_order_of_the_jobs(address):
    jobs, done = [replace(SHORT, tickets=(ticket,)) for ticket in SHORT.tickets], []
    with connected(address) as cluster, Trainer(bench(), cluster) as trainer:
        there = trainer.run(jobs, lambda index, results: done.append(index))
        assert trainer.run([]) == []
    assert sorted(done) == [0, 1, 2]
    for (first,), second in zip(there, run_job(bench(), SHORT), strict=True):
        assert_same(first, second)
        for a, b in zip(first.params.weights, second.params.weights, strict=True):
            assert np.array_equal(a, b)


def test_the_size_of_a_stack_is_measured_there_and_no_worker_waits(address, monkeypatch):
    monkeypatch.setattr("hwsearch.search.jobs.pool._fastest", lambda *given: 8)
    candidates = [Candidate((0.5,), "weight", (8,), 3)] * 6
    with connected(address) as cluster, Trainer(bench(), cluster) as trainer:
        assert cluster.size == 2
        assert cluster.neighbours == 2
        assert trainer.stacks(candidates, 16, "auto") == [[0, 1, 2], [3, 4, 5]]


def test_what_is_finished_first_comes_first(address):
    tasks = [partial(slow_then, value="slow", seconds=0.5), partial(slow_then, value="quick", seconds=0.0)]
    with connected(address) as cluster:
        assert list(cluster.crew(bench()).results(tasks)) == [(1, "quick"), (0, "slow")]


def test_what_goes_wrong_while_the_next_task_is_worked_out_is_no_loss_of_the_cluster(address):
    def tasks():
        yield n_classes
        raise OSError(28, "No space left on device")

    with connected(address) as cluster:
        with pytest.raises(OSError, match="No space left"):
            list(cluster.crew(bench()).results(tasks()))
        assert list(cluster.crew(bench()).results(task for task in [n_classes])) == [(0, 3)]


def test_a_bug_of_a_task_is_raised_here_and_a_full_disk_is_no_bug(address):
    with connected(address) as cluster:
        crew = cluster.crew(bench())
        with pytest.raises(ZeroDivisionError):
            list(crew.results([partial(fail_with, error=ZeroDivisionError("1 / 0"))]))
        with pytest.raises(NoResources, match="No space left"):
            list(crew.results([partial(fail_with, error=OSError(28, "No space left on device"))]))
        assert list(crew.results([n_classes])) == [(0, 3)]


def test_a_worker_that_dies_while_the_data_travel_is_no_bug(address, monkeypatch):
    client_class = pytest.importorskip("distributed").Client
    said, scatter, deaths = [], client_class.scatter, ["tcp://127.0.0.1:1"]

    def dying(client, *given, **options):
        if deaths:
            raise KeyError(deaths.pop())
        return scatter(client, *given, **options)

    monkeypatch.setattr(client_class, "scatter", dying)
    with connected(address, say=said.append) as cluster:
        assert list(cluster.crew(bench()).results([n_classes])) == [(0, 3)]
    assert any("died while the data travelled" in words for words in said)


def test_workers_that_are_not_like_the_driver_are_refused_by_name(address, monkeypatch):
    monkeypatch.setattr(module, "facts_here", lambda: replace(facts_here(), torch="1.0", code="other"))
    with pytest.raises(InputError) as caught, connected(address):
        pass
    words = [str(fault) for fault in caught.value.faults]
    assert len(words) == 2
    assert all("worker tcp://127.0.0.1:" in word and "the driver has 1.0" in word for word in words)
    assert all("code of hwsearch" in word for word in words)


def test_a_worker_that_came_later_and_is_not_like_the_driver_is_refused(address, monkeypatch):
    with connected(address) as cluster:
        monkeypatch.setattr(module, "facts_here", lambda: replace(facts_here(), numpy="1.0"))
        with pytest.raises(InputError, match=r"the driver has 1\.0"):
            list(cluster.crew(bench()).results([n_classes]))


def test_a_worker_of_several_threads_is_refused():
    with cluster_here(workers=1, threads=2) as address, pytest.raises(InputError, match="--nthreads 1"):
        connected(address).__enter__()


def test_gpus_that_workers_lack_are_refused(address):
    with connected(address) as cluster:
        assert cluster.device("auto") == "cpu"
        with pytest.raises(InputError, match="needs a GPU on every worker"):
            cluster.device("cuda")


def test_a_scheduler_that_is_away_is_waited_for_and_then_named():
    said = []
    address = f"tcp://127.0.0.1:{free_port()}"
    began = time.monotonic()
    with pytest.raises(WorkersAway, match=f"{address}: the scheduler must be reachable") as caught:
        connected(address, say=said.append, patience_s=2.0).__enter__()
    assert caught.value.exit_code == 3
    assert time.monotonic() - began < 20
    assert said
    assert address in said[0]


def test_a_scheduler_without_workers_is_waited_with_for_longer():
    said = []
    with cluster_here(workers=0) as address, pytest.raises(WorkersAway, match="no workers"):
        connected(address, say=said.append, workers_patience_s=1.0).__enter__()
    assert said == [f"{address}: no workers; waiting for it"]


def test_a_cluster_is_used_as_a_context_manager(address):
    with pytest.raises(RuntimeError, match="context manager"):
        _ = connected(address).client
