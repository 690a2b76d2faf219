"""From trained floats to integers: batch normalisation, scales and biases folded into weights, biases and thresholds.

With integer weights q = w / scale and a normalised current x = g (sum_i w_i s_i + b - mean) + shift, one integer step
of a channel is worth S = |g| * scale; so

    w_int = sign(g) q,    th = ceil(threshold / S * 2**f),    c = round((g (b - mean) + shift) / S * 2**f)

An analog input divides by its largest value and a sum pooling by its window, both folded into the next layer's S.
ceil makes v_int >= th the same question as v >= threshold. How the device's widths bound f, and what they take:
`fixed_point`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from hwsearch.compress.quantise import Quantiser
from hwsearch.network.fixed_point import FixedPoint, Scale, fixed_point, fractions
from hwsearch.network.integers import IntegerLayer, IntegerNetwork, Widths, layer_bits
from hwsearch.network.stack import LayerParams, Params
from hwsearch.network.topology import LayerShape, NetworkSpec
from hwsearch.network.width_loss import WidthLoss

_BN_EPS = 1e-5


def fold(
    spec: NetworkSpec,
    params: Params,
    masks: Sequence[np.ndarray],
    bits: Sequence[int],
    timesteps: int,
    widths: Widths,
) -> IntegerNetwork:
    """Return the integer network of trained parameters; see ``fold_counting_losses``."""
    return fold_counting_losses(spec, params, masks, bits, timesteps, widths)[0]


def fold_counting_losses(
    spec: NetworkSpec,
    params: Params,
    masks: Sequence[np.ndarray],
    bits: Sequence[int],
    timesteps: int,
    widths: Widths,
) -> tuple[IntegerNetwork, WidthLoss]:
    """Return the integer network of trained parameters, and what the device's widths took from it.

    Args:
        spec: The architecture.
        params: Trained floats, one a layer.
        masks: Surviving weights, like the weights.
        bits: Weight bits, one a layer.
        timesteps: T of the deployed model.
        widths: What the device offers; thresholds and biases stay within it.
    """
    layers, loss = [], WidthLoss()
    unit, value_max = 1.0 / spec.input_max, spec.input_max  # what one count of the layer's input is worth
    for shape, floats, mask, weight_bits in zip(spec.layers, params, masks, bits, strict=True):
        scale = _scale(spec, shape, floats, mask, weight_bits, unit, value_max, timesteps)
        layer, layer_loss = _within(spec, shape, scale, widths)
        layers.append(layer)
        loss += layer_loss
        value_max = shape.pool**2 if spec.pool == "sum" else 1
        unit = 1.0 / value_max
    network = IntegerNetwork(
        tuple(layers), tuple(bits), timesteps, spec.leak_shift, spec.reset, spec.pool,
        spec.input_shape, spec.input_max, spec.input_bits, widths.state, widths.accumulator,
    )  # fmt: skip
    return network, loss


def _scale(
    spec: NetworkSpec,
    shape: LayerShape,
    floats: LayerParams,
    mask: np.ndarray,
    bits: int,
    unit: float,
    value_max: int,
    timesteps: int,
) -> Scale:
    """Return a layer's grid, with its thresholds and biases in units of it."""
    readout = shape.name == "readout"
    grid = Quantiser((bits,), per_channel=not readout, over_all=spec.quantise_first)
    integers, scale = _integers(floats.weight, mask, grid)
    gain, bias = _affine(floats)
    step = np.broadcast_to(np.abs(gain) * scale * unit, gain.shape).astype(np.float64)
    # a channel that normalisation has switched off (gain 0) passes only its bias: its weights go
    dead = step < 1e-12
    step = np.where(dead, unit, step)
    integers *= np.where(dead, 0, np.where(gain < 0, -1, 1)).reshape(-1, *[1] * (integers.ndim - 1))
    threshold = None if readout else spec.threshold / step
    return Scale(integers, threshold, bias / step, value_max, timesteps)


def _within(
    spec: NetworkSpec, shape: LayerShape, scale: Scale, widths: Widths
) -> tuple[IntegerLayer, WidthLoss]:
    """Return a layer within the widths; where overflow is refused, with the most fraction bits that rule it out.

    If no fraction bits do, the layer overflows: whoever measures it refuses it.
    """
    for most in fractions(widths):
        fixed = fixed_point(scale, widths, most)
        layer = _layer(shape, fixed)
        need = layer_bits(layer, scale.value_max, scale.timesteps, spec.leak_shift, spec.reset)
        fits = need.sums <= widths.accumulator and (scale.threshold is None or need.membrane <= widths.state)
        if fits or widths.overflow == "saturate":
            break
    return layer, fixed.loss


