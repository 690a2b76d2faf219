"""Training speed: candidate-epochs a second over the whole machine, against spikingjelly's multi-step loop.

    python -m benchmarks.training [--seconds 6] [--rounds 3]

Both train quantised, masked candidates with the same fake quantisation, batch size, T = 4 and Adam. Ours: one worker
process a core, one thread each, stacks of the size that the trainer measures to be the fastest. Spikingjelly: its
multi-step layers and LIFNode, one candidate after the other, in three settings: one process with torch's default
threads, one process with one thread, and one process a core with one thread each. The settings take turns, round after
round; ratios are medians over the rounds.
"floor" is the time of the matrix products (or convolutions) alone, forward and backward, in our stacks.
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
from hwsearch.network.topology import NetworkSpec, layer_shapes

from hwsearch.compress.masks import prune
from hwsearch.compress.quantise import Quantiser
from hwsearch.network.stack import Stack, Ticket, initial_params
from hwsearch.train.loop import Schedule, train_stack
from hwsearch.train.machine import tune_process
from hwsearch.train.size import MOST, fastest, fitting

T, BITS = 4, (2, 2, 3, 3, 4, 4, 8, 8)


@dataclass(frozen=True)
class Case:
    """A network, its input side, samples of an epoch and batch size."""

    name: str
    layers: str
    side: int
    samples: int
    batch: int


CASES = (
    Case("digits MLP", "fc128", 8, 1437, 64),
    Case("digits conv", "8c3-p2-16c3-p2-fc64", 8, 1437, 64),
    Case("MNIST MLP", "fc256", 28, 2560, 128),
    Case("MNIST conv", "16c3-p2-32c3-p2-fc128", 28, 256, 64),
)


def spec_of(case: Case) -> NetworkSpec:
    """Return a case's architecture."""
    shape = (1, case.side, case.side)
    return NetworkSpec(layer_shapes(case.layers, shape, 10), 1, 1.0, "zero", False, "max", shape, 16, 5, 10)


def tickets_of(case: Case, n: int) -> list[Ticket]:
    """Return n half-pruned candidates of mixed bits."""
    params = initial_params(spec_of(case), 0)
    masks = tuple(prune([layer.weight for layer in params], "weight", 0.5))
    return [Ticket(params, masks, (b,) * len(params)) for b in sorted(BITS[i % len(BITS)] for i in range(n))]


@cache
def stack_of(case: Case) -> int:
    """Return the size of our stacks, chosen as the trainer does."""
    spec = spec_of(case)
    return fastest(spec, T, case.batch, min(MOST, fitting(spec, T, case.batch, os.cpu_count() or 1)))


def data_of(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Return random inputs and labels: speed does not depend on what they show."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 17, (case.samples, 1, case.side, case.side)).astype(np.uint8)
    return x, rng.integers(0, 10, case.samples)


def ours(case: Case) -> Callable[[], int]:
    """Return a call that trains a stack for an epoch and gives its candidate-epochs."""
    x, y = data_of(case)
    tickets = tickets_of(case, stack_of(case))

    def epoch() -> int:
        train_stack(
            spec_of(case), tickets, x, y, timesteps=T, schedule=Schedule(1, case.batch, 0.005), seed=0
        )
        return len(tickets)

    return epoch


def spikingjelly(case: Case) -> Callable[[], int]:
    """Return a call that trains one candidate for an epoch with spikingjelly's own modules."""
    from spikingjelly.activation_based import functional, layer, neuron, surrogate

    class Quantised(torch.nn.Module):
        """A spikingjelly layer whose weight is masked and quantised before each use."""

        def __init__(self, module: torch.nn.Module, mask: np.ndarray, bits: int, per_channel: bool) -> None:
            super().__init__()
            self.module, self.grid = module, Quantiser((bits,), per_channel)
            self.mask = torch.from_numpy(mask.astype(np.float32)).unsqueeze(0)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            weight = self.grid.fake(self.module.weight.unsqueeze(0), self.mask)[0]
            steps = x.flatten(0, 1)
            if isinstance(self.module, torch.nn.Conv2d):
                out = F.conv2d(steps, weight, self.module.bias, padding=self.module.padding)
            else:
                out = F.linear(steps, weight, self.module.bias)
            return out.view(*x.shape[:2], *out.shape[1:])

    spec, (ticket,) = spec_of(case), tickets_of(case, 1)
    modules: list[torch.nn.Module] = []
    for shape, mask, bits in zip(spec.layers, ticket.masks, ticket.bits, strict=True):
        if shape.kind == "conv":
            own: torch.nn.Module = layer.Conv2d(
                shape.in_channels, shape.out_channels, shape.kernel, padding=shape.kernel // 2
            )
        else:
            if not any(isinstance(m, layer.Flatten) for m in modules):
                modules.append(layer.Flatten(step_mode="m"))
            own = layer.Linear(shape.in_channels, shape.out_channels)
        modules.append(Quantised(own, mask, bits, shape.name != "readout"))
        if shape.name != "readout":
            modules.append(
                neuron.LIFNode(
                    2.0, False, surrogate_function=surrogate.ATan(), detach_reset=True, step_mode="m"
                )
            )
        if shape.pool > 1:
            modules.append(layer.MaxPool2d(shape.pool, step_mode="m"))
    net = torch.nn.Sequential(*modules)
    optimiser = torch.optim.Adam(net.parameters(), lr=0.005)
    x, y = data_of(case)
    inputs, targets = torch.from_numpy(x.astype(np.float32) / 16), torch.from_numpy(y)

    def epoch() -> int:
        for batch in torch.randperm(case.samples).split(case.batch):
            out = net(inputs[batch].unsqueeze(0).repeat(T, 1, 1, 1, 1)).mean(0)
            loss = F.cross_entropy(out, targets[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            functional.reset_net(net)
        return 1

    return epoch


def floor(case: Case) -> float:
    """Return the seconds of one candidate-epoch's matrix products alone, forward and backward."""
    stack, spec = Stack(spec_of(case), tickets_of(case, stack_of(case))), spec_of(case)
    K, B, seconds = stack_of(case), case.batch, 0.0
    for index, shape in enumerate(spec.layers):
        weight = stack.weights[index].detach().requires_grad_()
        steps = 1 if index == 0 or shape.name == "readout" else T
        if shape.kind == "conv":
            channels = shape.in_channels * (1 if index == 0 else K)
            x = torch.rand(steps * B, channels, *shape.in_size).requires_grad_(index > 0)

            def product(
                x: torch.Tensor = x, weight: torch.Tensor = weight, shape=shape, index: int = index
            ) -> torch.Tensor:  # type: ignore[no-untyped-def]
                return F.conv2d(
                    x, weight.flatten(0, 1), padding=shape.kernel // 2, groups=1 if index == 0 else K
                )
        else:
            x = torch.rand(K, steps * B, shape.in_channels).requires_grad_(index > 0)

            def product(x: torch.Tensor = x, weight: torch.Tensor = weight) -> torch.Tensor:
                return torch.bmm(x, weight.transpose(1, 2))

        seconds += _best(lambda product=product: product().backward(torch.ones_like(product())), 5) - _best(
            product, 5
        )
    return seconds * (case.samples / B) / K


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
    options = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    print(f"{cores} cores, torch {torch.__version__}, {options.rounds} rounds of {options.seconds:g} s")
    print(
        "| network | ours | spikingjelly: default | 1 thread | 1 process a core "
        "| ratio to default | to 1 thread | to 1 process a core | times the floor |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for case in CASES:
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
