"""An upgrade guard: what the search relies on in Dask. One that fails names what has to be thought through again."""

import asyncio
import contextlib
import os
import signal
import time

import dask.config
import numpy as np
import pytest
from builders.cluster_tasks import die, die_once, nothing
from builders.clusters import RealCluster, cluster_here, wait_until

distributed = pytest.importorskip("distributed")
protocol = pytest.importorskip("distributed.protocol")
Client, KilledWorker, get_worker = distributed.Client, distributed.KilledWorker, distributed.get_worker


@contextlib.contextmanager
def client_of(address, **options):
    with Client(address, set_as_default=False, timeout=120, **options) as client:
        yield client


@pytest.fixture(scope="module")
def address():
    with cluster_here() as found:
        yield found


def identity(value):
    time.sleep(0.02)
    return id(value), get_worker().address


def test_what_is_broadcast_is_one_object_for_all_tasks_of_a_worker(address):
    with client_of(address) as client:
        placed = client.scatter(np.zeros(10), broadcast=True, hash=False)
        assert len(client.who_has(placed)[placed.key]) == 2
        seen = client.gather([client.submit(identity, placed, pure=False) for _ in range(8)])
        assert {worker for _, worker in seen} == set(client.scheduler_info()["workers"])
        assert len(set(seen)) == 2


def test_a_task_runs_as_often_as_it_is_submitted(address):
    with client_of(address) as client:
        first, second = (client.submit(nothing, pure=False) for _ in range(2))
        assert first.key != second.key


def test_a_callback_is_called_whatever_becomes_of_a_future(address):
    called = []
    with client_of(address) as client:
        failed, cancelled = client.submit(int, "x"), client.submit(nothing, 5.0, pure=False)
        for future in (failed, cancelled):
            future.add_done_callback(lambda future: called.append(future.status))
        wait_until(lambda: called == ["error"], 10)
        cancelled.cancel()
        wait_until(lambda: called == ["error", "cancelled"], 10)
        with pytest.raises(distributed.client.CancelledError):
            cancelled.result()
        assert isinstance(failed.exception(), ValueError)


def test_what_nobody_waits_for_is_forgotten(address):
    with client_of(address) as watcher:
        with client_of(address) as client:
            placed = client.scatter(np.zeros(10), broadcast=True, hash=False)
            key = placed.key
            assert key in watcher.run_on_scheduler(lambda dask_scheduler: set(dask_scheduler.tasks))
        wait_until(
            lambda: key not in watcher.run_on_scheduler(lambda dask_scheduler: set(dask_scheduler.tasks))
        )


def test_a_worker_gives_itself_to_what_is_run_on_it_and_functions_may_wait(address):
    async def threads(dask_worker):
        await asyncio.sleep(0)
        return dask_worker.state.nthreads

    def broken():
        raise ImportError("not here")

    with client_of(address) as client:
        assert set(client.run(threads).values()) == {1}
        errors = client.run(broken, on_error="return")
        assert len(errors) == 2
        assert all(isinstance(error, ImportError) for error in errors.values())
        with pytest.raises(ImportError):
            client.run_on_scheduler(broken)


def test_nothing_is_compressed_unless_it_is_asked_for():
    # why tasks and results are packed
    assert dask.config.get("distributed.comm.compression") in (False, None)


def test_arrays_survive_serialisation_with_their_bits():
    values = {"a": np.array([0.1, np.nan, -0.0], np.float32), "b": np.zeros((0, 3), bool)}
    again = protocol.deserialize_bytes(protocol.serialize_bytes(values, compression=None))
    assert {name: array.tobytes() for name, array in again.items()} == {
        name: array.tobytes() for name, array in values.items()
    }
    assert [array.dtype for array in again.values()] == [np.float32, bool]


def test_a_job_may_kill_three_workers_before_it_is_given_up():
    assert dask.config.get("distributed.scheduler.allowed-failures") == 3


@pytest.mark.slow
def test_a_dead_worker_costs_its_task_s_time_and_a_deadly_task_is_given_up(tmp_path):
    with RealCluster(tmp_path, 2) as real, client_of(real.address) as client:
        client.wait_for_workers(2, timeout=60)
        assert client.submit(die_once, tmp_path / "died", pure=False).result(60) == "done"
        wait_until(lambda: len(client.nthreads()) == 2)
        deadly = client.submit(die, pure=False)
        error = deadly.exception(120)
        assert isinstance(error, KilledWorker)
        assert error.allowed_failures == 3
        assert error.last_worker.address.startswith("tcp://")
        wait_until(lambda: len(client.nthreads()) == 2)  # Dask's nannies start them again
        assert set(client.run(lambda: os.environ["OMP_NUM_THREADS"]).values()) == {"1"}
        profiled = client.run(lambda dask_worker: "profile" in dask_worker.periodic_callbacks)
        assert set(profiled.values()) == {False}  # as the environment of the workers says


@pytest.mark.slow
def test_a_scheduler_that_dies_cancels_every_future_and_ends_its_workers(tmp_path):
    with RealCluster(tmp_path, 1) as real, client_of(real.address) as client:
        client.wait_for_workers(1, timeout=60)
        statuses = []
        future = client.submit(nothing, 30.0, pure=False)
        future.add_done_callback(lambda future: statuses.append(future.status))
        real.stop(real.scheduler, signal.SIGKILL)
        wait_until(lambda: statuses == ["cancelled"])
        # so that whoever starts schedulers again has to start workers again
        wait_until(lambda: real.nanny.poll() is not None, 90)
