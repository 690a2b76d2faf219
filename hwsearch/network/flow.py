"""What travels through a network in one pass of a stack: what each connection reads, and the currents that it brings.

Tensors by their dimensions: a still image that all candidates see is [B, C, H, W], a sequence [T, B, C, H, W], spikes
[K, T, B, C, H, W], or [K, T, B, C] of a flat population. "Frames" have samples and timesteps in one dimension.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from hwsearch.graph.graph import INPUT, NO_POOLING, Connection, NetworkSpec, Pooling, Population
from hwsearch.graph.order import reading
from hwsearch.network.neuron import NO_POOL, Pool, over_time, pooled, pooled_maps
from hwsearch.network.products import convolution, linear


class Flow:
    """The spikes of one pass.

    Attributes:
        spec: The architecture.
        timesteps: T.
        size: K.
    """

    def __init__(self, spec: NetworkSpec, x: Tensor, timesteps: int, size: int) -> None:
        """x: [B, C, H, W], or sequences [B, T, C, H, W]."""
        self.spec, self.timesteps, self.size = spec, timesteps, size
        self.samples = len(x)
        self._shown = x if spec.input.still else x.transpose(0, 1)
        self._emitted: dict[tuple[int, Pooling], Tensor] = {}
        self._averaged: set[int] = set()

    def emit(self, population: int, spikes: Tensor, pool: Pool) -> None:
        """Keep spikes that were pooled, or averaged over time, already."""
        self._emitted[population, pool.pooling] = spikes
        if pool.shares:
            self._averaged.add(population)

    def current(self, places: Sequence[int], weights: Sequence[Tensor], bias: Tensor) -> tuple[Tensor, bool]:
        """Return what connections bring into a population, as frames [K, B or T * B, ...]; whether it stays the same.

        Args:
            places: Of the connections, which enter one population.
            weights: One a connection of the network, [K, ...].
            bias: [K, C].
        """
        total, constant = None, False
        for place in places:
            connection = self.spec.connections[place]
            x = self._read(connection)
            lasts = x.dim() == 4 and connection.source == INPUT
            frames = x if lasts else x.flatten(0, 1) if connection.source == INPUT else x.flatten(1, 2)
            part = self._carried(connection, frames, weights[place], bias if total is None else None)
            if total is None:
                total, constant = part, lasts
            elif constant == lasts:
                total = total + part
            else:
                total, constant = self._every_step(total, constant) + self._every_step(part, lasts), False
        assert total is not None
        return total, constant

    def mean_current(self, places: Sequence[int], weights: Sequence[Tensor], bias: Tensor) -> Tensor:
        """Return the readout's current [K, B, classes], averaged over the timesteps that count: see ``current``."""
        total: Tensor | None = None
        for place in places:
            connection = self.spec.connections[place]
            x = self._read(connection)
            if connection.source == INPUT and x.dim() == 5:
                x = over_time(x.unsqueeze(0), counted(self.spec, self.timesteps))[0]
            elif connection.source != INPUT and connection.source not in self._averaged:
                x = over_time(x, counted(self.spec, self.timesteps))
            part = self._carried(connection, x, weights[place], bias if total is None else None)
            total = part if total is None else total + part
        assert total is not None
        return total

    def by_step(self, frames: Tensor) -> Tensor:
        """Return frames [K, T * B, ...] as [K, T, B, ...]."""
        return frames.view(self.size, self.timesteps, self.samples, *frames.shape[2:])

    def _carried(self, connection: Connection, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return carried(connection, self.spec.populations[connection.target], x, weight, bias)

    def _every_step(self, frames: Tensor, constant: bool) -> Tensor:
        if not constant:
            return frames
        return frames.unsqueeze(1).expand(-1, self.timesteps, *frames.shape[1:]).flatten(1, 2)

    def _read(self, connection: Connection) -> Tensor:
        """Return what a connection reads: pooled, and one timestep late where it is delayed."""
        x = self._shown if connection.source == INPUT else self._pooled(connection)
        if connection.source == INPUT:
            frames = pooled_maps(x.flatten(0, -4), connection.pooling)
            x = frames.view(*x.shape[:-3], *frames.shape[1:])
            if connection.delay and self.spec.input.still:
                x = x.expand(self.timesteps, *x.shape)
        return late(x, x.dim() - 5 if connection.source == INPUT else 1) if connection.delay else x

    def _pooled(self, connection: Connection) -> Tensor:
        key = connection.source, connection.pooling
        if key not in self._emitted:
            whole = self._emitted[connection.source, NO_POOLING]
            self._emitted[key] = pooled(whole, Pool(connection.pooling))
        return self._emitted[key]


def carried(
    connection: Connection, target: Population, x: Tensor, weight: Tensor, bias: Tensor | None
) -> Tensor:
    """Return the current [K, frames, C, H, W] that a connection brings; [K, frames, C] into a flat population.

    Args:
        connection: Its shape.
        target: What it enters.
        x: Frames: [K, frames, ...], or [frames, C, H, W] that all candidates see.
        weight: [K, ...].
        bias: [K, C].
    """
    shared = x.dim() == 4
    if connection.kind == "fc":
        return linear(x.flatten(1).expand(len(weight), len(x), -1) if shared else x.flatten(2), weight, bias)
    if x.dim() == 3:  # of a flat population
        x = x.view(*x.shape, 1, 1)
    out = convolution(x, weight, bias, connection.stride, depthwise=connection.groups > 1)
    return out.flatten(2) if target.flat else out


def late(x: Tensor, dim: int) -> Tensor:
    """Return what arrives a timestep later: nothing at first, and the last never; time is dimension ``dim``."""
    first = torch.zeros_like(x.narrow(dim, 0, 1))
    return torch.cat([first, x.narrow(dim, 0, x.shape[dim] - 1)], dim)


def counted(spec: NetworkSpec, timesteps: int) -> Pool:
    """Return how the readout averages over time."""
    return Pool(NO_POOLING, tuple(spec.readout.shares(timesteps)))


def behind(spec: NetworkSpec, population: int, timesteps: int) -> Pool:
    """Return what may be made of a population's spikes where they arise, because all its readers want it so."""
    readers = [spec.connections[i] for i in reading(spec.connections, population)]
    if len({c.pooling for c in readers}) != 1:
        return NO_POOL
    averaged = spec.readout.labels == "sample" and all(c.readout and not c.delay for c in readers)
    shares = tuple(spec.readout.shares(timesteps)) if averaged else ()
    return Pool(readers[0].pooling, shares)


def potentials(current: Tensor, spec: NetworkSpec) -> Tensor:
    """Return the readout's potential after each timestep over what was counted until then.

    Args:
        current: [K, T, B, classes].
        spec: Its readout may leak.
    """
    decay = 1.0 if spec.readout.leak_shift is None else 1.0 - 2.0**-spec.readout.leak_shift
    potential, count, steps = current[:, 0], 1.0, [current[:, 0]]
    for t in range(1, current.shape[1]):
        potential, count = potential * decay + current[:, t], count * decay + 1.0
        steps.append(potential / count)
    return torch.stack(steps, 2)  # [K, B, T, classes]
