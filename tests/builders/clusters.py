"""Dask clusters for tests: in this process, or of real processes that can be killed."""

import contextlib
import importlib
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

TESTS = Path(__file__).parents[1]
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "3",
    "DASK_DISTRIBUTED__ADMIN__TICK__LIMIT": "60s",
    "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "1s",
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
}


@contextlib.contextmanager
def cluster_here(workers=2, threads=1):
    """Yield the address of a cluster whose workers are threads of this process, for tests without deaths."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=workers, threads_per_worker=threads, processes=False, protocol="tcp",
        dashboard_address=":0", silence_logs=50,
    ) as cluster:  # fmt: skip
        yield cluster.scheduler_address


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Process(Protocol):
    """A process that was started from a command line."""

    pid: int

    @property
    def code(self) -> int | None:
        """Its exit code; None: it is at work."""

    def wait(self, seconds: float) -> int | None:
        """Wait for its end; return its exit code."""

    def kill(self) -> None:
        """End it, unless it has ended, and wait for that."""


Start = Callable[[Sequence[str], Path], Process]
"""Starts a command line (``hwsearch ...``, ``dask worker ...``); what it says goes to a file."""


class Fresh:
    """A command line in a Python of its own."""

    def __init__(self, line, log):
        program, *arguments = line
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", program, *arguments], stdout=out, stderr=out
            )
        self.pid = self._process.pid

    @property
    def code(self):
        return self._process.poll()

    def wait(self, seconds):
        return self._process.wait(seconds)

    def kill(self):
        self._process.kill()
        self._process.wait()


class Forked:
    """A command line in a child that was forked, with all that this process has imported; see `import_all`."""

    def __init__(self, line, log):
        self._process = multiprocessing.get_context("fork").Process(target=self._run, args=(list(line), log))
        self._process.start()
        self.pid = self._process.pid

    @staticmethod
    def _run(line, log):
        from distributed.cli import dask_scheduler, dask_worker

        from hwsearch.cli import main

        with log.open("ab", 0) as out:
            os.dup2(out.fileno(), 1)
            os.dup2(out.fileno(), 2)
        sys.stdout, sys.stderr = os.fdopen(1, "w", 1), os.fdopen(2, "w", 1)
        sys.argv = line
        if line[0] == "hwsearch":
            main()
        elif line[1] == "scheduler":
            dask_scheduler.main(line[2:])
        else:
            dask_worker.main(line[2:])

    @property
    def code(self):
        return self._process.exitcode

    def wait(self, seconds):
        self._process.join(seconds)
        return self._process.exitcode

    def kill(self):
        self._process.kill()
        self._process.join()


def import_all(study):
    """Import what drivers and workers need, without starting a thread: a run of a study in a child tells what."""
    for name in ("api", "cli", "report.page", "search.jobs.cluster", "terminal"):
        importlib.import_module(f"hwsearch.{name}")
    for name in ("dask_scheduler", "dask_worker"):
        importlib.import_module(f"distributed.cli.{name}")
    receiving, sending = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=_tell_imports, args=(study, sending))
    child.start()
    for name in receiving.recv():
        with contextlib.suppress(ImportError):  # made by another module, or for one system only
            importlib.import_module(name)
    child.join()


def _tell_imports(study, sending):
    from hwsearch.cli import main

    with tempfile.TemporaryDirectory() as folder, Path(os.devnull).open("w") as nowhere:
        sys.argv = ["hwsearch", "run", str(study), "--out", f"{folder}/run", "--workers", "1"]
        with contextlib.redirect_stdout(nowhere), contextlib.suppress(SystemExit):
            main()
    sending.send(list(sys.modules))


class ForkedCluster:
    """A scheduler and workers without nannies, forked from this process; `tend` starts workers again."""

    def __init__(self, folder, workers):
        self.folder, self.size = folder, workers
        self.port = free_port()
        self.address = f"tcp://127.0.0.1:{self.port}"
        folder.mkdir(parents=True)

    def __enter__(self):
        os.environ |= ENVIRONMENT
        line = ["dask", "scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard"]
        self.scheduler = Forked(line, self.folder / "scheduler.log")
        self.workers = [self._worker() for _ in range(self.size)]
        return self

    def __exit__(self, *error):
        for process in (*self.workers, self.scheduler):
            process.kill()

    def _worker(self):
        line = [
            "dask", "worker", self.address, "--no-nanny", "--nthreads", "1", "--memory-limit", "0",
            "--no-dashboard", "--local-directory", str(self.folder), "--host", "127.0.0.1",
        ]  # fmt: skip
        return Forked(line, self.folder / "worker.log")

    def tend(self):
        """Start workers again that died."""
        self.workers = [self._worker() if each.code is not None else each for each in self.workers]

    def worker_pids(self):
        """Return the processes that train."""
        return [each.pid for each in self.workers if each.code is None]


class RealCluster:
    """A scheduler and workers, each a process of its own; workers that die are started again by Dask's nannies."""

    def __init__(self, folder, workers=2, options=(), protocol="tcp", **settings):
        self.folder, self.size, self.options = folder, workers, options
        here = os.pathsep.join([str(TESTS), str(TESTS.parent), os.environ.get("PYTHONPATH", "")])
        self.environment = os.environ | ENVIRONMENT | {"PYTHONPATH": here} | settings
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
        import psutil

        pids = []
        for child in psutil.Process(self.nanny.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):
                if "spawn_main" in " ".join(
                    child.cmdline()
                ):  # not the tracker of multiprocessing's resources
                    pids.append(child.pid)
        return pids

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
        line = [sys.executable, "-m", f"distributed.cli.dask_{what}", *arguments]
        with (self.folder / f"{what}.log").open("ab") as log:
            return subprocess.Popen(line, stdout=log, stderr=log, env=self.environment)


def wait_until(true, seconds=120.0):
    """Wait until something is true, or fail."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)
