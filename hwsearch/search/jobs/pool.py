"""Trains stacks of tickets and measures what comes out: here, in worker processes, or on a Dask cluster.

What a job gives depends on the job alone, not on who runs it, on the number of workers or their timing: results come
back in the order of the jobs. One torch thread a process: two threads in each of two processes are slower than one.
Who runs jobs is a `Crew`: this process, those of `processes`, or those of a `cluster`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from hwsearch.measure.measured import Measured
from hwsearch.search.jobs.job import Bench, Job, T, Task, TrainedAlone, run_job, train_job
from hwsearch.search.jobs.processes import Processes
from hwsearch.search.jobs.spare import Spare
from hwsearch.space.candidate import Candidate
from hwsearch.train.machine import OneThread, keep_freed_memory
from hwsearch.train.size import MOST, MOST_GPU, fastest, fitting

if TYPE_CHECKING:
    from hwsearch.search.jobs.cluster import Cluster

__all__ = ["Bench", "Crew", "Job", "TrainedAlone", "Trainer", "Workers", "train_job"]

Workers: TypeAlias = "int | Cluster"
"""Who is to train: so many processes, or a cluster."""


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


def _fastest_size(bench: Bench, *, network: int, timesteps: int, batch_size: int, processes: int) -> int:
    """Return the fastest size of a stack that fits the memory of one of several processes."""
    fits = fitting(bench.networks[network], timesteps, batch_size, processes, bench.device)
    on_gpu = bench.device != "cpu"
    return min(fits, MOST_GPU) if on_gpu else _fastest(bench, network, timesteps, batch_size, min(fits, MOST))


def _fastest(bench: Bench, network: int, timesteps: int, batch_size: int, most: int) -> int:
    return fastest(bench.networks[network], timesteps, batch_size, most, bench.neuron_loop)
