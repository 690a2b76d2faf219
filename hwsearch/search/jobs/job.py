"""One job: a stack of tickets to train, and what is measured of each.

What a job gives depends on the job alone. Who runs jobs, and where: `pool`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np

from hwsearch.compress.masks import sparsity_of
from hwsearch.data.datasets import resplit
from hwsearch.data.frames import timestep_labels
from hwsearch.data.samples import Dataset
from hwsearch.graph.graph import NetworkSpec
from hwsearch.measure.accuracy import accuracy
from hwsearch.measure.answers import answers_of, readouts_without_input
from hwsearch.measure.floats import logits
from hwsearch.measure.measured import Measured
from hwsearch.measure.workload import count_workload
from hwsearch.network.fold import fold_counting_losses
from hwsearch.network.integer import run_integer_stack
from hwsearch.network.integers import IntegerNetwork, Widths, needed_bits, overflows
from hwsearch.network.params import Ticket
from hwsearch.network.shrink import shrink
from hwsearch.network.width_loss import WidthLoss
from hwsearch.train.loop import Schedule, Trained, train_stack
from hwsearch.train.machine import give_back_holes
from hwsearch.train.size import fitting

_NO_MEMORY = ("out of memory", "not enough memory", "can't allocate memory", "alloc_failed")


@dataclass(frozen=True)
class Bench:
    """What every job of a run shares.

    Attributes:
        networks: The architectures.
        data: The data set with its splits.
        widths: What the device offers.
        neuron_loop: ``fused`` or ``spikingjelly``.
        device: ``cpu`` or ``cuda``.
    """

    networks: tuple[NetworkSpec, ...]
    data: Dataset
    widths: Widths
    neuron_loop: str
    device: str = "cpu"


T = TypeVar("T")
Task = Callable[[Bench], T]
"""What a worker does with the bench: a pure function, so that it makes no difference where it runs, or how often."""


@dataclass(frozen=True)
class Job:
    """A stack to train and measure.

    Attributes:
        tickets: What to train from; they share network, T, epochs and the order of the samples.
        timesteps: T.
        schedule: Epochs, batch size, learning rate.
        seed: Of the order of the samples.
        split_seed: Draw training and validation samples anew with this seed; None: as the study splits them.
        test: Also measure on the test split (only after the search has ended).
        keep_params: Also return the float parameters.
        trained: Outcomes of a training that is there already, one a ticket: they are only measured.
        early_timesteps: T that is trained with; None: the same as is measured with.
        widths: What the integers must fit; None: the device's.
        network: Which of the architectures the tickets are of.
    """

    tickets: tuple[Ticket, ...]
    timesteps: int
    schedule: Schedule
    seed: int
    split_seed: int | None = None
    test: bool = False
    keep_params: bool = False
    trained: tuple[Trained, ...] | None = None
    early_timesteps: int | None = None
    widths: Widths | None = None
    network: int = 0

    def pieces(self, size: int) -> list[Job]:
        """Return the job in jobs of at most that many candidates."""
        everything = range(len(self.tickets))
        return [self.of(everything[start : start + size]) for start in everything[::size]]

    def of(self, members: Sequence[int]) -> Job:
        """Return the job of some of its tickets."""
        trained = None if self.trained is None else tuple(self.trained[i] for i in members)
        return replace(self, tickets=tuple(self.tickets[i] for i in members), trained=trained)


@dataclass(frozen=True)
class TrainedAlone:
    """What came of a job that was only trained.

    Attributes:
        trained: A ticket each.
        seconds: Of processor time: on the clock others may have been before it.
    """

    trained: tuple[Trained, ...]
    seconds: float


def train_job(bench: Bench, job: Job) -> TrainedAlone:
    """Train a job's stack, and measure nothing: `run_job` does so later, given these (``Job.trained``)."""
    start = time.process_time()
    bench, job = _on_its_split(bench, job)
    trained = tuple(_train(bench, job))
    give_back_holes()
    return TrainedAlone(trained, time.process_time() - start)


def run_job(bench: Bench, job: Job) -> list[Measured]:
    """Train a job's stack and measure each candidate; one that breaks is recorded and does not stop the others.

    A stack that would not fit the memory is trained in pieces. A training breaks by running out of memory (here) or of
    finite numbers (`train.loop` says so); whatever else is raised is a fault of ours, and no candidate's failure.
    """
    timesteps, spec = job.early_timesteps or job.timesteps, bench.networks[job.network]
    fits = fitting(spec, timesteps, job.schedule.batch_size, 1, bench.device)
    if fits < len(job.tickets):
        return [measured for piece in job.pieces(fits) for measured in run_job(bench, piece)]
    start = time.perf_counter()
    bench, job = _on_its_split(bench, job)
    try:
        results = _measure_alike(bench, job, job.trained or _train(bench, job))
    except (RuntimeError, MemoryError) as error:
        if not _out_of_memory(error):
            raise
        if len(job.tickets) > 1:
            return [run_job(bench, alone)[0] for alone in job.pieces(1)]
        steps = job.schedule.epochs * len(bench.data.y_train) * timesteps
        results = [_failed(f"{type(error).__name__}: {error}", steps)]
    give_back_holes()
    share = (time.perf_counter() - start) / len(results)
    return [replace(result, wall_s=share) for result in results]


def _on_its_split(bench: Bench, job: Job) -> tuple[Bench, Job]:
    """Return a bench with the split of samples that a job asks for, and the job on it."""
    if job.split_seed is None:
        return bench, job
    return replace(bench, data=resplit(bench.data, job.split_seed)), replace(job, split_seed=None)


