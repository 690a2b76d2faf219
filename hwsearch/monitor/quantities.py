"""What is watched of each inference: whole numbers that firmware has at hand anyway.

Sums of inputs, spikes of each population, the margin between the two largest potentials, and whether there is an answer
at all. Not for how they are judged (`rule`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from hwsearch.data.frames import timestep_inputs
from hwsearch.network.integer import Run, run_integer
from hwsearch.network.integers import IntegerNetwork

Ints = npt.NDArray[np.int64]
Kind = Literal["input", "spikes", "margin", "no_answer"]
MOST_CHANNELS, MOST_POPULATIONS = 8, 6
"""Channels that have a sum each (more have one in all); spiking populations that are watched, the last ones."""
MOST = MOST_CHANNELS + MOST_POPULATIONS + 2
"""Quantities at most: two bits of each, in a word of 32."""


@dataclass(frozen=True)
class Quantity:
    """One number that is watched.

    Attributes:
        name: In tables and files.
        kind: ``input``: the sum of the values read in an inference (of a still image once); ``spikes`` of a
            population; ``margin``: largest less second largest potential at the end; ``no_answer``: 1 where that is 0,
            or where no neuron fired that the readout reads, else 0.
        place: Of an input its channel, None for all together; of spikes the population.
    """

    name: str
    kind: Kind
    place: int | None = None

    @property
    def words(self) -> str:
        """What it is called in a sentence."""
        if self.kind == "input":
            return "the inputs' sum" if self.place is None else f"the sum of input channel {self.place}"
        if self.kind == "spikes":
            return f"the number of spikes of {self.name.removeprefix('spikes_')}"
        return "the margin" if self.kind == "margin" else "the share without an answer"


@dataclass(frozen=True, eq=False)
class Seen:
    """What was watched of a stream of inferences.

    Attributes:
        values: [N, Q], 0 or more.
        classes: [N], what the network answered; of labels a timestep the last answer.
    """

    values: Ints
    classes: Ints

    def __getitem__(self, kept: Ints) -> Seen:
        """Return some of the inferences, by index."""
        return Seen(self.values[kept], self.classes[kept])

    def __len__(self) -> int:
        """Return N."""
        return len(self.classes)


def quantities_of(network: IntegerNetwork) -> tuple[Quantity, ...]:
    """Return what is watched of a network, in the order of an inference."""
    channels = network.input.shape[0]
    inputs = range(channels) if 1 < channels <= MOST_CHANNELS else [None]
    return (
        *(Quantity("input" if c is None else f"input_{c}", "input", c) for c in inputs),
        *(
            Quantity(f"spikes_{network.populations[p].shape.name}", "spikes", p)
            for p in watched_populations(network)
        ),
        Quantity("margin", "margin"),
        Quantity("no_answer", "no_answer"),
    )


def watched_populations(network: IntegerNetwork) -> range:
    """Return which spiking populations are watched."""
    n = len(network.populations) - 1
    return range(max(0, n - MOST_POPULATIONS), n)


def readers_sources(network: IntegerNetwork) -> tuple[int, ...]:
    """Return the watched populations that the readout reads; none where it reads anything else besides."""
    sources = sorted({c.shape.source for c in network.connections if c.shape.readout})
    watched = watched_populations(network)
    return tuple(sources) if all(source in watched for source in sources) else ()


def seen(network: IntegerNetwork, x: npt.NDArray[np.unsignedinteger]) -> Seen:
    """Return what is watched of the integer machine on samples, in their order.

    Args:
        network: The integers.
        x: [N, C, H, W] or sequences [N, T0, C, H, W], whole numbers as the network reads them.

    Raises:
        ValueError: There is no sample, or an input that the network cannot read.
    """
    run = run_integer(network, x)
    readout = run.readout if run.readout.ndim == 2 else run.readout[:, -1]
    columns = [_column(quantity, network, x, run, readout) for quantity in quantities_of(network)]
    return Seen(np.stack(columns, 1).astype(np.int64), readout.argmax(-1))


def _column(
    quantity: Quantity, network: IntegerNetwork, x: npt.NDArray[np.unsignedinteger], run: Run, readout: Ints
) -> Ints:
    """Return a quantity of each sample, [N]."""
    if quantity.kind == "input":
        return _input_sums(network, x, quantity.place)
    if quantity.kind == "spikes":
        assert quantity.place is not None
        return np.asarray(run.fired[quantity.place], np.int64)
    margin = _margins(readout)
    if quantity.kind == "margin":
        return margin
    sources: Sequence[int] = readers_sources(network)
    silent = sum(run.fired[p] for p in sources) == 0 if sources else np.zeros(len(x), bool)
    return np.asarray((margin == 0) | silent, np.int64)


def _input_sums(network: IntegerNetwork, x: npt.NDArray[np.unsignedinteger], channel: int | None) -> Ints:
    """Return the sum of what is read in an inference; of a still image, which is read once, its own."""
    read = x[:, None] if network.input.still else timestep_inputs(x, network.input, network.timesteps)
    chosen = read if channel is None else read[:, :, channel]
    return np.asarray(chosen.reshape(len(x), -1).sum(1, dtype=np.int64))


def _margins(readout: Ints) -> Ints:
    """Return the largest potential less the second largest, [N]; 0 of a sole class."""
    if readout.shape[1] == 1:
        return np.zeros(len(readout), np.int64)
    two = np.partition(readout, -2, axis=1)[:, -2:]
    return np.asarray(two[:, 1] - two[:, 0], np.int64)
