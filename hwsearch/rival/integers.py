"""A dense network of ReLUs in int8, as TensorFlow Lite quantises after training, and its exact integer arithmetic.

Not for how its weights came to be integers: `training` trains them on their grids, `hwsearch.compress.quantise` lays
these.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

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


def int8_layers(
    weights: Sequence[np.ndarray],
    scales: Sequence[float],
    biases: Sequence[np.ndarray],
    largest: Sequence[float],
    most: int,
) -> list[Int8Layer]:
    """Return a network's integers from those of its weights, one scale a layer.

    An input of 0 .. ``most`` is its own integer; a hidden value of scale s is q = round(h / s) - 128.

    Args:
        weights: Integers [out, in] of each layer.
        scales: What one step of a layer's weights is worth.
        biases: Floats [out] of each layer, for inputs of 0 .. 1.
        largest: The largest that each layer gives (of the last, without its sign).
        most: The largest input.

    Source: Jacob et al. 2018, Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
    Inference, equations 1 to 6.
    """
    layers, scale = [], 1 / most
    for place, (integers, step, bias) in enumerate(zip(weights, scales, biases, strict=True)):
        last = place == len(weights) - 1
        # a layer that is silent has no scale of its own
        of_out = (largest[place] or 1.0) / (127 if last else 255)
        multiplier, shift = _multiplier(step * scale / of_out)
        layers.append(
            Int8Layer(
                integers.astype(np.int8),
                np.rint(bias / (step * scale)).astype(np.int32),
                multiplier,
                shift,
                0 if last else _ZERO,
            )
        )
        scale = of_out
    return layers


def layer_values(layers: Sequence[Int8Layer], x: np.ndarray) -> list[np.ndarray]:
    """Return what each layer gives for samples [N, in], in int8 less its zero; the last one's are the classes' scores.

    Bit for bit what CMSIS-NN gives.
    """
    given = []
    values = x.astype(np.int64)
    for layer in layers:
        sums = _products(values, layer.weights) + layer.bias
        values = np.clip(_requantised(sums, layer) + layer.zero, -128, 127) - layer.zero
        given.append(values)
    return given


def scores(layers: Sequence[Int8Layer], x: np.ndarray) -> np.ndarray:
    """Return the classes' int8 scores, [N, classes], of samples [N, in]."""
    return layer_values(layers, x)[-1]


def _products(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return values @ weights.T exactly: doubles hold every sum below 2**53, and multiply by BLAS."""
    return np.rint(values.astype(np.float64) @ weights.T.astype(np.float64)).astype(np.int64)


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
