"""Worker processes of this machine: tasks in, results out, and those that die are started again.

What a task gives does not depend on the process that runs it. Who else runs tasks, and what becomes of their results:
`pool`.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection
from typing import Any

from hwsearch.errors import GOES_ON, NoResources
from hwsearch.interrupts import held, leave_to_parent
from hwsearch.search.jobs.fork_server import ready
from hwsearch.search.jobs.job import Bench, T, Task
from hwsearch.train.machine import tune_process, yield_to_others

_GIVEN_UP: list[object] = []
"""What workers were started with that were given up: one that still loads would say that it is gone."""
_SENDER_WAITS = sys.version_info < (3, 11, 5)
"""Whether the thread that sends tasks waits for ever for workers that are gone, and the process for it when it ends.

Source: CPython's issue gh-94777; since then a pool ends it itself.
"""
_DEATHS = 3
"""How often in a row workers may die before a job of theirs is finished."""


class Processes:
    """Worker processes of this machine, started together when there is work; those that die are started again.

    Yielding ones compute only while no other process wants their core. What they work on is sent once they have loaded
    (as part of what they are started with it would be waited for, process by process).
    """

    def __init__(self, bench: Bench, workers: int, *, yielding: bool = False) -> None:
        self.size = self.neighbours = workers
        self._bench, self._yielding = bench, yielding
        self._start()

    def _start(self) -> None:
        context = ready()
        with held():
            # a pipe that this process alone can write to: it ends with it, and no worker that dies can hold it
            given_up, self._holding = context.Pipe(duplex=False)
            self._benches = context.SimpleQueue()
            given = (self._benches, given_up, self._yielding)
            self._pool = ProcessPoolExecutor(self.size, context, initializer=_start_worker, initargs=given)
        self._started = False

    def begin(self, task: Task[T]) -> Future[T]:
        """Begin a task, and do not wait for it; where workers died the task tells, not this."""
        if not self._started:
            self._started = True
            threading.Thread(target=self._send_benches, args=(self._benches,), daemon=True).start()
            for _ in range(self.size):  # each starts a worker
                self.begin(_nothing)
        try:
            with held():  # a task may start a worker
                return self._pool.submit(_run_in_worker, task)
        except BrokenProcessPool as error:  # a worker died while it had nothing to do
            return _failed(error)
        except (EOFError, ConnectionError):  # who forks workers ended: for lack of memory, most often
            return _failed(BrokenProcessPool("no worker could be started"))

    def _send_benches(self, to: multiprocessing.SimpleQueue[Bench]) -> None:
        try:
            for _ in range(self.size):
                to.put(self._bench)
        except BaseException:
            self._holding.close()  # workers would wait for ever
            raise

    def results(self, tasks: Iterable[Task[T]]) -> Iterator[tuple[int, T]]:
        """See `Crew`. A worker that dies takes the others along, and costs the time of their jobs."""
        coming, todo, deaths = enumerate(tasks), dict[int, Task[T]](), 0
        while True:
            try:
                for place, result in self._finished(todo, coming):
                    del todo[place]
                    deaths = 0
                    yield place, result
                return
            except BrokenProcessPool:
                deaths += 1
                self.close(at_once=True)
                if deaths > _DEATHS:
                    law = "a worker process must live until its job is done"
                    hint = f"most often for lack of memory: give fewer --workers; {GOES_ON}"
                    raise NoResources(f"{law}; got {deaths} deaths in a row ({hint})") from None
                self._start()

    def _finished(
        self, todo: dict[int, Task[T]], coming: Iterator[tuple[int, Task[T]]]
    ) -> Iterator[tuple[int, T]]:
        """Yield results of what is to be done, and of what comes, until all are there, or the pool is broken."""
        waiting = {self.begin(task): place for place, task in todo.items()}
        for place, task in coming:
            todo[place] = task
            waiting[self.begin(task)] = place
        while waiting:
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            # what is finished before what broke
            for future in sorted(done, key=lambda future: future.exception() is not None):
                yield waiting.pop(future), future.result()

    def close(self, at_once: bool) -> None:
        """See `Crew`."""
        if at_once:
            self._holding.close()
            _GIVEN_UP.append(self._benches)
            tasks = getattr(self._pool, "_call_queue", None)
            if _SENDER_WAITS and tasks is not None:
                tasks._reader.close()  # while this process could read them itself nothing breaks
        self._pool.shutdown(wait=not at_once, cancel_futures=True)


def _failed(error: BrokenProcessPool) -> Future[Any]:
    future = Future[Any]()
    future.set_exception(error)
    return future


_bench: Bench | None = None


def _start_worker(benches: multiprocessing.SimpleQueue[Bench], given_up: Connection, yielding: bool) -> None:
    """Set up a worker process: one thread, its bench, and an end when its parent ends or gives up."""
    global _bench
    tune_process()
    if yielding:
        yield_to_others()
    leave_to_parent()

    def watch() -> None:
        given_up.poll(None)  # until its other end is closed
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    _bench = benches.get()


def _nothing(bench: Bench) -> None:
    """Do nothing: a worker that does is there."""


def _run_in_worker(task: Task[Any]) -> Any:
    if _bench is None:
        raise RuntimeError("the worker was not started")
    return task(_bench)