def _layer(shape: LayerShape, fixed: FixedPoint) -> IntegerLayer:
    return IntegerLayer(
        name=shape.name,
        kind=shape.kind,
        weight=fixed.weight.astype(np.int32),
        bias=fixed.bias.astype(np.int32),
        threshold=None if fixed.threshold is None else fixed.threshold.astype(np.int32),
        fraction_bits=fixed.fraction_bits,
        pool=shape.pool,
        out_size=shape.out_size,
        fan_columns=shape.fan_columns,
    )


def _integers(weight: np.ndarray, mask: np.ndarray, grid: Quantiser) -> tuple[np.ndarray, np.ndarray]:
    """Return integer weights and the scale of each channel ([out] or [1])."""
    survivors = torch.from_numpy(mask.astype(np.float32)).unsqueeze(0)
    integers, scale = grid.quantise(torch.from_numpy(weight.astype(np.float32)).unsqueeze(0), survivors)
    return integers[0].numpy().astype(np.int64), scale[0].flatten().numpy().astype(np.float64)


def _affine(floats: LayerParams) -> tuple[np.ndarray, np.ndarray]:
    """Return gain and bias of each channel with the batch normalisation folded in."""
    bias = floats.bias.astype(np.float64)
    if floats.norm is None:
        return np.ones_like(bias), bias
    gamma, shift, mean, variance = floats.norm.astype(np.float64)
    gain = gamma / np.sqrt(variance + _BN_EPS)
    return gain, gain * (bias - mean) + shift


def shrink(network: IntegerNetwork) -> tuple[IntegerNetwork, tuple[np.ndarray, ...]]:
    """Remove every channel that cannot matter, for good; the readout stays the same, bit for bit.

    A channel goes when no weight reads it, or when it has no weights and its bias alone never fires it. One channel of
    each layer stays.

    Returns:
        The smaller network, and for each layer but the readout the indices of the channels that stayed.
    """
    layers = list(network.layers)
    remaining = [np.arange(len(layer.bias)) for layer in layers[:-1]]
    changed = True
    while changed:
        changed = False
        for index in reversed(range(len(layers) - 1)):
            keep = _useful(network, layers[index], layers[index + 1])
            if not keep.any():
                keep[0] = True
            if not keep.all():
                layers[index], layers[index + 1] = _without(layers[index], layers[index + 1], keep)
                remaining[index] = remaining[index][keep]
                changed = True
    return replace(network, layers=tuple(layers)), tuple(remaining)


def _useful(network: IntegerNetwork, layer: IntegerLayer, following: IntegerLayer) -> np.ndarray:
    """Return which channels of ``layer`` are read and can fire."""
    columns = (following.weight != 0).any(0).reshape(-1, following.fan_columns, following.weight[0, 0].size)
    read = columns.any((1, 2))
    fed = (layer.weight != 0).reshape(len(layer.weight), -1).any(1)
    useful: np.ndarray = read & (fed if fed.all() else fed | _fires_alone(network, layer))
    return useful


def _fires_alone(network: IntegerNetwork, layer: IntegerLayer) -> np.ndarray:
    """Return which channels their bias alone would fire within T timesteps."""
    membrane = np.zeros(len(layer.bias), np.int64)
    fired = np.zeros(len(layer.bias), bool)
    top = 2 ** (network.state_bits - 1) - 1
    for _ in range(network.timesteps):
        if network.leak_shift is not None:
            membrane = membrane - (membrane >> network.leak_shift)
        membrane = np.clip(membrane + layer.bias, -top - 1, top)
        fired |= membrane >= np.asarray(layer.threshold)
    return fired


def _without(
    layer: IntegerLayer, following: IntegerLayer, keep: np.ndarray
) -> tuple[IntegerLayer, IntegerLayer]:
    """Return both layers without the channels that are not kept."""
    assert layer.threshold is not None
    slim = replace(layer, weight=layer.weight[keep], bias=layer.bias[keep], threshold=layer.threshold[keep])
    columns = np.repeat(keep, following.fan_columns)
    return slim, replace(following, weight=following.weight[:, columns])
