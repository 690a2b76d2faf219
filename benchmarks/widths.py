"""What each device's widths cost: every shipped profile, at every weight width up to 8 bits that it takes.

    python -m benchmarks.widths [--quick] > benchmarks/results/widths.md

A multilayer perceptron and a convolutional network on digits and on MNIST's 8-bit inputs, at 1, 4 and 64 timesteps
(the last with the weights of 4), with the neuron and reset that the device has. Each is trained once a weight width;
devices differ only in the integers that the same floats become. Accuracies are on validation samples.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from hwsearch.data.datasets import find_root, load_dataset
from hwsearch.data.samples import Dataset
from hwsearch.graph.graph import Input, NetworkSpec
from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.graph.spelling import read_spelling
from hwsearch.hardware.profiles.load import list_profiles, load_profile
from hwsearch.measure.floats import logits
from hwsearch.network.fold import fold_counting_losses
from hwsearch.network.integer import run_integer
from hwsearch.network.integers import Widths, needed_bits
from hwsearch.network.params import Ticket, initial_params
from hwsearch.network.width_loss import WidthLoss
from hwsearch.study.data_section import NamedData
from hwsearch.tickets.fit import dense_masks
from hwsearch.train.loop import Schedule, train_stack

BITS = (1, 2, 3, 4, 6, 8)
TRAINED_AT = {1: 1, 4: 4, 64: 4}
NETWORKS = {"MLP": "fc64-fc64", "conv": "8c3-p2-16c3-p2-fc32"}
SAMPLES = {1: 500, 4: 500, 64: 200}


@dataclass(frozen=True)
class Kind:
    """What devices have in common that the integers depend on."""

    widths: Widths
    neuron: str
    reset: str


@dataclass(frozen=True)
class Cell:
    """A network of one weight width on one kind of device: its loss against floats, in points, and what was clipped."""

    points: float
    fits: bool
    loss: WidthLoss

    def __str__(self) -> str:
        lost = self.loss
        static = lost.weights_zeroed or lost.biases_clipped or lost.thresholds_clipped
        marks = (
            ("w" if static else "")
            + ("s" if lost.sums_clipped else "")
            + ("m" if lost.membranes_clipped else "")
        )
        return f"{0.0 - self.points:+.1f}{'' if self.fits else ' over'}{' ' + marks if marks else ''}"


def kinds() -> dict[Kind, dict[str, tuple[int, ...]]]:
    """Return the shipped profiles by kind, each with the weight bits that it takes."""
    found: dict[Kind, dict[str, tuple[int, ...]]] = {}
    for ident, *_ in list_profiles():
        own = load_profile(ident)
        widths = Widths(own.state_bits, own.accumulator_bits, own.bias_bits, own.threshold_bits, own.overflow)
        neuron = "lif" if "lif" in own.neuron_models else "if"
        kind = Kind(widths, neuron, "zero" if "zero" in own.resets else "subtract")
        found.setdefault(kind, {})[ident] = tuple(b for b in own.weight_bits if b in BITS)
    return found


def architecture(data: Dataset, layers: str, kind: Kind) -> NetworkSpec:
    """Return a network with the neuron of a kind."""
    read = Input(data.input_shape, data.input_max, data.input_bits)
    law = NeuronLaw(1 if kind.neuron == "lif" else None, 1.0, kind.reset)
    populations, connections = read_spelling(layers, read, data.classes, law, norm=True, pool="max")
    return NetworkSpec(populations, connections, read, data.classes)


def trained(
    spec: NetworkSpec, data: Dataset, bits: tuple[int, ...], timesteps: int, epochs: int
) -> list[Ticket]:
    """Return a trained network of each weight width."""
    params = initial_params(spec, 0)
    tickets = [Ticket(params, dense_masks(params), (b,) * len(params.weights)) for b in bits]
    results = train_stack(
        spec, tickets, data.x_train, data.y_train, timesteps=timesteps,
        schedule=Schedule(epochs, 64, 0.005, 1.0, 0.0), seed=0,
    )  # fmt: skip
    return [
        replace(t, params=r.params) for t, r in zip(tickets, results, strict=True) if r.params is not None
    ]


def cell(
    spec: NetworkSpec, ticket: Ticket, data: Dataset, timesteps: int, widths: Widths, floats: np.ndarray
) -> Cell:
    """Return how the integers of a network do against its floats' predictions."""
    n = len(floats)
    x, y = data.x_val[:n], data.y_val[:n]
    network, loss = fold_counting_losses(spec, ticket.params, ticket.masks, ticket.bits, timesteps, widths)
    run = run_integer(network, x)
    *spiking, readout = needed_bits(network)
    fits = all(need.membrane <= widths.state for need in spiking) and all(
        need.sums <= widths.accumulator for need in (*spiking, readout)
    )
    points = 100 * float((floats == y).mean() - (run.predictions == y).mean())
    return Cell(points, fits, loss.with_clipped(run.sums_clipped, run.membranes_clipped))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="digits alone, few epochs")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)
    root = find_root(None, None, os.environ)
    sets = {"digits": load_dataset(NamedData(name="digits"), root)}
    if not quick:
        sets["MNIST, 8 bits"] = load_dataset(NamedData(name="mnist", input_bits=8, train_size=5000), root)
    groups = kinds()
    print(Path(__file__).with_name("widths_head.md").read_text(encoding="utf-8").rstrip())
    for kind, members in groups.items():
        own, bits = kind.widths, tuple(sorted({b for taken in members.values() for b in taken}))
        print(f"\n## Membrane {own.state}, sum {own.accumulator}, bias {own.bias}, threshold {own.threshold} bits; "
              f"{kind.neuron}, reset {kind.reset}\n")  # fmt: skip
        print(", ".join(f"{ident} ({', '.join(map(str, taken))})" for ident, taken in members.items()) + "\n")
        print(f"| data | network | T | float, {bits[-1]} bits | " + " | ".join(map(str, bits)) + " |")
        print("|---" * (4 + len(bits)) + "|")
        for name, data in sets.items():
            for label, layers in NETWORKS.items():
                spec = architecture(data, layers, kind)
                for line in rows(spec, data, kind, bits, 3 if quick else 12 if name == "digits" else 4):
                    print(f"| {name} | {label} | {line} |", flush=True)


CACHE: dict[tuple[object, ...], list[Ticket]] = {}


def rows(spec: NetworkSpec, data: Dataset, kind: Kind, bits: tuple[int, ...], epochs: int) -> list[str]:
    """Return a line of the table for each T."""
    lines = []
    for timesteps, at in TRAINED_AT.items():
        key = (repr(spec), at, epochs)
        if key not in CACHE:
            CACHE[key] = trained(spec, data, BITS, at, epochs)
        tickets = [ticket for ticket in CACHE[key] if ticket.bits[0] in bits]
        x = data.x_val[: SAMPLES[timesteps]]
        floats = logits(spec, tickets, x, timesteps).argmax(2)
        cells = [
            cell(spec, ticket, data, timesteps, kind.widths, guesses)
            for ticket, guesses in zip(tickets, floats, strict=True)
        ]
        best = 100 * float((floats[-1] == data.y_val[: len(x)]).mean())
        lines.append(f"{timesteps} | {best:.1f}% | " + " | ".join(map(str, cells)))
    return lines


if __name__ == "__main__":
    sys.exit(main())
