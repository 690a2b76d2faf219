"""Trains stacks of tickets and measures what comes out, here or in worker processes that are started once.

What a job gives depends on the job alone, not on the number of workers or their timing: results come back in the
order of the jobs. One torch thread a process: two threads in each of two processes are slower than one.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace

import numpy as np
import torch

from hwsearch.compress.masks import sparsity_of
from hwsearch.data.datasets import Dataset, resplit
from hwsearch.hardware.workload import Workload
from hwsearch.measure.accuracy import accuracy
from hwsearch.measure.workload import count_workload
from hwsearch.network.fold import fold, shrink
from hwsearch.network.integer import IntegerNetwork, Widths, needed_bits, run_integer
from hwsearch.network.stack import Params, Stack, Ticket
from hwsearch.network.topology import NetworkSpec
from hwsearch.train.loop import Schedule, Trained, as_input, train_stack
from hwsearch.train.machine import OneThread, keep_freed_memory, tune_process

_EVAL_BATCH = 256


@dataclass(frozen=True)
class Bench:
    """What every job of a run shares.

    Attributes:
        spec: The architecture.
        data: The data set with its splits.
        widths: What the device offers.
        neuron_loop: ``fused`` or ``spikingjelly``.
    """

    spec: NetworkSpec
    data: Dataset
    widths: Widths
    neuron_loop: str


@dataclass(frozen=True)
class Job:
    """A stack to train and measure.

    Attributes:
        tickets: What to train from; they share T, epochs and the order of the samples.
        timesteps: T.
        schedule: Epochs, batch size, learning rate.
        seed: Of the order of the samples.
        split_seed: Draw training and validation samples anew with this seed; None: as the study splits them.
        test: Also measure on the test split (only after the search has ended).
        keep_params: Also return the float parameters.
        trained: Outcomes of a training that is there already, one a ticket: they are only measured.
    """

    tickets: tuple[Ticket, ...]
    timesteps: int
    schedule: Schedule
    seed: int
    split_seed: int | None = None
    test: bool = False
    keep_params: bool = False
    trained: tuple[Trained, ...] | None = None


@dataclass(frozen=True)
class Measured:
    """One trained and measured candidate; with a ``failure`` the rest is None.

    Attributes:
        failure: Why there is no result; empty when there is one.
        network: The shrunk integer network.
        workload: Counted on the validation split.
        accuracy_val, accuracy_test: Of the integer model.
        accuracy_val_float: Of the float network.
        sparsity_effective: Fraction of the dense network's weights that are zero in the end.
        accumulator_bits, membrane_bits: Widths that no input can exceed.
        params: Trained floats, if asked for.
        train_steps, eval_steps: Samples times timesteps.
        wall_s: Its share of the job's seconds.
    """

    failure: str
    network: IntegerNetwork | None
    workload: Workload | None
    accuracy_val: float | None
    accuracy_val_float: float | None
    accuracy_test: float | None
    sparsity_effective: float | None
    accumulator_bits: int | None
    membrane_bits: int | None
    params: Params | None
    train_steps: int
    eval_steps: int
    wall_s: float = 0.0


class Trainer:
    """Runs jobs; use it as a context manager, so that its workers end."""

    def __init__(self, bench: Bench, workers: int) -> None:
        self._bench = bench
        self._pool: ProcessPoolExecutor | None = None
        if workers > 1:
            # spawn: a forked torch can hang on the locks of threads that were not forked
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(
                workers, context, initializer=_start_worker, initargs=(bench, os.getpid())
            )

    def __enter__(self) -> Trainer:
        return self

    def __exit__(self, *error: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=not any(error), cancel_futures=True)

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
        waiting: dict[Future[list[Measured]], int] = {
            self._pool.submit(_run_in_worker, job): i for i, job in enumerate(jobs)
        }
        while waiting:
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                finish(waiting.pop(future), future.result())
        return results


def run_job(bench: Bench, job: Job) -> list[Measured]:
    """Train a job's stack and measure each candidate; one that breaks is recorded and does not stop the others."""
    start = time.perf_counter()
    if job.split_seed is not None:
        bench = replace(bench, data=resplit(bench.data, job.split_seed))
        job = replace(job, split_seed=None)
    try:
        trained = job.trained or train_stack(
            bench.spec, job.tickets, bench.data.x_train, bench.data.y_train,
            timesteps=job.timesteps, schedule=job.schedule, seed=job.seed, neuron_loop=bench.neuron_loop,
        )  # fmt: skip
        results = [
            _measure(bench, job, ticket, own) for ticket, own in zip(job.tickets, trained, strict=True)
        ]
    except (RuntimeError, ValueError, FloatingPointError) as error:
        if len(job.tickets) > 1:
            return [run_job(bench, replace(job, tickets=(ticket,)))[0] for ticket in job.tickets]
        steps = job.schedule.epochs * len(bench.data.y_train) * job.timesteps
        results = [_failed(f"{type(error).__name__}: {error}", steps)]
    share = (time.perf_counter() - start) / len(results)
    return [replace(result, wall_s=share) for result in results]


