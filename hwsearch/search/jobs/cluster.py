"""Sends jobs to the workers of a Dask cluster, which anybody may have started, anywhere.

Dask schedules: it gives a job of a dead worker to another one, and jobs to workers that come later. What is done here
is what it leaves to its clients: workers are compared with the driver before they train, data travel once to each, and
where the scheduler goes away and comes back all that was not finished is sent again, which jobs allow, being pure.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any

from distributed import Client, Future, KilledWorker
from distributed.client import CancelledError

from hwsearch.errors import GOES_ON, Fault, InputError, NoResources, WorkersAway
from hwsearch.search.jobs.client import connect
from hwsearch.search.jobs.facts import (
    Facts,
    Worker,
    device_of,
    differences,
    facts_here,
    instruction_words,
    worker_faults,
)  # fmt: skip
from hwsearch.search.jobs.job import Bench, T, Task
from hwsearch.search.jobs.remote import ask, pack, present, unpack, work
from hwsearch.search.jobs.scheduler import Scheduler

PATIENCE_S = 60.0
"""How long a scheduler that is away is waited for."""
WORKERS_PATIENCE_S = 600.0
"""How long a scheduler without workers is waited with: queues of clusters are slow."""
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 8.0
_POLL_S = 2.0
_LOSSES = 20
"""How often in a row the connection may be lost before a job is finished."""
_LOGGERS = ("distributed", "distributed.client", "distributed.core", "tornado.application")


class _Lost(Exception):
    """The scheduler, or what it knew of this run, is gone."""


_GONE = (_Lost, CancelledError, OSError)


class Cluster:
    """A connection to a cluster; use it as a context manager.

    Attributes:
        workers: What each worker said of itself when they were asked last, by address.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        say: Callable[[str], object] = lambda text: None,
        *,
        patience_s: float = PATIENCE_S,
        workers_patience_s: float = WORKERS_PATIENCE_S,
    ) -> None:
        self._scheduler, self._say = scheduler, say
        self._patience_s, self._workers_patience_s = patience_s, workers_patience_s
        self._client: Client | None = None
        self._alone_since: float | None = None
        self.workers: Mapping[str, Worker] = {}

    def __enter__(self) -> Cluster:
        """Connect.

        Raises:
            InputError: The address or a certificate is at fault, or workers are not like the driver.
            WorkersAway: The scheduler cannot be reached, or has no workers.
        """
        self._scheduler.check()
        for name in _LOGGERS:  # what they say is said by our own errors and notes
            logging.getLogger(name).setLevel(logging.CRITICAL)
        try:
            self._connect("")
        except BaseException:
            self._disconnect()
            raise
        if words := instruction_words(self.workers):
            self._say(words)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._disconnect()

    @property
    def client(self) -> Client:
        """Dask's client, connected when it was looked at last.

        Raises:
            RuntimeError: The cluster was not entered.
        """
        if self._client is None:
            raise RuntimeError("a cluster is used as a context manager")
        return self._client

    @property
    def size(self) -> int:
        """Workers that there are; where nobody can say, those that there were."""
        with contextlib.suppress(*_GONE):
            return max(1, self._count())
        return max(1, len(self.workers))

    @property
    def neighbours(self) -> int:
        """Workers of the machine that has the most of them."""
        return max(Counter(worker.host for worker in self.workers.values()).values(), default=1)

    def device(self, wanted: str) -> str:
        """Return ``cpu`` or ``cuda``: what the workers train on.

        Raises:
            InputError: Some have no GPU, and it is asked for; or with ``auto``, some have one.
        """
        device, faults = device_of(wanted, self.workers)
        if faults:
            raise InputError(faults)
        return device

    def crew(self, bench: Bench) -> ClusterCrew:
        """Return the workers as a crew for one bench."""
        return ClusterCrew(self, bench)

    def connect_again(self, why: str) -> None:
        """Drop the connection and wait for another one.

        Raises:
            InputError: The workers of the cluster that is back are not like the driver.
            WorkersAway: It did not come back.
        """
        self._disconnect()
        self._connect(why)

    def watch(self) -> None:
        """Look whether there still are a scheduler and workers; to be called while nothing is finished.

        Raises:
            WorkersAway: There were no workers for too long.
        """
        if self._count():
            self._alone_since = None
            return
        if self._alone_since is None:
            self._alone_since = time.monotonic()
            self._say(f"{self._scheduler.address} has no workers: waiting for one")
        if time.monotonic() - self._alone_since > self._workers_patience_s:
            raise self._away("the scheduler must have workers", "none", self._workers_patience_s)

    def _count(self) -> int:
        """Return the number of workers, or raise what `_GONE` names."""
        if self.client.status != "running":
            raise _Lost(f"the connection is {self.client.status}")
        return len(self.client.nthreads())

    def _connect(self, why: str) -> None:
        """Try until there are a scheduler and workers, with growing waits."""
        began, wait_s, said = time.monotonic(), _FIRST_WAIT_S, why
        if why:  # an attempt may take seconds
            self._say(f"{self._scheduler.address}: {why}; waiting for it")
        while True:
            problem, patience_s = why, self._patience_s
            try:
                self._client = connect(self._scheduler, min(10.0, self._patience_s / 4))
                if self._check_workers():
                    return
                problem, patience_s = "no workers", self._workers_patience_s
            except _GONE as error:
                problem = _line(error)
            self._disconnect()
            if problem != said:
                self._say(f"{self._scheduler.address}: {problem}; waiting for it")
                said = problem
            waited_s = time.monotonic() - began
            if waited_s + wait_s > patience_s:
                law = "the scheduler must be reachable, with workers"
                if "SSL" in problem:  # all that the other side says is that it has closed the connection
                    law += ", and its authority must have signed --tls-cert"
                raise self._away(law, problem, waited_s)
            time.sleep(wait_s)
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)

    def _check_workers(self) -> int:
        """Refuse workers that are not like the driver; return how many there are.

        Raises:
            InputError: Naming each of them.
        """
        try:
            self.client.run_on_scheduler(present)
        except ImportError as error:
            law, todo = "the scheduler must have hwsearch installed", "start it in the driver's environment"
            raise InputError([Fault("--scheduler", law, str(error), todo)]) from None
        answers = self.client.run(ask, on_error="return")
        # one that died meanwhile says nothing
        known = {address: answer for address, answer in answers.items() if not isinstance(answer, OSError)}
        if faults := worker_faults(known, facts_here()):
            raise InputError(faults)
        self.workers = known
        return len(known)

    def _disconnect(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(*_GONE):
                client.close(timeout=5)

    def _away(self, law: str, got: str, waited_s: float) -> WorkersAway:
        return WorkersAway(f"{self._scheduler.address}: {law}; got {got} for {waited_s:.0f} s ({GOES_ON})")


class ClusterCrew:
    """The workers of a cluster, with one bench."""

    def __init__(self, cluster: Cluster, bench: Bench) -> None:
        self._cluster, self._bench = cluster, bench
        self._placed: tuple[Client, Future[Bench]] | None = None

    @property
    def size(self) -> int:
        """See `pool.Crew`."""
        return self._cluster.size

    @property
    def neighbours(self) -> int:
        """See `pool.Crew`."""
        return self._cluster.neighbours

    def results(self, tasks: Iterable[Task[T]]) -> Iterator[tuple[int, T]]:
        """See `pool.Crew`.

        Raises:
            InputError: A worker that came later is not like the driver.
        """
        failed, todo, losses = list[Exception](), dict[int, bytes](), 0

        def packed_tasks() -> Iterator[tuple[int, bytes]]:
            try:
                yield from ((place, pack(task)) for place, task in enumerate(tasks))
            except Exception as error:  # no fault of the cluster, whatever it is
                failed.append(error)
                raise

        coming = packed_tasks()
        while True:
            try:
                for place, packed in self._finished(todo, coming):
                    del todo[place]
                    losses = 0
                    yield place, unpack(packed)
                return
            except _GONE as error:
                if failed:
                    raise
                losses += 1
                if losses > _LOSSES:
                    law = "a cluster must finish a job before it is lost again"
                    raise WorkersAway(f"{law}; got {losses} losses in a row ({GOES_ON})") from error
                self._cluster.connect_again(_line(error))

    def _finished(
        self, todo: dict[int, bytes], coming: Iterator[tuple[int, bytes]]
    ) -> Iterator[tuple[int, bytes]]:
        """Yield packed results of what is to be done, and of what comes, until all are there.

        Raises:
            _Lost, CancelledError, OSError: The cluster is lost (`_GONE`).
        """
        client, bench = self._cluster.client, self._bench_there()
        finished: queue.SimpleQueue[Future[Any]] = queue.SimpleQueue()
        waiting: dict[Any, tuple[int, Future[Any]]] = {}

        def begin(place: int) -> None:
            future = client.submit(work, todo[place], bench, facts_here(), pure=False)
            waiting[future.key] = (place, future)  # Dask forgets a task whose future nobody holds
            future.add_done_callback(finished.put)

        for place in todo:
            begin(place)
        for place, packed in coming:
            todo[place] = packed
            begin(place)
        while waiting:
            try:
                future = finished.get(timeout=_POLL_S)
            except queue.Empty:
                self._cluster.watch()
                continue
            result = _result(future)
            place, _ = waiting.pop(future.key)
            yield place, result

    def _bench_there(self) -> Future[Bench]:
        """Return the bench as the workers have it: sent once to each, by way of the others."""
        client = self._cluster.client
        if self._placed is None or self._placed[0] is not client:
            try:
                self._placed = (client, client.scatter(self._bench, broadcast=True, hash=False))
            except KeyError as error:
                # Dask's scheduler forgot a worker while it counted them (Scheduler.replicate)
                raise _Lost(f"worker {error} died while the data travelled") from error
        return self._placed[1]

    def close(self, at_once: bool) -> None:
        """See `pool.Crew`. A worker ends the job that it is at, and nobody hears of it."""
        self._placed = None


def _result(future: Future[Any]) -> bytes:
    """Return what a task gave.

    Raises:
        InputError: Its worker came later and is not like the driver.
        NoResources: It killed one worker after another, or a worker failed for reasons of its machine.
    """
    if future.status == "error":
        raise _told(future.exception())
    result = future.result()
    if isinstance(result, Facts):
        law, todo = "a worker that joins must have what the driver has", "stop it; the same line goes on"
        raise InputError([Fault("--scheduler", law, differences(result, facts_here()), todo)])
    packed: bytes = result
    return packed


def _told(error: BaseException) -> BaseException:
    """Return what a task failed with, as an error of ours where it is no bug."""
    if isinstance(error, KilledWorker):
        deaths, last = error.allowed_failures + 1, error.last_worker.address
        law = "a worker must live until its job is done"
        todo = f"its log says why; most often memory did not suffice; {GOES_ON}"
        return NoResources(f"{law}; got {deaths} deaths over one job, the last of {last} ({todo})")
    if isinstance(error, ImportError):
        law, todo = "a worker that joins must have hwsearch installed", "stop it; the same line goes on"
        return InputError([Fault("--scheduler", law, str(error), todo)])
    if isinstance(error, OSError):
        law = "a worker's machine must let it do its job"
        return NoResources(f"{law}; got {type(error).__name__}: {error} ({GOES_ON})")
    return error


def _line(error: BaseException) -> str:
    """Return the first line of what an error says, or else its name."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
