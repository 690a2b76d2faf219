"""Populations joined by connections: the one description of a network's structure that every part uses.

A **population** is a map of neurons [C, H, W] of one law, or the readout. A **connection** carries spikes from one
population (or the input) to another through weights. Connections of delay 0 form no circle; one of delay 1 may go
anywhere, back to its own population too: what it carries arrives one timestep later. A chain is the ordinary case: its
i-th connection enters its i-th population.

What has weights is a connection, so masks, weight bits and probes are one a connection; biases, thresholds, batch
normalisation and membranes are one a population. Not for the spelling (`spelling`, `explicit`) and not for what is
trained (`network`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, TypeVar

from hwsearch.graph.neuron_law import NeuronLaw

T = TypeVar("T")
INPUT = -1
"""The place of the input among the populations, as a connection's source."""
Size = tuple[int, int]
"""Height and width."""


class Pooling(NamedTuple):
    """Pooling of what a connection reads.

    Attributes:
        window: Height and width of the window, which is also its stride; rows and columns that fill no window are
            left out. (1, 1): none.
        kind: ``max`` (an OR of spikes) or ``sum`` (its divisor is folded into the weights; floats take the mean).
    """

    window: Size = (1, 1)
    kind: Literal["max", "sum"] = "max"

    @property
    def area(self) -> int:
        """Values in a window."""
        return self.window[0] * self.window[1]

    @property
    def divisor(self) -> int:
        """What a sum is divided by to be a mean; 1 for an OR. Also the largest value that pooled spikes take."""
        return self.area if self.kind == "sum" else 1

    def pooled(self, size: Size) -> Size:
        """Return the size of a pooled map."""
        return size[0] // self.window[0], size[1] // self.window[1]


NO_POOLING = Pooling()


@dataclass(frozen=True)
class Population:
    """A map of neurons, or of the readout's accumulators.

    Attributes:
        name: ``conv1``, ``fc2``, ``readout``.
        channels: C.
        size: H and W; (1, 1) where it is flat.
        law: What its neurons do; None for the readout.
        norm: Whether a batch normalisation stands before it.
        flat: Whether its tensors are [C] instead of [C, H, W]: fully connected weights enter it.
    """

    name: str
    channels: int
    size: Size
    law: NeuronLaw | None
    norm: bool = False
    flat: bool = False

    @property
    def neurons(self) -> int:
        """Neurons, or accumulators."""
        return self.channels * self.size[0] * self.size[1]


@dataclass(frozen=True)
class Connection:
    """Weights between two populations.

    Attributes:
        name: That of the population it enters; a second one there has an addition: ``conv3.skip``, ``rec1.back``.
        source: Place of the population that it reads; INPUT for the input.
        target: Place of the population that it enters.
        kind: ``conv`` (padding kernel // 2) or ``fc``.
        in_channels: Channels of its source; for fc its inputs: channels times pixels (after pooling).
        out_channels: Channels of its target.
        kernel: Height and width of a filter, both odd; (1, 1) for fc.
        stride: Of the filter, down and across; (1, 1) for fc.
        groups: 1, or ``in_channels`` (depthwise: one filter a channel).
        pooling: Of what it reads.
        delay: Timesteps until a spike arrives: 0 or 1.
        in_size: Height and width of the map that its filters read, after pooling; (1, 1) for fc.
        out_size: Height and width of its target; (1, 1) for fc.
        fan_columns: Consecutive inputs that one channel of its source feeds: pixels of the pooled map for fc, else 1.
        prunable: Whether its weights may be pruned: not those of a residual identity.
        readout: Whether it enters the readout.
    """

    name: str
    source: int
    target: int
    kind: Literal["conv", "fc"]
    in_channels: int
    out_channels: int
    kernel: Size
    stride: Size
    groups: int
    pooling: Pooling
    delay: int
    in_size: Size
    out_size: Size
    fan_columns: int
    prunable: bool = True
    readout: bool = False

    @property
    def weight_shape(self) -> tuple[int, ...]:
        """Shape of its weights: [out, in], or [out, in / groups, kh, kw]."""
        if self.kind == "fc":
            return self.out_channels, self.in_channels
        return self.out_channels, self.in_channels // self.groups, *self.kernel

    @property
    def n_weights(self) -> int:
        """Number of its weights."""
        return math.prod(self.weight_shape)

    @property
    def area(self) -> int:
        """Weights of one filter plane."""
        return self.kernel[0] * self.kernel[1]

    @property
    def depthwise(self) -> bool:
        """Whether each channel has its own filter, and reads that channel alone."""
        return self.groups > 1 or (self.kind == "conv" and not self.prunable)

    @property
    def padding(self) -> Size:
        """Zeros around the map that it reads, down and across."""
        return self.kernel[0] // 2, self.kernel[1] // 2