def _measure(bench: Bench, job: Job, ticket: Ticket, trained: Trained) -> Measured:
    """Turn a trained candidate into integers and measure those."""
    if trained.params is None:
        return _failed(trained.failure, trained.train_steps)
    whole = fold(bench.spec, trained.params, ticket.masks, ticket.bits, job.timesteps, bench.widths)
    accumulator, membrane = _widths(whole)
    if bench.widths.overflow == "reject" and (
        membrane > bench.widths.state or accumulator > bench.widths.accumulator
    ):
        reason = f"needs {accumulator}-bit sums and {membrane}-bit membranes, more than the device offers"
        return _failed(reason, trained.train_steps)
    network, _ = shrink(whole)
    data = bench.data
    run = run_integer(network, data.x_val)
    test = accuracy(run_integer(network, data.x_test).predictions, data.y_test) if job.test else None
    n_evaluated = 2 * len(data.y_val) + (len(data.y_test) if job.test else 0)
    return Measured(
        failure="",
        network=network,
        workload=count_workload(network, run.input_maps, run.spikes),
        accuracy_val=accuracy(run.predictions, data.y_val),
        accuracy_val_float=_float_accuracy(bench, ticket, trained.params, job.timesteps),
        accuracy_test=test,
        sparsity_effective=sparsity_of([layer.weight != 0 for layer in whole.layers]),
        accumulator_bits=accumulator,
        membrane_bits=membrane,
        params=trained.params if job.keep_params else None,
        train_steps=trained.train_steps,
        eval_steps=n_evaluated * job.timesteps,
    )


def _widths(network: IntegerNetwork) -> tuple[int, int]:
    """Return the accumulator and membrane bits that no input can exceed."""
    needs = list(needed_bits(network))
    return max(need[1] for need in needs), max(need[2] for need in needs[:-1])


def _float_accuracy(bench: Bench, ticket: Ticket, params: Params, timesteps: int) -> float:
    """Return the validation accuracy of the float network that was trained."""
    stack = Stack(bench.spec, [replace(ticket, params=params)], bench.neuron_loop).eval()
    x = as_input(bench.data.x_val, bench.spec)
    with torch.no_grad():
        parts = [stack(batch, timesteps)[0].argmax(1) for batch in torch.split(x, _EVAL_BATCH)]
    return accuracy(torch.cat(parts).numpy(), bench.data.y_val)


def _failed(reason: str, train_steps: int) -> Measured:
    return Measured(
        failure=reason,
        network=None,
        workload=None,
        accuracy_val=None,
        accuracy_val_float=None,
        accuracy_test=None,
        sparsity_effective=None,
        accumulator_bits=None,
        membrane_bits=None,
        params=None,
        train_steps=train_steps,
        eval_steps=0,
    )


_bench: Bench | None = None


def _start_worker(bench: Bench, parent: int) -> None:
    """Set up a worker process: one thread, its bench, and an end when its parent ends."""
    import signal
    import threading

    global _bench
    _bench = bench
    tune_process()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt means

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _run_in_worker(job: Job) -> list[Measured]:
    if _bench is None:
        raise RuntimeError("the worker was not started")
    return run_job(_bench, job)


def as_ticket(params: Params, masks: Sequence[np.ndarray], bits: Sequence[int]) -> Ticket:
    """Return a ticket of start values, boolean masks and bits."""
    return Ticket(params, tuple(np.asarray(mask) for mask in masks), tuple(bits))
