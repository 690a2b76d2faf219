"""Dask clusters for tests: in this process, or of real processes that can be killed."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time

ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "3",
    "DASK_DISTRIBUTED__ADMIN__TICK__LIMIT": "60s",
}


@contextlib.contextmanager
def cluster_here(workers=2, threads=1):
    """Yield the address of a cluster whose workers are threads of this process, for tests without deaths."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=workers, threads_per_worker=threads, processes=False, protocol="tcp",
        dashboard_address=None, silence_logs=50,
    ) as cluster:  # fmt: skip
        yield cluster.scheduler_address


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class RealCluster:
    """A scheduler and workers, each a process of its own; workers that die are started again by Dask's nannies."""

    def __init__(self, folder, workers=2, options=(), protocol="tcp", **settings):
        self.folder, self.size, self.options = folder, workers, options
        self.environment = os.environ | ENVIRONMENT | settings
        self.port, self.protocol = free_port(), protocol
        self.address = f"{protocol}://127.0.0.1:{self.port}"
        self.scheduler = self.nanny = None
        folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self):
        self.start_scheduler()
        self.start_workers()
        return self

    def __exit__(self, *error):
        self.stop(self.nanny)
        self.stop(self.scheduler)

    def start_scheduler(self):
        self.scheduler = self._start(
            "scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard", "--protocol", self.protocol,
            *self.options,
        )  # fmt: skip

    def start_workers(self):
        self.nanny = self._start(
            "worker", self.address, "--nworkers", str(self.size), "--nthreads", "1", "--memory-limit", "0",
            "--no-dashboard", "--local-directory", str(self.folder), "--host", "127.0.0.1", *self.options,
        )  # fmt: skip

    def worker_pids(self):
        """Return the processes that train."""
        if self.nanny is None:
            return []
        listed = subprocess.run(
            ["ps", "-o", "pid=,args=", "--ppid", str(self.nanny.pid)],
            capture_output=True,
            text=True,
            check=False,
        )
        return [
            int(line.split()[0])
            for line in listed.stdout.splitlines()
            if "spawn_main" in line or "dask worker" in line
        ]

    def stop(self, process, number=signal.SIGTERM):
        if process is None:
            return
        for child in self.worker_pids() if process is self.nanny and number == signal.SIGKILL else []:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, number)
        process.send_signal(number)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _start(self, what, *arguments):
        log = (self.folder / f"{what}.log").open("ab")
        return subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_" + what, *arguments],
            stdout=log, stderr=log, env=self.environment,
        )  # fmt: skip


def wait_until(true, seconds=60.0):
    """Wait until something is true, or fail."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)
