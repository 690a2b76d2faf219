"""Training speed: candidate-epochs a second over the whole machine, against spikingjelly's multi-step loop.

    python -m benchmarks.training [--seconds 6] [--rounds 3]

Both train quantised, masked candidates with the same fake quantisation, batch size, timesteps (4, or 50 of sequences)
and Adam. Ours: one worker process a core, one thread each, stacks of the size that the trainer measures to be the
fastest. Spikingjelly: its multi-step modules (`spikingjelly_net`), one candidate after the other, in three settings:
one process with torch's default threads, one process with one thread, and one process a core with one thread each. The
settings take turns, round after round; ratios are medians over the rounds.
"floor" is the time of the products of all connections alone, forward and backward, in our stacks.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from statistics import median

import numpy as np
import torch
import torch.nn.functional as F

from hwsearch.compress.masks import prune
from hwsearch.graph.graph import INPUT, Input, NetworkSpec
from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.graph.spelling import read_spelling
from hwsearch.network.flow import carried
from hwsearch.network.params import Ticket, initial_params
from hwsearch.network.stack import Stack
from hwsearch.train.loop import Schedule, train_stack
from hwsearch.train.machine import tune_process
from hwsearch.train.size import MOST, fastest, fitting

T, INPUT_MAX, BITS = 4, 16, (2, 2, 3, 3, 4, 4, 8, 8)


@dataclass(frozen=True)
class Case:
    """A network, what it reads, samples of an epoch and batch size.

    Attributes:
        frames: Of a sequence, one a timestep; None: still images, shown T times.
    """

    name: str
    layers: str
    shape: tuple[int, int, int]
    samples: int
    batch: int
    frames: int | None = None

    @property
    def timesteps(self) -> int:
        return T if self.frames is None else self.frames


CASES = (
    Case("digits MLP", "fc128", (1, 8, 8), 1437, 64),
    Case("digits conv", "8c3-p2-16c3-p2-fc64", (1, 8, 8), 1437, 64),
    Case("MNIST MLP", "fc256", (1, 28, 28), 2560, 128),
    Case("MNIST conv", "16c3-p2-32c3-p2-fc128", (1, 28, 28), 256, 64),
    Case("recurrent, sequences", "r128", (140, 1, 1), 512, 64, 50),
    Case("residual conv", "16c3s2-res(16c3-16c3)-res(32c3s2-32c3)-gap", (1, 28, 28), 256, 64),
    Case("depthwise conv", "16c3s2-dw3-32c1-dw3s2-64c1-gap", (1, 28, 28), 256, 64),
)


def spec_of(case: Case) -> NetworkSpec:
    """Return a case's architecture."""
    data = Input(case.shape, INPUT_MAX, INPUT_MAX.bit_length(), case.frames)
    return NetworkSpec(*read_spelling(case.layers, data, 10, NeuronLaw(1, 1.0, "zero")), data, 10)


def tickets_of(case: Case, n: int) -> list[Ticket]:
    """Return n half-pruned candidates of mixed bits."""
    spec = spec_of(case)
    params = initial_params(spec, 0)
    masks = tuple(prune(spec.connections, params.weights, "weight", 0.5))
    bits = sorted(BITS[i % len(BITS)] for i in range(n))
    return [Ticket(params, masks, (b,) * len(masks)) for b in bits]


@cache
def stack_of(case: Case) -> int:
    """Return the size of our stacks, chosen as the trainer does."""
    spec = spec_of(case)
    fits = fitting(spec, case.timesteps, case.batch, os.cpu_count() or 1)
    return fastest(spec, case.timesteps, case.batch, min(MOST, fits))


