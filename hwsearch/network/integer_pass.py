"""One pass of a batch of inputs through a stack of integer networks.

A population that nothing feeds back to is computed for all timesteps at once; populations that feed each other through
delays are taken through time together, step by step. What they compute: `integer_steps`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from hwsearch.graph.graph import INPUT, Connection
from hwsearch.graph.order import components, entering, reading, steps_in_time
from hwsearch.network.arrivals import count_arrivals
from hwsearch.network.integer_stack import StackedPopulation
from hwsearch.network.integer_steps import arriving, fire, pool, potentials, step, total_current
from hwsearch.network.integers import IntegerNetwork


class Pass:
    """What a batch of N inputs does in a stack of K networks.

    Attributes:
        maps: Of each connection, [K, ...] (of the input [1, ...]): mean over the inputs of the values that it received,
            pooled, added up over time; of analog inputs how many were not zero, those of a still image once.
        arrivals: Of each connection [K, 4] (of the input [1, 4]): events, lists, filled lists and runs of an inference.
        spikes: Of each spiking population [K, C]: mean spikes of a channel in an inference.
        fired: Of each spiking population [K, N]: spikes of all its neurons in each inference.
        membranes: Of each population, [K, T, N, ...]: after reset; empty where it is not traced. Last the readout's.
        sums_clipped, membranes_clipped: [K], how often in all N inferences.
    """

    def __init__(
        self, network: IntegerNetwork, populations: Sequence[StackedPopulation], frames: Tensor, trace: bool
    ) -> None:
        """Run all populations.

        Args:
            network: Any of the stack.
            populations: Of all networks.
            frames: [1 or T, N, C, H, W]; one frame stands for all timesteps.
            trace: Whether membranes are returned.
        """
        self._network, self._populations, self._trace = network, populations, trace
        self._shapes = [c.shape for c in network.connections]
        self._size, self._samples = len(populations[0].bias), frames.shape[1]
        # what each population sent, [K, T, N, ...], until all that read it have
        self._sent = {INPUT: frames.unsqueeze(0)}
        self._unread = {p: set(reading(self._shapes, p)) for p in (INPUT, *range(len(populations)))}
        self.maps: dict[int, np.ndarray] = {}
        self.arrivals: dict[int, np.ndarray] = {}
        self.spikes: dict[int, np.ndarray] = {}
        self.fired: dict[int, np.ndarray] = {}
        self.membranes: dict[int, Tensor] = {}
        self.sums_clipped, self.membranes_clipped = np.zeros(self._size), np.zeros(self._size)
        for group in components(len(populations), self._shapes):
            if steps_in_time(group, self._shapes):
                self._step_through(group)
            else:
                self._compute(group[0])

    def _compute(self, place: int) -> None:
        """Compute a population for all timesteps."""
        network, population = self._network, self._populations[place]
        first = network.readout.first(network.timesteps) if population.threshold is None else 0
        parts = [self._arriving(place, index, first) for index in entering(self._shapes, place)]
        current, clipped = total_current(network, population, parts)
        self.sums_clipped += clipped * ((network.timesteps - first) // current.shape[1])
        if population.threshold is None:
            self.membranes[place], clipped = potentials(network, population, current)
            self.sums_clipped += clipped
            return
        spikes, self.membranes[place], clipped = fire(network, population, current, self._trace)
        self.membranes_clipped += clipped
        self._send(place, spikes)

    def _step_through(self, group: Sequence[int]) -> None:
        """Take populations that feed each other through time."""
        network, timesteps = self._network, self._network.timesteps
        within = {p: [i for i in entering(self._shapes, p) if self._shapes[i].source in group] for p in group}
        parts = {
            p: [self._arriving(p, i, 0) for i in entering(self._shapes, p) if i not in within[p]]
            for p in group
        }
        blank = {p: self._blank(p) for p in group}
        membrane = dict(blank)
        states: dict[int, list[Tensor]] = {p: [] for p in group}
        spikes = {
            p: blank[p].new_zeros((self._size, timesteps, *blank[p].shape[1:]), dtype=torch.float32)
            for p in group
        }
        for t in range(timesteps):
            for p in group:
                now = [part[:, t : t + 1] if part.shape[1] > 1 else part for part in parts[p]]
                now += [self._within(p, index, spikes, t) for index in within[p]]
                current, clipped = total_current(network, self._populations[p], now)
                self.sums_clipped += clipped
                membrane[p], spikes[p][:, t], n_clipped = step(
                    network, self._populations[p], membrane[p], current[:, 0]
                )
                if n_clipped is not None:
                    self.membranes_clipped += n_clipped
                if self._trace:
                    states[p].append(membrane[p])
        for p in group:
            self.membranes[p] = torch.stack(states[p], 1) if self._trace else torch.empty(0)
            self._send(p, spikes[p])
        for index in (index for p in group for index in within[p]):
            self._read(index)

    def _blank(self, place: int) -> Tensor:
        """Return membranes of zeros, [K, N, ...]."""
        population = self._populations[place]
        shape = population.shape
        size = () if shape.flat else shape.size
        return population.bias.new_zeros((self._size, self._samples, shape.channels, *size))

    def _within(self, place: int, index: int, spikes: dict[int, Tensor], t: int) -> Tensor:
        """Return what one connection brings at t from a population of the same group."""
        shape = self._shapes[index]
        sent = spikes[shape.source]
        when = t - shape.delay
        values = sent[:, when : when + 1] if when >= 0 else torch.zeros_like(sent[:, :1])
        population = self._populations[place]
        connection = population.connections[entering(self._shapes, place).index(index)]
        part, clipped = arriving(self._network, population, connection, pool(values, shape.pooling))
        self.sums_clipped += clipped
        return part

    def _arriving(self, place: int, index: int, first: int) -> Tensor:
        """Return what one connection brings from timestep ``first`` on, [K, T or 1, N, ...]."""
        population, values = self._populations[place], self._read(index)
        connection = population.connections[entering(self._shapes, place).index(index)]
        if values.shape[1] > 1:
            values = values[:, first:]
        part, clipped = arriving(self._network, population, connection, values)
        self.sums_clipped += clipped * ((self._network.timesteps - first) // values.shape[1])
        return part

    def _read(self, index: int) -> Tensor:
        """Return what a connection receives, [K, T or 1, N, ...], and note its mean and how it arrives."""
        shape, data, timesteps = self._shapes[index], self._network.input, self._network.timesteps
        values = pool(self._sent[shape.source], shape.pooling)
        if shape.kind == "conv" and values.dim() == 4:
            values = values[..., None, None]
        received = _delayed(values, shape.delay, timesteps)
        if shape.source == INPUT and data.analog(timesteps):
            events = ((values if data.still else received) != 0).double().sum(1)
        else:
            events = received.sum(1).double()
        self.maps[index] = events.mean(1).cpu().numpy()
        self.arrivals[index] = count_arrivals(
            received[:, self._first(shape, received) :], shape.kind == "conv"
        )
        self._unread[shape.source].discard(index)
        if not self._unread[shape.source]:
            del self._sent[shape.source]
        return received.expand(self._size, *received.shape[1:])

    def _first(self, shape: Connection, received: Tensor) -> int:
        """Return the first timestep in which a connection's target is computed; a still image is read once."""
        readout = self._populations[shape.target].threshold is None
        return (
            self._network.readout.first(self._network.timesteps) if readout and received.shape[1] > 1 else 0
        )

    def _send(self, place: int, spikes: Tensor) -> None:
        """Note what a population sent."""
        counts = _spikes_per_channel(spikes)
        self.spikes[place] = counts.mean(1).cpu().numpy()
        self.fired[place] = counts.sum(2).cpu().numpy()
        if self._unread[place]:
            self._sent[place] = spikes


def _delayed(values: Tensor, delay: int, timesteps: int) -> Tensor:
    """Return values [K, T or 1, ...] as they arrive; one timestep stands for all of them."""
    if delay == 0:
        return values
    every = values.expand(len(values), timesteps, *values.shape[2:])
    return torch.cat([torch.zeros_like(every[:, :1]), every[:, :-1]], 1)


def _spikes_per_channel(spikes: Tensor) -> Tensor:
    """Return the spikes of each inference [K, N, C] of spikes [K, T, N, C(, H, W)]."""
    counts = spikes.sum(1).flatten(3).sum(3) if spikes.dim() > 4 else spikes.sum(1)
    return counts.double()