@dataclass(frozen=True)
class Input:
    """What a network reads.

    Attributes:
        shape: [C, H, W] of a frame.
        max: Largest integer value in a frame, as the data have it (before frames are added up to bins).
        bits: Bits of one input value.
        frames: T0, frames of a sample; None: a still image, shown at every timestep.
        binning: How frames become fewer timesteps: their ``sum`` (counts) or their ``mean`` (values).
    """

    shape: tuple[int, int, int]
    max: int
    bits: int
    frames: int | None = None
    binning: Literal["sum", "mean"] = "sum"

    @property
    def still(self) -> bool:
        """Whether a sample is one image, whose first current is computed once."""
        return self.frames is None

    def max_at(self, timesteps: int) -> int:
        """Return the largest integer that a network of so many timesteps reads."""
        if self.frames is None or self.binning == "mean":
            return self.max
        return self.max * -(-self.frames // timesteps)

    def analog(self, timesteps: int) -> bool:
        """Return whether values are read instead of spikes: a frame of 0 and 1 is spikes, a still image values."""
        return self.still or self.max_at(timesteps) > 1


@dataclass(frozen=True)
class Readout:
    """How the readout makes a prediction of its currents.

    Attributes:
        last: Timesteps that it adds up, the last ones; None: all.
        leak_shift: k of its leak v - (v >> k); None: none.
        labels: ``sample``: one prediction, of the potential after the last timestep. ``step``: one after each.
    """

    last: int | None = None
    leak_shift: int | None = None
    labels: Literal["sample", "step"] = "sample"

    def first(self, timesteps: int) -> int:
        """Return the first timestep that is added up."""
        return 0 if self.last is None else max(0, timesteps - self.last)

    def shares(self, timesteps: int) -> list[float]:
        """Return what each timestep counts in the last potential, by a leak without rounding; the sum is 1."""
        decay = 1.0 if self.leak_shift is None else 1.0 - 2.0**-self.leak_shift
        start = self.first(timesteps)
        counts = [decay ** (timesteps - 1 - t) if t >= start else 0.0 for t in range(timesteps)]
        return [count / math.fsum(counts) for count in counts]


@dataclass(frozen=True)
class NetworkSpec:
    """Everything that fixes the architecture and its neurons.

    Attributes:
        populations: In the order in which a timestep computes them; the last is the readout.
        connections: By rising target; those into one population in the order of their listing.
        input: What the network reads.
        readout: How it predicts.
        classes: Number of classes: channels of the readout.
        quantise_first: Whether weights are quantised and then pruned (the grid is that of all weights), or the other
            way round (the grid is that of the survivors).
        channel_multiple: Where channels are removed, a multiple of so many stays: what a device works off together.
    """

    populations: tuple[Population, ...]
    connections: tuple[Connection, ...]
    input: Input
    classes: int
    readout: Readout = Readout()
    quantise_first: bool = True
    channel_multiple: int = 1

    @property
    def has_conv(self) -> bool:
        """Whether any connection that may be pruned is convolutional."""
        return any(c.kind == "conv" and c.prunable for c in self.connections)

    @property
    def n_weights(self) -> int:
        """Number of prunable weights."""
        return sum(c.n_weights for c in self.connections if c.prunable)

    @cached_property
    def prunable(self) -> tuple[int, ...]:
        """Places of the connections that may be pruned."""
        return tuple(i for i, c in enumerate(self.connections) if c.prunable)

    @property
    def plain(self) -> bool:
        """Whether it is a chain of fully connected weights and square filters of stride 1 on still images."""
        in_order = [(c.source, c.target) for c in self.connections] == [
            (place - 1, place) for place in range(len(self.populations))
        ]
        simple = all(
            c.stride == (1, 1) and c.kernel[0] == c.kernel[1] and c.groups == 1 and c.delay == 0
            for c in self.connections
        )
        return in_order and simple and self.input.still and self.readout == Readout()

    def spread(self, values: Sequence[T]) -> tuple[T, ...]:
        """Return values, one a prunable connection, as one a connection.

        Weights that are not pruned take the value of the first prunable connection into their population.
        """
        of_place = dict(zip(self.prunable, values, strict=True))
        first = {c.target: of_place[i] for i, c in reversed(list(enumerate(self.connections))) if c.prunable}
        return tuple(of_place[i] if c.prunable else first[c.target] for i, c in enumerate(self.connections))

    @property
    def laws(self) -> tuple[NeuronLaw, ...]:
        """The laws of its neurons, each once."""
        return tuple(dict.fromkeys(p.law for p in self.populations if p.law is not None))

    def shape_of(self, population: int) -> tuple[int, int, int]:
        """Return [C, H, W] of a population, or of the input."""
        if population == INPUT:
            return self.input.shape
        return self.populations[population].channels, *self.populations[population].size
