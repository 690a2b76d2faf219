"""A network of integers, and the widths that it needs. What it computes: `integer`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from hwsearch.graph.graph import Connection, Input, Population, Readout


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
        """k of its leak, or None."""
        return None if self.shape.law is None else self.shape.law.leak_shift


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


class NeededBits(NamedTuple):
    """Widths of a layer that no input can exceed.

    Attributes:
        layer: Its name.
        sums: Of the sum a, and of a readout's potential.
        membrane: Of the membrane, or of a readout's potential (which an accumulator holds).
    """

    layer: str
    sums: int
    membrane: int


def needed_bits(network: IntegerNetwork) -> Iterator[NeededBits]:
    """Yield the widths that each layer needs (interval arithmetic on the weights).

    With a leak v - (v >> k) the membrane stays within 2**k times the largest current (plus the rounding of the shift).
    """
    value_max = network.input_max
    for layer in network.layers:
        yield layer_bits(layer, value_max, network.timesteps, network.leak_shift, network.reset)
        value_max = layer.pool**2 if network.pool == "sum" else 1


def layer_bits(
    layer: IntegerLayer, value_max: int, timesteps: int, leak_shift: int | None, reset: str
) -> NeededBits:
    """Return the widths that a layer needs.

    Args:
        layer: The layer.
        value_max: Largest value, or number of spikes, that one of its weights meets in a timestep.
        timesteps: T.
        leak_shift: k, or None.
        reset: ``zero`` or ``subtract``.
    """
    weight = layer.weight.astype(np.int64).reshape(layer.weight.shape[0], -1)
    half = half_step(layer.fraction_bits)
    ends = np.stack([np.maximum(weight, 0).sum(1), np.minimum(weight, 0).sum(1)]) * value_max
    rise, fall = shifted(ends + half, layer.fraction_bits) + layer.bias
    sums = _bits(min(0, int(fall.min()), int(ends.min())), max(0, int(rise.max()), int(ends.max()) + half))
    if layer.threshold is None:
        width = _bits(min(0, int(fall.min())) * timesteps, max(0, int(rise.max())) * timesteps)
        return NeededBits(layer.name, max(sums, width), width)
    reach = timesteps if leak_shift is None else min(timesteps, 2**leak_shift)
    low = min(0, int(fall.min())) * reach - (0 if leak_shift is None else 2**leak_shift)
    below = layer.threshold.astype(np.int64) - 1 if reset == "zero" else np.maximum(rise, 0) * reach
    high = int((np.maximum(below, 0) + np.maximum(rise, 0)).max())
    return NeededBits(layer.name, sums, _bits(low, high))


def overflows(network: IntegerNetwork, widths: Widths) -> str:
    """Say which layers could overflow which width of a device; empty if none can."""
    faults = []
    *spiking, readout = needed_bits(network)
    for need in spiking:
        if need.membrane > widths.state:
            faults.append(f"{need.layer} needs {need.membrane}-bit membranes, the device has {widths.state}")
    for need in (*spiking, readout):
        if need.sums > widths.accumulator:
            faults.append(f"{need.layer} needs {need.sums}-bit sums, the device has {widths.accumulator}")
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
