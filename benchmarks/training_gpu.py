"""Training speed on one GPU; says so and exits 1 where there is none.

    python -m benchmarks.training_gpu rates                       K = 1, 8, 64, 256 against this machine's cores
    python -m benchmarks.training_gpu study studies/digits_mcu.yaml               a whole search: its wall time
    python -m benchmarks.training_gpu study studies/fashion_conv.yaml --candidates 200
    python -m benchmarks.training_gpu vgg9 [--epochs 30]          VGG-9 on Fashion-MNIST: test accuracy
    python -m benchmarks.training_gpu res13 [--epochs 30]         a residual net of 13 layers with weights, likewise

"rates" prints candidate-epochs a second of stacks on the GPU, the ratio to stacks of one on the same GPU, and to this
machine's cores (one process a core, stacks as in training.py), for the networks of training.py.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

import hwsearch
from benchmarks.training import CASES, Case, Group, T, data_of, spec_of, tickets_of
from hwsearch.data.datasets import find_root, load_dataset
from hwsearch.graph.graph import NetworkSpec
from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.graph.spelling import read_spelling
from hwsearch.measure.floats import logits
from hwsearch.network.fold import fold
from hwsearch.network.integer import run_integer_stack
from hwsearch.network.integers import Widths
from hwsearch.network.params import Ticket, initial_params
from hwsearch.study.data_section import NamedData
from hwsearch.train.loop import Schedule, train_stack

NETWORKS = {
    "vgg9": "64c3-64c3-p2-128c3-128c3-p2-256c3-256c3-256c3-p2-fc1024",
    "res13": "32c3-res(32c3-32c3)-res(64c3s2-64c3)-res(64c3-64c3)-res(128c3s2-128c3)-gap-fc128",
}


def rate(case: Case, size: int, seconds: float) -> float:
    """Return the candidate-epochs a second of stacks of a size on the GPU."""
    x, y = data_of(case)
    tickets = tickets_of(case, size)

    def epochs(n: int) -> float:
        start = time.perf_counter()
        schedule = Schedule(n, case.batch, 0.005)
        train_stack(
            spec_of(case), tickets, x, y, timesteps=case.timesteps, schedule=schedule, seed=0, device="cuda"
        )
        torch.cuda.synchronize()
        return time.perf_counter() - start

    epochs(1)
    n = max(2, int(seconds / epochs(1)))
    return size * n / epochs(n)


def rates(options: argparse.Namespace) -> None:
    """Print the table of rates."""
    cores = len(os.sched_getaffinity(0))
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, beside {cores} cores")
    sizes = (1, 8, 64, 256)
    print(
        "| network | cores |" + "".join(f" K = {k} |" for k in sizes) + " best to K = 1 | best to the cores |"
    )
    print("|---" * (4 + len(sizes)) + "|")
    for case in CASES:
        group = Group("ours", case, cores, 1)
        here = group.rate(options.seconds)
        group.close()
        found = [rate(case, size, options.seconds) for size in sizes]
        shown = " | ".join(f"{own:.1f}" for own in (here, *found))
        print(
            f"| {case.name} | {shown} | {max(found) / found[0]:.1f} | {max(found) / here:.1f} |", flush=True
        )


def study(options: argparse.Namespace) -> None:
    """Run a whole search on the GPU and print its wall time."""
    text = Path(options.study).read_text(encoding="utf-8")
    if options.candidates is not None:
        lines = text.splitlines()
        at = next(i for i, line in enumerate(lines) if line.startswith("search:"))
        before, after = lines[at].split("candidates: ")
        lines[at] = f"{before}candidates: {options.candidates}," + after.split(",", 1)[1]
        text = "\n".join(lines)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "study.yaml"
        path.write_text(text, encoding="utf-8")
        start = time.perf_counter()
        result = hwsearch.run(path, out=Path(folder) / "run", device="cuda")
        seconds, summary = time.perf_counter() - start, result.summary
    print(f"{options.study}: {seconds:.1f} s, front of {summary['front_size']}, pick {summary['pick']}")


def accuracy(options: argparse.Namespace) -> None:
    """Train a dense network with 8-bit weights on all of Fashion-MNIST; print its accuracies."""
    settings = NamedData(name="fashion-mnist", validation=0.1)
    data = load_dataset(settings, find_root(options.data_root, None, os.environ))
    graph = read_spelling(
        NETWORKS[options.what], data.input, data.classes, NeuronLaw(1, 1.0, "zero"), norm=True
    )
    spec = NetworkSpec(*graph, data.input, data.classes)
    params = initial_params(spec, 0)
    masks = tuple(np.ones(weight.shape, bool) for weight in params.weights)
    ticket = Ticket(params, masks, (8,) * len(masks))
    start = time.perf_counter()

    def watch(epoch: int, _: object) -> bool:
        print(f"epoch {epoch}, {time.perf_counter() - start:.0f} s", flush=True)
        return False

    (trained,) = train_stack(
        spec, [ticket], data.x_train, data.y_train, timesteps=T, schedule=Schedule(options.epochs, 128, 0.002, 4.0),
        seed=0, device="cuda", watch=watch,
    )  # fmt: skip
    if trained.params is None:
        sys.exit(trained.failure)
    done = replace(ticket, params=trained.params)
    floats = logits(spec, [done], data.x_test, T, device="cuda")[0].argmax(1)
    network = fold(spec, trained.params, ticket.masks, ticket.bits, T, Widths())
    integers = run_integer_stack([network], data.x_test, device="cuda")[0].predictions
    for name, guesses in (("float", floats), ("integer", integers)):
        print(f"test accuracy, {name} network: {(guesses == data.y_test).mean():.2%}")


def main() -> None:
    """Run the benchmark that is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("rates", "study", *NETWORKS))
    parser.add_argument("study", nargs="?")
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--candidates", type=int)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--data-root")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("no GPU that torch can use: nothing is measured")
    {"rates": rates, "study": study}.get(options.what, accuracy)(options)


if __name__ == "__main__":
    main()
