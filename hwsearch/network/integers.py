"""A network of integers, and the widths that it needs. What it computes: `integer`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Widths:
    """Bits a device offers.

    Attributes:
        state: Of a membrane.
        accumulator: Of the sum a, and of the readout.
        bias: Of a bias c.
        threshold: Of a threshold th.
        overflow: ``saturate`` (the membrane is clipped) or ``reject`` (a network that could overflow is refused).
    """

    state: int = 32
    accumulator: int = 32
    bias: int = 32
    threshold: int = 32
    overflow: str = "saturate"


@dataclass(frozen=True)
class IntegerLayer:
    """One layer's integers.

    Attributes:
        name, kind: As in LayerShape.
        weight: [out, in] or [out, in, k, k], int32.
        bias: [out] int32, in membrane units (fraction bits included).
        threshold: [out] int32, in membrane units; None for the readout.
        fraction_bits: f.
        pool: Side of the pooling window behind it; 1 for none.
        out_size: Height and width of its map before pooling; (1, 1) for fc.
        fan_columns: Consecutive inputs that one channel of the layer before feeds.
    """

    name: str
    kind: str
    weight: np.ndarray
    bias: np.ndarray
    threshold: np.ndarray | None
    fraction_bits: int
    pool: int
    out_size: tuple[int, int]
    fan_columns: int

    @property
    def neurons(self) -> int:
        """Neurons that keep a membrane (or readout accumulators)."""
        return int(self.weight.shape[0]) * self.out_size[0] * self.out_size[1]


@dataclass(frozen=True)
class IntegerNetwork:
    """A network of integers, complete: the truth that every export reproduces.

    Attributes:
        layers: In order; the last is the readout.
        weight_bits: Bits of each layer's weights.
        timesteps: T.
        leak_shift: k, or None.
        reset: ``zero`` or ``subtract``.
        pool: ``max`` (OR) or ``sum``.
        input_shape: [C, H, W].
        input_max: Largest input value.
        input_bits: Bits of one input value.
        state_bits: Width that membranes saturate at.
    """

    layers: tuple[IntegerLayer, ...]
    weight_bits: tuple[int, ...]
    timesteps: int
    leak_shift: int | None
    reset: str
    pool: str
    input_shape: tuple[int, int, int]
    input_max: int
    input_bits: int
    state_bits: int


def needed_bits(network: IntegerNetwork) -> Iterator[tuple[str, int, int]]:
    """Yield (layer, accumulator bits, membrane bits) that no input can exceed (interval arithmetic on the weights).

    With a leak v - (v >> k) the membrane stays within 2**k times the largest current (plus the rounding of the shift).
    """
    value_max = network.input_max
    for layer in network.layers:
        weight = layer.weight.astype(np.int64).reshape(layer.weight.shape[0], -1)
        rise = (np.maximum(weight, 0).sum(1) * value_max << layer.fraction_bits) + layer.bias
        fall = (np.minimum(weight, 0).sum(1) * value_max << layer.fraction_bits) + layer.bias
        if layer.threshold is None:
            most, least = int(max(0, rise.max())), int(min(0, fall.min()))
            width = _bits(least * network.timesteps, most * network.timesteps)
            yield layer.name, width, width
            return
        steps = network.timesteps
        reach = steps if network.leak_shift is None else min(steps, 2**network.leak_shift)
        low = int(min(0, fall.min())) * reach - (0 if network.leak_shift is None else 2**network.leak_shift)
        below = (
            layer.threshold.astype(np.int64) - 1 if network.reset == "zero" else np.maximum(rise, 0) * reach
        )
        high = int((np.maximum(below, 0) + np.maximum(rise, 0)).max())
        yield layer.name, _bits(int(min(0, fall.min())), int(max(0, rise.max()))), _bits(low, high)
        value_max = layer.pool**2 if network.pool == "sum" else 1


def _bits(low: int, high: int) -> int:
    """Return the width of the smallest two's complement that holds [low, high]."""
    return max((-low - 1).bit_length() if low < 0 else 0, high.bit_length()) + 1