def data_of(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Return random inputs and labels: speed does not depend on what they show."""
    rng = np.random.default_rng(0)
    if case.frames is None:
        x = rng.integers(0, INPUT_MAX + 1, (case.samples, *case.shape)).astype(np.uint8)
    else:  # events: most pixels of a frame are still
        x = rng.poisson(0.1, (case.samples, case.frames, *case.shape)).clip(0, INPUT_MAX).astype(np.uint8)
    return x, rng.integers(0, 10, case.samples)


def ours(case: Case) -> Callable[[], int]:
    """Return a call that trains a stack for an epoch and gives its candidate-epochs."""
    x, y = data_of(case)
    tickets = tickets_of(case, stack_of(case))

    def epoch() -> int:
        train_stack(
            spec_of(case),
            tickets,
            x,
            y,
            timesteps=case.timesteps,
            schedule=Schedule(1, case.batch, 0.005),
            seed=0,
        )
        return len(tickets)

    return epoch


def spikingjelly(case: Case) -> Callable[[], int]:
    """Return a call that trains one candidate for an epoch with spikingjelly's own modules."""
    from benchmarks.spikingjelly_net import SpikingJellyNet

    (ticket,) = tickets_of(case, 1)
    net = SpikingJellyNet(spec_of(case), ticket)
    optimiser = torch.optim.Adam(net.parameters(), lr=0.005)
    x, y = data_of(case)
    inputs, targets = torch.from_numpy(x.astype(np.float32) / INPUT_MAX), torch.from_numpy(y)

    def epoch() -> int:
        for batch in torch.randperm(case.samples).split(case.batch):
            x = inputs[batch]
            x = (
                x.unsqueeze(0).repeat(T, 1, 1, 1, 1)
                if case.frames is None
                else x.transpose(0, 1).contiguous()
            )
            loss = F.cross_entropy(net(x).mean(0), targets[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        return 1

    return epoch


def floor(case: Case) -> float:
    """Return the seconds of one candidate-epoch's matrix products alone, forward and backward."""
    stack, spec = Stack(spec_of(case), tickets_of(case, stack_of(case))), spec_of(case)
    seconds = 0.0
    for place, connection in enumerate(spec.connections):
        weight = stack.weights[place].detach().requires_grad_()
        first = connection.source == INPUT
        frames = case.batch * (1 if (first and case.frames is None) or connection.readout else case.timesteps)
        channels = connection.in_channels // connection.fan_columns
        size = connection.in_size if connection.kind == "conv" else (connection.fan_columns, 1)
        x = torch.rand(*(() if first else (stack.size,)), frames, channels, *size).requires_grad_(not first)

        def product(connection=connection, x=x, weight=weight) -> None:  # type: ignore[no-untyped-def]
            out = carried(connection, spec.populations[connection.target], x, weight, None)
            out.backward(torch.ones_like(out))

        seconds += _best(product, 5)
    return seconds * (case.samples / case.batch) / stack_of(case)


def _best(call: Callable[[], object], n: int) -> float:
    times = []
    for _ in range(n + 2):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def worker(kind: str, case: Case, threads: int, pipe: multiprocessing.connection.Connection) -> None:  # type: ignore[name-defined]
    """Warm up, then run epochs for the seconds that arrive and send back candidate-epochs a second; 0 ends."""
    if kind == "ours":
        tune_process()
    elif threads:
        torch.set_num_threads(threads)
    epoch = {"ours": ours, "spikingjelly": spikingjelly}[kind](case)
    epoch()
    pipe.send("ready")
    while seconds := pipe.recv():
        start, done = time.perf_counter(), 0
        while time.perf_counter() - start < seconds:
            done += epoch()
        pipe.send(done / (time.perf_counter() - start))


class Group:
    """Processes that work at the same time; idle while another group has its turn."""

    def __init__(self, kind: str, case: Case, processes: int, threads: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipes, self.workers = [], []
        for _ in range(processes):
            here, there = context.Pipe()
            process = context.Process(target=worker, args=(kind, case, threads, there))
            process.start()
            self.pipes.append(here)
            self.workers.append(process)
        for pipe in self.pipes:
            pipe.recv()

    def rate(self, seconds: float) -> float:
        """Return the candidate-epochs a second of all processes together."""
        for pipe in self.pipes:
            pipe.send(seconds)
        return sum(pipe.recv() for pipe in self.pipes)

    def close(self) -> None:
        """End the processes."""
        for pipe, process in zip(self.pipes, self.workers, strict=True):
            pipe.send(0)
            process.join()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="cases whose name holds this")
    options = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    print(f"{cores} cores, torch {torch.__version__}, {options.rounds} rounds of {options.seconds:g} s")
    print(
        "| network | ours | spikingjelly: default | 1 thread | 1 process a core "
        "| ratio to default | to 1 thread | to 1 process a core | times the floor |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for case in (case for case in CASES if options.only in case.name):
        groups = [Group("ours", case, cores, 1), Group("spikingjelly", case, 1, 0),
                  Group("spikingjelly", case, 1, 1), Group("spikingjelly", case, cores, 1)]  # fmt: skip
        rounds = [[group.rate(options.seconds) for group in groups] for _ in range(options.rounds)]
        for group in groups:
            group.close()
        rates = [median(column) for column in zip(*rounds, strict=True)]
        ratios = [median(row[0] / row[other] for row in rounds) for other in (1, 2, 3)]
        tune_process()
        above = cores / rates[0] / floor(case)
        shown = " | ".join(f"{number:.1f}" for number in (*rates, *ratios, above))
        print(f"| {case.name} (stacks of {stack_of(case)}) | {shown} |", flush=True)


if __name__ == "__main__":
    main()
