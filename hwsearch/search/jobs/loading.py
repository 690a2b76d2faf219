"""Worker processes that load: they take as long for that as a command itself, and can do so beside it.

Nothing here loads torch, so a command starts its workers before it loads torch itself (`ahead`). What they work on is
sent once it is there; as part of what they are started with it would be waited for, process by process.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, TypeVar

from hwsearch.interrupts import held, leave_to_parent

if TYPE_CHECKING:
    from hwsearch.search.jobs.job import Bench

T = TypeVar("T")

_GIVEN_UP: list[object] = []
"""What workers were started with that were given up: one that still loads would say that it is gone."""
_AHEAD: list[LoadingWorkers] = []
"""Workers that a command started and nobody took yet."""


class LoadingWorkers:
    """Processes that load, and then wait for what they will work on.

    Attributes:
        size: How many.
    """

    def __init__(self, size: int, *, yielding: bool = False) -> None:
        """Start them; yielding: they compute only while no other process wants their core."""
        self.size = size
        # spawn: a forked torch can hang on the locks of threads that were not forked
        context = multiprocessing.get_context("spawn")
        with held():
            # a pipe that this process alone can write to: it ends with it, and no worker that dies can hold it
            given_up, self._holding = context.Pipe(duplex=False)
            self._benches: multiprocessing.SimpleQueue[Bench] = context.SimpleQueue()
            given = (self._benches, given_up, yielding)
            self._pool = ProcessPoolExecutor(size, context, initializer=_start, initargs=given)
            for _ in range(size):  # each starts a worker
                self._pool.submit(_run, _nothing)

    def send(self, bench: Bench) -> None:
        """Send what they work on, and do not wait for it."""
        threading.Thread(target=self._send, args=(bench,), daemon=True).start()

    def begin(self, task: Callable[[Bench], T]) -> Future[T]:
        """Begin a task, and do not wait for it."""
        with held():  # it may start a worker
            return self._pool.submit(_run, task)

    def close(self, at_once: bool) -> None:
        """End them; at once: what is running, or loads, is given up."""
        if at_once:
            self._holding.close()
            _GIVEN_UP.append(self._benches)
        self._pool.shutdown(wait=not at_once, cancel_futures=True)

    def _send(self, bench: Bench) -> None:
        try:
            for _ in range(self.size):
                self._benches.put(bench)
        except BaseException:
            self._holding.close()  # workers would wait for ever
            raise


@contextmanager
def ahead(size: int) -> Iterator[None]:
    """Let workers load beside what is inside, which may take them (`taken`); where it does not, they end with it.

    Args:
        size: How many; one is none: it would be this process itself.
    """
    if size < 2:
        yield
        return
    _AHEAD.append(LoadingWorkers(size))
    try:
        yield
    finally:
        taken(0)


def taken(size: int) -> LoadingWorkers | None:
    """Return workers that were started ahead; where they are not as many, they are given up. None: there are none."""
    found = None
    while _AHEAD:
        workers = _AHEAD.pop()
        if workers.size == size:
            found = workers
        else:
            workers.close(at_once=True)
    return found


_bench: Bench | None = None


def _start(benches: multiprocessing.SimpleQueue[Bench], given_up: Connection, yielding: bool) -> None:
    """Set up a worker process: one thread, its bench, and an end when its parent ends or gives up."""
    global _bench
    leave_to_parent()

    def watch() -> None:
        given_up.poll(None)  # until its other end is closed
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    from hwsearch.train.machine import tune_process, yield_to_others

    tune_process()
    if yielding:
        yield_to_others()
    import hwsearch.search.jobs.job  # noqa: F401 - what a bench and its jobs are made of

    _bench = benches.get()


def _nothing(bench: Bench) -> None:
    """Do nothing: a worker that does is there."""


def _run(task: Callable[[Any], T]) -> T:
    if _bench is None:
        raise RuntimeError("the worker was not started")
    return task(_bench)
