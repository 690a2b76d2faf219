"""Trains stacks of tickets and measures what comes out, here or in worker processes that are started once.

What a job gives depends on the job alone, not on the number of workers or their timing: results come back in the
order of the jobs. One torch thread a process: two threads in each of two processes are slower than one.
"""

from __future__ import annotations

import math
import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing.synchronize import Event
from typing import Literal

from hwsearch.interrupts import held, leave_to_parent
from hwsearch.measure.measured import Measured
from hwsearch.search.jobs.job import Bench, Job, run_job
from hwsearch.space.candidate import Candidate
from hwsearch.train.machine import OneThread, keep_freed_memory, tune_process
from hwsearch.train.size import MOST, MOST_GPU, fastest, fitting

__all__ = ["Bench", "Job", "Trainer"]


class Trainer:
    """Runs jobs; use it as a context manager, so that its workers end."""

    def __init__(self, bench: Bench, workers: int) -> None:
        self._bench, self._workers = bench, workers
        self._sizes: dict[tuple[int, int, int], int] = {}
        self._pool: ProcessPoolExecutor | None = None
        if workers > 1:
            # spawn: a forked torch can hang on the locks of threads that were not forked
            context = multiprocessing.get_context("spawn")
            with held():
                self._failed = context.Event()
                self._pool = ProcessPoolExecutor(
                    workers, context, initializer=_start_worker, initargs=(bench, os.getpid(), self._failed)
                )

    @property
    def device(self) -> str:
        """Where it trains: ``cpu`` or ``cuda``."""
        return self._bench.device

    def __enter__(self) -> Trainer:
        return self

    def __exit__(self, *error: object) -> None:
        if self._pool is not None:
            if any(error):  # nobody waits for what is being trained, which may take minutes
                self._failed.set()
            self._pool.shutdown(wait=not any(error), cancel_futures=True)

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
            # no worker waits while another trains what it could have taken
            size = min(size, math.ceil(len(same) / self._workers))
            groups += [same[i : i + size] for i in range(0, len(same), size)]
        return groups

    def _size(self, network: int, timesteps: int, batch_size: int, most: int) -> int:
        """Return the fastest size of a stack, measured once."""
        key = (network, timesteps, batch_size)
        if key not in self._sizes:
            bench = self._bench
            fits = fitting(bench.networks[network], timesteps, batch_size, self._workers, bench.device)
            fits = min(fits, MOST if bench.device == "cpu" else MOST_GPU)
            if bench.device != "cpu":
                self._sizes[key] = fits
            elif self._pool is None:
                with OneThread():
                    self._sizes[key] = _fastest(self._bench, *key, fits)
            else:
                with held():
                    measured = self._pool.submit(_fastest_in_worker, *key, fits)
                self._sizes[key] = measured.result()
        return min(most, self._sizes[key])

    def run(
        self, jobs: Sequence[Job], on_done: Callable[[int, list[Measured]], None] | None = None
    ) -> list[list[Measured]]:
        """Run jobs and return their results in order.

        Args:
            jobs: Stacks.
            on_done: Called with a job's index and result as soon as it is there.
        """
        results: list[list[Measured]] = [[] for _ in jobs]

        def finish(index: int, result: list[Measured]) -> None:
            results[index] = result
            if on_done is not None:
                on_done(index, result)

        if self._pool is None:
            keep_freed_memory()
            with OneThread():
                for index, job in enumerate(jobs):
                    finish(index, run_job(self._bench, job))
            return results
        waiting: dict[Future[list[Measured]], int] = {}
        for index, job in enumerate(jobs):
            with held():  # a job may start a worker
                waiting[self._pool.submit(_run_in_worker, job)] = index
        while waiting:
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                finish(waiting.pop(future), future.result())
        return results


_bench: Bench | None = None


def _start_worker(bench: Bench, parent: int, failed: Event) -> None:
    """Set up a worker process: one thread, its bench, and an end when its parent ends or gives up."""
    import threading

    global _bench
    _bench = bench
    tune_process()
    leave_to_parent()

    def watch() -> None:
        while os.getppid() == parent and not failed.wait(1.0):
            pass
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _run_in_worker(job: Job) -> list[Measured]:
    if _bench is None:
        raise RuntimeError("the worker was not started")
    return run_job(_bench, job)


def _fastest(bench: Bench, network: int, timesteps: int, batch_size: int, most: int) -> int:
    return fastest(bench.networks[network], timesteps, batch_size, most, bench.neuron_loop)


def _fastest_in_worker(network: int, timesteps: int, batch_size: int, most: int) -> int:
    if _bench is None:
        raise RuntimeError("the worker was not started")
    return _fastest(_bench, network, timesteps, batch_size, most)
