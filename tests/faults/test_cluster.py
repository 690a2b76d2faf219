"""A cluster's scheduler and workers go away in the middle of a run: it waits, goes on, and loses nothing."""

import os
import random
import signal
import subprocess
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from builders.cluster_tasks import some_seconds
from builders.clusters import Fresh, RealCluster, wait_until
from builders.jobs import bench
from faults.kills import STUDY, assert_equal, driver, undisturbed

pytest.importorskip("distributed")

from hwsearch.errors import InputError, WorkersAway
from hwsearch.search.jobs.cluster import Cluster
from hwsearch.search.jobs.scheduler import Scheduler

pytestmark = pytest.mark.slow
SEED = 22
CERTIFICATES = Path(__file__).parents[2] / "studies" / "distributed" / "certificates.sh"


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = tmp_path_factory.mktemp("study") / "tiny.yaml"
    path.write_text(STUDY)
    return path


@pytest.fixture(scope="module")
def whole(study):
    undisturbed(study, study.parent / "whole", Fresh)
    return study.parent / "whole"


def at_work(folder):
    """Return whether a run has trained its first candidates."""
    log = folder / "log.jsonl"
    return log.exists() and "trained" in log.read_text()


def test_a_scheduler_that_is_stopped_and_started_is_waited_for(study, whole, tmp_path):
    folder = tmp_path / "run"
    with RealCluster(tmp_path / "cluster", 2) as cluster:
        with driver(study, folder, "--scheduler", cluster.address, start=Fresh) as process:
            wait_until(lambda: at_work(folder), 120)
            cluster.stop(cluster.scheduler, signal.SIGKILL)
            cluster.stop(cluster.nanny, signal.SIGKILL)
            time.sleep(2)
            cluster.start_scheduler()
            cluster.start_workers()
            assert process.wait(300) == 0
        said = folder.with_suffix(".log").read_text()
    assert "waiting for it" in said
    assert "Traceback" not in said
    assert_equal(folder, whole)


def test_a_worker_that_falls_silent_costs_its_job_s_time(study, whole, tmp_path):
    folder, rng = tmp_path / "run", random.Random(SEED)
    ttl = {"DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "15s"}  # a worker at work may be late by seconds
    with (
        RealCluster(tmp_path / "cluster", 2, **ttl) as cluster,
        driver(study, folder, "--scheduler", cluster.address, start=Fresh) as process,
    ):
        wait_until(lambda: at_work(folder), 120)
        wait_until(cluster.worker_pids, 60)  # a nanny may be starting one again
        silent = rng.choice(cluster.worker_pids())
        # as behind a cable that is cut: no word, and no connection is closed
        os.kill(silent, signal.SIGSTOP)
        try:
            assert process.wait(300) == 0
        finally:
            with suppress(ProcessLookupError):  # its nanny may have ended it
                os.kill(silent, signal.SIGKILL)
    assert_equal(folder, whole)


@pytest.fixture(scope="module")
def authorities(tmp_path_factory):
    """Return the folders of two authorities, each with a certificate of its own."""
    folder = tmp_path_factory.mktemp("authorities")
    for name in ("ours", "theirs"):
        subprocess.run(["sh", CERTIFICATES, folder / name], check=True, capture_output=True)
    return folder / "ours", folder / "theirs"


def test_over_tls_it_trains_and_nobody_of_another_authority_is_let_in(authorities, tmp_path):
    ours, theirs = authorities

    def at(address, trusted, shown):
        return Scheduler(address, trusted / "ca.pem", shown / "cert.pem", shown / "key.pem")

    options = (
        "--tls-ca-file", ours / "ca.pem", "--tls-cert", ours / "cert.pem", "--tls-key", ours / "key.pem",
    )  # fmt: skip
    with RealCluster(tmp_path, 1, tuple(map(str, options)), protocol="tls") as real:
        with Cluster(at(real.address, ours, ours)) as cluster:
            assert list(cluster.crew(bench()).results([partial(some_seconds, seconds=0.1)])) == [(0, 0.1)]
        with pytest.raises(InputError, match="--tls-ca: it must have signed the scheduler's certificate"):
            Cluster(at(real.address, theirs, theirs), patience_s=60.0).__enter__()
        with pytest.raises(WorkersAway, match="its authority must have signed --tls-cert"):
            Cluster(at(real.address, ours, theirs), patience_s=3.0).__enter__()
        with pytest.raises(WorkersAway):  # a stranger without any
            Cluster(Scheduler(real.address.replace("tls", "tcp")), patience_s=3.0).__enter__()


def test_all_workers_may_die_at_once(tmp_path):
    said = []
    with RealCluster(tmp_path, 2) as real, Cluster(Scheduler(real.address), said.append) as cluster:
        wait_until(lambda: cluster.size == 2)
        results = cluster.crew(bench()).results([partial(some_seconds, seconds=s) for s in (0.1, 3.0, 3.0)])
        assert next(results) == (0, 0.1)
        pids = real.worker_pids()
        assert len(pids) == 2
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        assert sorted(results) == [(1, 3.0), (2, 3.0)]


def test_a_scheduler_that_stays_away_is_waited_for_only_so_long(tmp_path):
    with RealCluster(tmp_path, 1) as real, Cluster(Scheduler(real.address), patience_s=3.0) as cluster:
        results = cluster.crew(bench()).results([partial(some_seconds, seconds=s) for s in (0.1, 30.0)])
        assert next(results) == (0, 0.1)
        real.stop(real.scheduler, signal.SIGKILL)
        with pytest.raises(WorkersAway, match=f"{real.address}: the scheduler must be reachable"):
            next(results)
