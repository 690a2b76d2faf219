"""Trains stacks of tickets and measures what comes out: here, in worker processes, or on a Dask cluster.

What a job gives depends on the job alone, not on who runs it, on the number of workers or their timing: results come
back in the order of the jobs. One torch thread a process: two threads in each of two processes are slower than one.
Who runs jobs is a `Crew`; that of a cluster is `cluster`.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, TypeVar

from hwsearch.errors import GOES_ON, NoResources
from hwsearch.interrupts import held, leave_to_parent
from hwsearch.measure.measured import Measured
from hwsearch.search.jobs.fork_server import ready
from hwsearch.search.jobs.job import Bench, Job, TrainedAlone, run_job, train_job
from hwsearch.search.jobs.spare import Spare
from hwsearch.space.candidate import Candidate
from hwsearch.train.machine import OneThread, keep_freed_memory, tune_process, yield_to_others
from hwsearch.train.size import MOST, MOST_GPU, fastest, fitting

if TYPE_CHECKING:
    from hwsearch.search.jobs.cluster import Cluster

__all__ = ["Bench", "Crew", "Job", "TrainedAlone", "Trainer", "Workers", "train_job"]

T = TypeVar("T")
Task = Callable[[Bench], T]
"""What a worker does with the bench: a pure function, so that it makes no difference where it runs, or how often."""
Workers: TypeAlias = "int | Cluster"
"""Who is to train: so many processes, or a cluster."""

_GIVEN_UP: list[object] = []
"""What workers were started with that were given up: one that still loads would say that it is gone."""
_SENDER_WAITS = sys.version_info < (3, 11, 5)
"""Whether the thread that sends tasks waits for ever for workers that are gone, and the process for it when it ends.

Source: CPython's issue gh-94777; since then a pool ends it itself.
"""
_DEATHS = 3
"""How often in a row workers may die before a job of theirs is finished."""


class Crew(Protocol):
    """Who runs tasks on one bench."""

    @property
    def size(self) -> int:
        """Tasks that run at a time, now."""
        ...

    @property
    def neighbours(self) -> int:
        """Processes that share the memory of one machine."""
        ...

    def results(self, tasks: Iterable[Task[T]]) -> Iterator[tuple[int, T]]:
        """Run tasks; yield the place and the result of each as soon as it is there.

        A task is begun as soon as it comes, if there is a worker for it: what takes a while to come is worked out while
        those before it run.

        Raises:
            NoResources: Workers died again and again.
            WorkersAway: They could not be reached.
        """
        ...

    def close(self, at_once: bool) -> None:
        """End it; at once: what is running is given up."""
        ...


class Trainer:
    """Runs jobs; use it as a context manager, so that its workers end.

    Attributes:
        spare: Trains what will be needed while the workers wait: of several processes on a CPU of this machine.
    """

    def __init__(self, bench: Bench, workers: Workers) -> None:
        self._bench = bench
        self._sizes: dict[tuple[int, int, int], int] = {}
        if not isinstance(workers, int):
            self._crew: Crew = workers.crew(bench)
        else:
            self._crew = Here(bench) if workers == 1 else Processes(bench, workers)
        several = isinstance(self._crew, Processes) and bench.device == "cpu"
        self.spare = Spare(partial(Processes, bench, 1, yielding=True) if several else None)

    @property
    def device(self) -> str:
        """Where it trains: ``cpu`` or ``cuda``."""
        return self._bench.device

    def __enter__(self) -> Trainer:
        return self

    def __exit__(self, *error: object) -> None:
        self.spare.close()
        self._crew.close(at_once=any(error))  # nobody waits for what is being trained, which may take minutes

    def stacks(
        self, candidates: Sequence[Candidate], batch_size: int, most: int | Literal["auto"]
    ) -> list[list[int]]:
        """Return candidates grouped by network and T in stacks of the size that this machine trains fastest.

        Args:
            candidates: What is to be trained.
            batch_size: Samples a training step.
            most: Upper bound of a stack's size.

        Returns:
            The positions of each stack's candidates.
        """
        groups, kinds = [], [(candidate.network, candidate.timesteps) for candidate in candidates]
        for network, steps in sorted(set(kinds)):
            same = [index for index, kind in enumerate(kinds) if kind == (network, steps)]
            size = self._size(network, steps, batch_size, MOST_GPU if most == "auto" else most)
            if self._bench.device == "cpu":
                # no worker waits while another trains what it could have taken; on a GPU last bits depend on the stack
                size = min(size, math.ceil(len(same) / self._crew.size))
            groups += [same[i : i + size] for i in range(0, len(same), size)]
        return groups

    def _size(self, network: int, timesteps: int, batch_size: int, most: int) -> int:
        """Return the fastest size of a stack, measured once, where it is trained."""
        key = (network, timesteps, batch_size)
        if key not in self._sizes:
            task: Task[int] = partial(
                _fastest_size,
                network=network,
                timesteps=timesteps,
                batch_size=batch_size,
                processes=self._crew.neighbours + self.spare.size,
            )
            ((_, self._sizes[key]),) = self._crew.results([task])
        return min(most, self._sizes[key])

    def run(
        self, jobs: Iterable[Job], on_done: Callable[[int, list[Measured]], None] | None = None
    ) -> list[list[Measured]]:
        """Run jobs and return their results in order.

        Args:
            jobs: Stacks; each is begun as it comes (`Crew.results`).
            on_done: Called with a job's index and result as soon as it is there.

        Raises:
            NoResources: Workers died again and again.
            WorkersAway: They could not be reached.
        """
        return self.done((partial(run_job, job=job) for job in jobs), on_done)

    def done(self, tasks: Iterable[Task[T]], on_done: Callable[[int, T], None] | None = None) -> list[T]:
        """Run tasks as jobs are run (`run`), and return their results in order."""
        results: dict[int, T] = {}
        for index, result in self._crew.results(tasks):
            self.spare.look()
            results[index] = result
            if on_done is not None:
                on_done(index, result)
        return [results[index] for index in sorted(results)]


class Here:
    """This process: one task after the other."""

    size = neighbours = 1

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def results(self, tasks: Iterable[Task[T]]) -> Iterator[tuple[int, T]]:
        """See `Crew`."""
        keep_freed_memory()
        for place, task in enumerate(tasks):
            with OneThread():
                result = task(self._bench)
            yield place, result

    def close(self, at_once: bool) -> None:
        """See `Crew`."""


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


def _fastest_size(bench: Bench, *, network: int, timesteps: int, batch_size: int, processes: int) -> int:
    """Return the fastest size of a stack that fits the memory of one of several processes."""
    fits = fitting(bench.networks[network], timesteps, batch_size, processes, bench.device)
    on_gpu = bench.device != "cpu"
    return min(fits, MOST_GPU) if on_gpu else _fastest(bench, network, timesteps, batch_size, min(fits, MOST))


def _fastest(bench: Bench, network: int, timesteps: int, batch_size: int, most: int) -> int:
    return fastest(bench.networks[network], timesteps, batch_size, most, bench.neuron_loop)
