"""A dense network of ReLUs in int8, as TensorFlow Lite quantises after training, and its exact integer arithmetic."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from benchmarks.rivals.train import Trained

_ZERO = -128  # of values behind a ReLU


@dataclass(frozen=True, eq=False)
class Int8Layer:
    """A layer: out = clip(requantised(weights @ (in - in's zero) + bias) + zero).

    Attributes:
        weights: int8 [out, in].
        bias: int32 [out].
        multiplier, shift: Of the sums' scale over the outputs': multiplier * 2**(shift - 31).
        zero: Of the outputs.
    """

    weights: np.ndarray
    bias: np.ndarray
    multiplier: int
    shift: int
    zero: int


def quantised(net: Trained, x: np.ndarray, most: int) -> list[Int8Layer]:
    """Return a network's integers: symmetric int8 weights, one scale a layer.

    An input of 0 .. ``most`` is its own int8; a hidden value of scale s is q = round(h / s) - 128. Ranges of values
    are those of the samples.

    Args:
        net: The network, of inputs of 0 .. 1.
        x: Samples, [N, in] integers of 0 .. ``most``.
        most: The largest input.

    Source: Jacob et al. 2018, Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
    Inference, equations 1 to 6.
    """
    layers, scale, values = [], 1 / most, net.scores(x / most)
    for place, (weight, bias) in enumerate(zip(net.weights, net.biases, strict=True)):
        last = place == len(net.weights) - 1
        of_weight = float(np.abs(weight).max()) / 127
        of_out = float(np.abs(values[place]).max()) / 127 if last else float(values[place].max()) / 255
        multiplier, shift = _multiplier(of_weight * scale / of_out)
        layers.append(
            Int8Layer(
                np.rint(weight / of_weight).astype(np.int8),
                np.rint(bias / (of_weight * scale)).astype(np.int32),
                multiplier,
                shift,
                0 if last else _ZERO,
            )
        )
        scale = of_out
    return layers


def scores(layers: list[Int8Layer], x: np.ndarray) -> np.ndarray:
    """Return the classes' int8 scores, [N, classes], of samples [N, in], bit for bit what CMSIS-NN gives."""
    values, zero = x.astype(np.int64), 0
    for layer in layers:
        sums = (values - zero) @ layer.weights.T.astype(np.int64) + layer.bias
        values = np.clip(_requantised(sums, layer) + layer.zero, -128, 127)
        zero = layer.zero
    return values


def _requantised(sums: np.ndarray, layer: Int8Layer) -> np.ndarray:
    """Return round(sums * multiplier * 2**(shift - 31)): a rounded high product, then a division, halves away from 0.

    Source: CMSIS-NN, arm_nnsupportfunctions.h, arm_nn_requantize.
    """
    high = ((sums << max(layer.shift, 0)) * layer.multiplier + (1 << 30)) >> 31
    right = max(-layer.shift, 0)
    rest, half = high & ((1 << right) - 1), ((1 << right) - 1) >> 1
    return (high >> right) + (rest > half + (high < 0))


def _multiplier(scale: float) -> tuple[int, int]:
    """Return (multiplier, shift) of a scale: multiplier * 2**(shift - 31)."""
    mantissa, exponent = math.frexp(scale)
    multiplier = round(mantissa * 2**31)
    return (multiplier // 2, exponent + 1) if multiplier == 2**31 else (multiplier, exponent)
