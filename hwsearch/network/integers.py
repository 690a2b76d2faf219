"""A network of integers, and the widths that it needs. What it computes: `integer`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from hwsearch.graph.graph import INPUT, Connection, Input, Population, Readout


@dataclass(frozen=True)
class Widths:
    """Bits a device offers.

    Attributes:
        state: Of a membrane.
        accumulator: Of the sum a, and of the readout.
        bias: Of a bias c.
        threshold: Of a threshold th.
        overflow: ``saturate`` (sums and membranes are clipped) or ``reject`` (what could overflow is
            refused).
    """

    state: int = 32
    accumulator: int = 32
    bias: int = 32
    threshold: int = 32
    overflow: str = "saturate"

    @property
    def shifts_right(self) -> bool:
        """Whether a sum can lose low bits before it is added to a membrane: only where it is wider than that."""
        return self.accumulator > self.state


@dataclass(frozen=True, eq=False)
class IntegerConnection:
    """One connection's integers.

    Attributes:
        shape: What it joins, with the channels that are left.
        weight: [out, in] or [out, in / groups, kh, kw], int32.
        fraction_bits: f, by which its sums are shifted left; negative: right.
    """

    shape: Connection
    weight: np.ndarray
    fraction_bits: int


@dataclass(frozen=True, eq=False)
class IntegerPopulation:
    """One population's integers.

    Attributes:
        shape: Its name, map and law, with the channels that are left. Of the law, leak and reset count; the threshold
            is that of floats.
        bias: [C] int32, in membrane units (fraction bits included).
        threshold: [C] int32, in membrane units; None for the readout.
    """

    shape: Population
    bias: np.ndarray
    threshold: np.ndarray | None

    @property
    def leak_shift(self) -> int | None:
        """K of its leak, or None."""
        return None if self.shape.law is None else self.shape.law.leak_shift

    @property
    def reset(self) -> str:
        """``zero`` or ``subtract``; ``zero`` for the readout, which never fires."""
        return "zero" if self.shape.law is None else self.shape.law.reset


@dataclass(frozen=True, eq=False)
class IntegerNetwork:
    """A network of integers, complete: the truth that every export reproduces.

    Attributes:
        populations: In the order in which a timestep computes them; the last is the readout.
        connections: By rising target.
        weight_bits: Bits of each connection's weights.
        timesteps: T.
        input: What it reads.
        readout: How it predicts.
        state_bits: Width that membranes saturate at.
        accumulator_bits: Width that sums, and the readout's potentials, saturate at.
    """

    populations: tuple[IntegerPopulation, ...]
    connections: tuple[IntegerConnection, ...]
    weight_bits: tuple[int, ...]
    timesteps: int
    input: Input
    readout: Readout
    state_bits: int
    accumulator_bits: int = 32

    def entering(self, population: int) -> tuple[IntegerConnection, ...]:
        """Return the connections that enter a population, in order."""
        return tuple(c for c in self.connections if c.shape.target == population)


class NeededBits(NamedTuple):
    """Widths of a population that no input can exceed.

    Attributes:
        name: Of the population.
        sums: Of the sum a, of each connection's part of it, and of a readout's potential.
        membrane: Of the membrane, or of a readout's potential (which an accumulator holds).
    """

    name: str
    sums: int
    membrane: int


def largest_value(connection: Connection, data: Input, timesteps: int) -> int:
    """Return the largest value, or number of spikes, that a weight of a connection meets in a timestep."""
    most = data.max_at(timesteps) if connection.source == INPUT else 1
    return most * connection.pooling.divisor


def needed_bits(network: IntegerNetwork) -> Iterator[NeededBits]:
    """Yield the widths that each population needs (interval arithmetic on the weights).

    With a leak v - (v >> k) the membrane stays within 2**k times the largest current (plus the rounding of the shift).
    """
    for place, population in enumerate(network.populations):
        yield population_bits(
            population, network.entering(place), network.input, network.readout, network.timesteps
        )


def population_bits(
    population: IntegerPopulation,
    connections: Sequence[IntegerConnection],
    data: Input,
    readout: Readout,
    timesteps: int,
) -> NeededBits:
    """Return the widths that a population needs.

    Args:
        population: The population.
        connections: Those that enter it.
        data: What the network reads.
        readout: How the network predicts.
        timesteps: T.
    """
    rise, fall = population.bias.astype(np.int64), population.bias.astype(np.int64)
    low, high = 0, 0
    for c in connections:
        weight = c.weight.astype(np.int64).reshape(len(c.weight), -1)
        half = half_step(c.fraction_bits)
        ends = np.stack([np.maximum(weight, 0).sum(1), np.minimum(weight, 0).sum(1)])
        ends = ends * largest_value(c.shape, data, timesteps)
        rises, falls = shifted(ends + half, c.fraction_bits)
        rise, fall = rise + rises, fall + falls
        low, high = min(low, int(ends.min())), max(high, int(ends.max()) + half)
    least, most = min(0, int(fall.min())), max(0, int(rise.max()))
    sums = _bits(min(low, least), max(high, most))
    if population.threshold is None:
        width = _bits(*_potentials(least, most, readout, timesteps))
        return NeededBits(population.shape.name, max(sums, width), width)
    leak_shift = population.leak_shift
    reach = timesteps if leak_shift is None else min(timesteps, 2**leak_shift)
    lowest = least * reach - (0 if leak_shift is None else 2**leak_shift)
    below = population.threshold.astype(np.int64) - 1
    if population.reset == "subtract":
        below = np.maximum(rise, 0) * reach
    highest = int((np.maximum(below, 0) + np.maximum(rise, 0)).max())
    return NeededBits(population.shape.name, sums, _bits(lowest, highest))


def _potentials(least: int, most: int, readout: Readout, timesteps: int) -> tuple[int, int]:
    """Return the lowest and highest potential of a readout whose currents lie in [least, most], 0 among them."""
    steps = timesteps - readout.first(timesteps)
    if readout.leak_shift is None:
        return least * steps, most * steps
    low = high = 0
    for _ in range(steps):  # v - (v >> k) never falls as v rises, so the ends stay ends
        low, high = low - (low >> readout.leak_shift) + least, high - (high >> readout.leak_shift) + most
    return low, high


def overflows(network: IntegerNetwork, widths: Widths) -> str:
    """Say which populations could overflow which width of a device; empty if none can."""
    faults = []
    *spiking, readout = needed_bits(network)
    for need in spiking:
        if need.membrane > widths.state:
            faults.append(f"{need.name} needs {need.membrane}-bit membranes, the device has {widths.state}")
    for need in (*spiking, readout):
        if need.sums > widths.accumulator:
            faults.append(f"{need.name} needs {need.sums}-bit sums, the device has {widths.accumulator}")
    return "; ".join(faults)


def half_step(fraction_bits: int) -> int:
    """Return what is added to a sum that is shifted right, so that it is rounded to the nearest."""
    return 1 << (-fraction_bits - 1) if fraction_bits < 0 else 0


def shifted(values: np.ndarray, fraction_bits: int) -> np.ndarray:
    """Return integers shifted left by f, or right (rounded down) by -f."""
    return values << fraction_bits if fraction_bits >= 0 else values >> -fraction_bits


def _bits(low: int, high: int) -> int:
    """Return the width of the smallest two's complement that holds [low, high]."""
    return max((-low - 1).bit_length() if low < 0 else 0, high.bit_length()) + 1
