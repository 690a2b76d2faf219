"""What populations of a stack of integer networks compute: sums of connections, firing, potentials of the readout.

The equations, and why floats are exact here: `integer`, which runs population after population.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from hwsearch.graph.graph import Connection, Pooling, Readout
from hwsearch.network.integer_stack import StackedConnection, StackedPopulation
from hwsearch.network.integers import IntegerNetwork


def pool(frames: Tensor, pooling: Pooling) -> Tensor:
    """Pool maps [K, T, N, C, H, W]: the largest value of each window, or the sum."""
    if pooling.area == 1:
        return frames
    maps = frames.flatten(0, 2)
    pooled = (
        F.max_pool2d(maps, pooling.window)
        if pooling.kind == "max"
        else F.avg_pool2d(maps, pooling.window, divisor_override=1)
    )
    return pooled.view(*frames.shape[:3], *pooled.shape[1:])


def arriving(
    network: IntegerNetwork, population: StackedPopulation, connection: StackedConnection, values: Tensor
) -> tuple[Tensor, np.ndarray]:
    """Return the sums of one connection, shifted: [K, T, N, out(, H, W)], and how many of each network were clipped.

    Args:
        network: Any of the stack.
        population: What it enters.
        connection: Its weights.
        values: [K, T, N, ...], what it reads, pooled and delayed.
    """
    frames = values.flatten(1, 2).to(connection.weight.dtype)
    total = _sums(connection, frames)
    if population.shape.flat:
        total = total.flatten(2)
    total = total.view(*values.shape[:3], *total.shape[2:])
    if connection.half is not None:
        total = total + _per_sum(connection.half, total)
    clipped = np.zeros(len(total))
    if population.clips_sums:
        total, clipped = _clipped(total, network.accumulator_bits)
    current = total * _per_sum(connection.gain, total)
    if connection.half is not None:
        current.floor_()
    return current, clipped


def _per_sum(scalars: Tensor, total: Tensor) -> Tensor:
    """Return one number a network [K, 1, ...] in as many dimensions as the sums."""
    return scalars.view(len(scalars), *(1,) * (total.dim() - 1))


def total_current(
    network: IntegerNetwork, population: StackedPopulation, parts: Sequence[Tensor]
) -> tuple[Tensor, np.ndarray]:
    """Return a[t] of the parts that arrive, [K, T, N, C(, H, W)], and how many of each network were clipped.

    A part of one timestep stands for all.
    """
    current = parts[0]
    for part in parts[1:]:
        current = current + part
    current = current + population.bias
    if population.clips_sums:
        return _clipped(current, network.accumulator_bits)
    return current, np.zeros(len(current))


def _sums(connection: StackedConnection, frames: Tensor) -> Tensor:
    """Return [K, S, out(, H, W)], what weights make of frames [K, S, ...]."""
    shape, weight = connection.shape, connection.weight
    if shape.kind == "fc":
        return torch.bmm(frames.flatten(2), weight.transpose(1, 2))
    if frames.dim() == 3:
        frames = frames[..., None, None]
    if frames.device.type == "cpu":
        return torch.stack(
            [
                F.conv2d(x, w, stride=shape.stride, padding=shape.padding, groups=shape.groups)
                for x, w in zip(frames, weight, strict=True)
            ]
        )
    return as_product(frames, weight, shape)


def as_product(frames: Tensor, weight: Tensor, shape: Connection) -> Tensor:
    """Return convolutions as products: those of a GPU may transform the numbers on the way, and round."""
    size, samples, channels = frames.shape[:3]
    maps = frames.flatten(0, 1)
    taps = F.unfold(maps, shape.kernel, padding=shape.padding, stride=shape.stride)
    sides = [
        (side + 2 * pad - kernel) // stride + 1
        for side, pad, kernel, stride in zip(
            frames.shape[3:], shape.padding, shape.kernel, shape.stride, strict=True
        )
    ]
    if shape.groups > 1:
        taps = taps.view(size, samples, channels, -1, taps.shape[-1])
        total = (weight.flatten(2).unsqueeze(1).unsqueeze(-1) * taps).sum(3)
    else:
        total = weight.flatten(2).unsqueeze(1) @ taps.view(size, samples, -1, taps.shape[-1])
    return total.view(size, samples, -1, *sides)


def _clipped(values: Tensor, bits: int) -> tuple[Tensor, np.ndarray]:
    """Return values [K, ...] within a width, and how many of each network [K] were not."""
    top = 2 ** (bits - 1) - 1
    inside = values.clamp(-top - 1, top)
    return inside, (inside != values).flatten(1).sum(1).double().cpu().numpy()


def step(
    network: IntegerNetwork, population: StackedPopulation, membrane: Tensor, current: Tensor
) -> tuple[Tensor, Tensor, np.ndarray | None]:
    """Take neurons [K, N, ...] one timestep on; return their membranes after reset, spikes, and clipped ones [K]."""
    law, n_clipped = population.shape.law, None
    assert law is not None
    assert population.threshold is not None
    if law.leak_shift is not None:  # an arithmetic shift rounds down
        membrane = membrane - (membrane * 2.0**-law.leak_shift).floor_()
    membrane = membrane + current
    if population.clips_membranes:
        membrane, n_clipped = _clipped(membrane, network.state_bits)
    fired = membrane >= population.threshold
    if law.reset == "zero":
        return membrane.masked_fill(fired, 0), fired, n_clipped
    return membrane - population.threshold * fired, fired, n_clipped


def fire(
    network: IntegerNetwork, population: StackedPopulation, current: Tensor, trace: bool
) -> tuple[Tensor, Tensor, np.ndarray]:
    """Return spikes [K, T, N, ...], membranes after reset, likewise if traced (else empty), and clipped ones [K]."""
    total_clipped = np.zeros(len(current))
    membrane = torch.zeros_like(current[:, 0])
    shape = (len(current), network.timesteps, *current.shape[2:])
    spikes = current.new_empty(shape, dtype=torch.float32)
    states = torch.empty_like(spikes, dtype=current.dtype) if trace else torch.empty(0)
    for t in range(network.timesteps):
        now = current[:, t if current.shape[1] > 1 else 0]
        membrane, spikes[:, t], n_clipped = step(network, population, membrane, now)
        if n_clipped is not None:
            total_clipped += n_clipped
        if trace:
            states[:, t] = membrane
    return spikes, states, total_clipped


def potentials(
    network: IntegerNetwork, population: StackedPopulation, current: Tensor
) -> tuple[Tensor, np.ndarray]:
    """Return the readout's potentials [K, T, N, classes] and how many of each network [K] were clipped.

    Args:
        network: Any of the stack.
        population: The readout.
        current: [K, T or 1, N, classes]: of the timesteps that it adds up, or of each of them.
    """
    readout: Readout = network.readout
    first = readout.first(network.timesteps)
    every = current.expand(len(current), network.timesteps - first, *current.shape[2:])
    n_clipped = np.zeros(len(current))
    if not population.clips_sums and readout.leak_shift is None:
        sums = every.cumsum(1)
    else:
        steps, potential = [], torch.zeros_like(every[:, 0])
        for t in range(every.shape[1]):
            if readout.leak_shift is not None:
                potential = potential - (potential * 2.0**-readout.leak_shift).floor_()
            potential = potential + every[:, t]
            if population.clips_sums:
                potential, clipped = _clipped(potential, network.accumulator_bits)
                n_clipped += clipped
            steps.append(potential)
        sums = torch.stack(steps, 1)
    if first:
        sums = torch.cat([torch.zeros_like(sums[:, :1]).expand(-1, first, *sums.shape[2:]), sums], 1)
    return sums, n_clipped