def _train(bench: Bench, job: Job) -> Sequence[Trained]:
    timesteps = job.early_timesteps or job.timesteps
    return train_stack(
        bench.networks[job.network], job.tickets, bench.data.x_train,
        timestep_labels(bench.data.y_train, timesteps),
        timesteps=timesteps, schedule=job.schedule, seed=job.seed, neuron_loop=bench.neuron_loop,
        device=bench.device,
    )  # fmt: skip


def _out_of_memory(error: Exception) -> bool:
    """Return whether torch or Python could not have the memory: torch says so in words, on a CPU and on a GPU."""
    return isinstance(error, MemoryError) or any(words in str(error).lower() for words in _NO_MEMORY)


def _measure_alike(bench: Bench, job: Job, trained: Sequence[Trained]) -> list[Measured]:
    """Measure trained candidates, those with membranes of one width together."""
    groups: dict[int | None, list[int]] = {}
    for place, ticket in enumerate(job.tickets):
        groups.setdefault(ticket.state_bits, []).append(place)
    results: dict[int, Measured] = {}
    for members in groups.values():
        results |= zip(members, _measure(bench, job.of(members), [trained[i] for i in members]), strict=True)
    return [results[place] for place in range(len(job.tickets))]


def _measure(bench: Bench, job: Job, trained: Sequence[Trained]) -> list[Measured]:
    """Turn trained candidates into integers and measure those."""
    results = [
        _folded(bench, job, ticket, candidate) for ticket, candidate in zip(job.tickets, trained, strict=True)
    ]
    sound = [k for k, candidate in enumerate(results) if not candidate.failure]
    if not sound:
        return results
    data, spec = bench.data, bench.networks[job.network]
    networks = [network for k in sound if (network := results[k].network) is not None]
    tickets = [
        replace(job.tickets[k], params=params) for k in sound if (params := trained[k].params) is not None
    ]
    floats = logits(
        spec, tickets, data.x_val, job.timesteps, neuron_loop=bench.neuron_loop, device=bench.device
    ).argmax(-1)
    runs = run_integer_stack(networks, data.x_val, device=bench.device)
    tests = (
        run_integer_stack(networks, data.x_test, device=bench.device) if job.test else [None] * len(networks)
    )
    idle = readouts_without_input(networks, bench.device)
    y_val, y_test = timestep_labels(data.y_val, job.timesteps), timestep_labels(data.y_test, job.timesteps)
    n_evaluated = 2 * len(data.y_val) + (len(data.y_test) if job.test else 0) + idle.shape[1]
    for k, network, run, test, guesses, fixed in zip(sound, networks, runs, tests, floats, idle, strict=True):
        count = partial(answers_of, network, without_input=fixed, classes=spec.classes)
        results[k] = replace(
            results[k],
            workload=replace(
                count_workload(network, run.input_maps, run.spikes, arrivals=run.arrivals),
                state_bits=job.tickets[k].state_bits,
            ),
            accuracy_val=accuracy(run.predictions, y_val),
            accuracy_val_float=accuracy(guesses, y_val),
            accuracy_test=None if test is None else accuracy(test.predictions, y_test),
            loss=(results[k].loss or WidthLoss()).with_clipped(run.sums_clipped, run.membranes_clipped),
            only_float_right=int(((guesses == y_val) & (run.predictions != y_val)).sum()),
            only_integers_right=int(((guesses != y_val) & (run.predictions == y_val)).sum()),
            answers_val=count(run, y_val),
            answers_test=None if test is None else count(test, y_test),
            fallen=_fallen(guesses == y_val, run.predictions == y_val, y_val, spec.classes),
            eval_steps=n_evaluated * job.timesteps,
        )
    return results


def _fallen(
    floats: np.ndarray, integers: np.ndarray, labels: np.ndarray, classes: int
) -> tuple[tuple[int, int], ...]:
    """Return of each class how often the floats alone are right, and the integers alone."""
    pairs = [
        np.bincount(labels[alone], minlength=classes).tolist()
        for alone in (floats & ~integers, integers & ~floats)
    ]
    return tuple(zip(*pairs, strict=True))


def _folded(bench: Bench, job: Job, ticket: Ticket, trained: Trained) -> Measured:
    """Return a trained candidate's shrunk integers, not yet run; or why there are none."""
    if trained.params is None:
        return _failed(trained.failure, trained.train_steps)
    widths, spec = job.widths or bench.widths, bench.networks[job.network]
    widths = replace(widths, state=ticket.state_bits or widths.state)
    whole, loss = fold_counting_losses(spec, trained.params, ticket.masks, ticket.bits, job.timesteps, widths)
    if widths.overflow == "reject" and (reason := overflows(whole, widths)):
        return _failed(reason, trained.train_steps)
    accumulator, membrane = _widths(whole)
    return replace(
        _failed("", trained.train_steps),
        network=shrink(whole, spec.channel_multiple)[0],
        sparsity_effective=sparsity_of(spec.connections, [c.weight != 0 for c in whole.connections]),
        accumulator_bits=accumulator,
        membrane_bits=membrane,
        params=trained.params if job.keep_params else None,
        loss=loss,
    )


def _widths(network: IntegerNetwork) -> tuple[int, int]:
    """Return the accumulator and membrane bits that no input can exceed."""
    needs = list(needed_bits(network))
    return max(need.sums for need in needs), max(need.membrane for need in needs[:-1])


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
