"""From trained floats to integers: batch normalisation, scales and biases folded into weights, biases and thresholds.

With integer weights q = w / scale and a normalised current x = g (sum_i w_i s_i + b - mean) + shift, one integer step
of a channel is worth S = |g| * scale; so

    w_int = sign(g) q,    th = ceil(threshold / S * 2**f),    c = round((g (b - mean) + shift) / S * 2**f)

An analog input divides by its largest value and a sum pooling by its window, both folded into the next layer's S.
ceil makes v_int >= th the same question as v >= threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from hwsearch.compress.quantise import Quantiser, largest_level
from hwsearch.network.integer import IntegerLayer, IntegerNetwork, Widths
from hwsearch.network.stack import LayerParams, Params
from hwsearch.network.topology import LayerShape, NetworkSpec

MAX_FRACTION_BITS = 8
_HEADROOM_BITS = 2  # the membrane may go to 4 times the largest threshold before it saturates
_BN_EPS = 1e-5


def fold(
    spec: NetworkSpec,
    params: Params,
    masks: Sequence[np.ndarray],
    bits: Sequence[int],
    timesteps: int,
    widths: Widths,
) -> IntegerNetwork:
    """Return the integer network of trained parameters.

    Args:
        spec: The architecture.
        params: Trained floats, one a layer.
        masks: Surviving weights, like the weights.
        bits: Weight bits, one a layer.
        timesteps: T of the deployed model.
        widths: What the device offers; thresholds and biases are kept within it.
    """
    layers = []
    unit = 1.0 / spec.input_max  # what one count of the layer's input is worth
    for shape, own, mask, b in zip(spec.layers, params, masks, bits, strict=True):
        layers.append(_fold_layer(spec, shape, own, mask, b, unit, widths, timesteps))
        unit = 1.0 / shape.pool**2 if spec.pool == "sum" else 1.0
    return IntegerNetwork(
        tuple(layers), tuple(bits), timesteps, spec.leak_shift, spec.reset, spec.pool,
        spec.input_shape, spec.input_max, spec.input_bits, widths.state,
    )  # fmt: skip


def _fold_layer(
    spec: NetworkSpec,
    shape: LayerShape,
    own: LayerParams,
    mask: np.ndarray,
    bits: int,
    unit: float,
    widths: Widths,
    timesteps: int,
) -> IntegerLayer:
    readout = shape.name == "readout"
    grid = Quantiser((bits,), per_channel=not readout, over_all=spec.quantise_first)
    integers, scale = _integers(own.weight, mask, grid)
    gain, bias = _affine(own)
    step = np.broadcast_to(np.abs(gain) * scale * unit, gain.shape).astype(np.float64)
    # a channel that normalisation has switched off (gain 0) passes only its bias: its weights go
    dead = step < 1e-12
    step = np.where(dead, unit, step)
    integers *= np.where(dead, 0, np.where(gain < 0, -1, 1)).reshape(-1, *[1] * (integers.ndim - 1))
    if readout:
        fraction = _readout_fraction(integers, bias / step, timesteps, widths)
        return _layer(shape, integers, np.rint(bias / step * 2**fraction), None, fraction)
    limit = min(2 ** (widths.state - 1 - _HEADROOM_BITS), 2 ** (widths.threshold - 1) - 1)
    integers, step = _coarser_where_needed(integers, step, spec.threshold, limit, bits)
    fraction = _fraction(float((spec.threshold / step).max()), limit)
    threshold = np.ceil(spec.threshold / step * 2**fraction - 1e-9)
    largest = 2 ** (widths.bias - 1) - 1
    constant = np.clip(np.rint(bias / step * 2**fraction), -largest - 1, largest)
    return _layer(shape, integers, constant, threshold, fraction)


def _layer(
    shape: LayerShape, weight: np.ndarray, bias: np.ndarray, threshold: np.ndarray | None, fraction: int
) -> IntegerLayer:
    return IntegerLayer(
        name=shape.name,
        kind=shape.kind,
        weight=weight.astype(np.int32),
        bias=bias.astype(np.int32),
        threshold=None if threshold is None else threshold.astype(np.int32),
        fraction_bits=fraction,
        pool=shape.pool,
        out_size=shape.out_size,
        fan_columns=shape.fan_columns,
    )


def _integers(weight: np.ndarray, mask: np.ndarray, grid: Quantiser) -> tuple[np.ndarray, np.ndarray]:
    """Return integer weights and the scale of each channel ([out] or [1])."""
    kept = torch.from_numpy(mask.astype(np.float32)).unsqueeze(0)
    integers, scale = grid.quantise(torch.from_numpy(weight.astype(np.float32)).unsqueeze(0), kept)
    return integers[0].numpy().astype(np.int64), scale[0].flatten().numpy().astype(np.float64)


def _affine(own: LayerParams) -> tuple[np.ndarray, np.ndarray]:
    """Return gain and bias of each channel with the batch normalisation folded in."""
    bias = own.bias.astype(np.float64)
    if own.norm is None:
        return np.ones_like(bias), bias
    gamma, shift, mean, variance = own.norm.astype(np.float64)
    gain = gamma / np.sqrt(variance + _BN_EPS)
    return gain, gain * (bias - mean) + shift


def _coarser_where_needed(
    integers: np.ndarray, step: np.ndarray, threshold: float, limit: int, bits: int
) -> tuple[np.ndarray, np.ndarray]:
    """Coarsen the grid of channels whose threshold would not fit the device at f = 0.

    Such a channel's weights are tiny against its threshold: fewer levels lose nothing that the width could keep.
    """
    ratio = np.maximum(threshold / step / limit, 1.0)
    if not (ratio > 1.0).any():
        return integers, step
    shape = (-1, *[1] * (integers.ndim - 1))
    top = largest_level(bits)
    return np.clip(np.rint(integers / ratio.reshape(shape)), -top, top).astype(np.int64), step * ratio


def _fraction(largest: float, limit: int) -> int:
    """Return the most fraction bits (0 to 8) at which ``largest`` stays within ``limit``."""
    return max((f for f in range(MAX_FRACTION_BITS + 1) if largest * 2**f <= limit), default=0)


def _readout_fraction(integers: np.ndarray, bias: np.ndarray, timesteps: int, widths: Widths) -> int:
    """Return the most fraction bits at which neither bias nor accumulator can overflow."""
    reach = float(np.abs(integers).reshape(len(integers), -1).sum(1).max() * timesteps)
    offset = float(np.abs(bias).max())
    fits = [
        f
        for f in range(MAX_FRACTION_BITS + 1)
        if offset * 2**f < 2 ** (widths.bias - 1) - 1
        and (reach + timesteps * (offset + 1)) * 2**f < 2 ** (widths.accumulator - 1)
    ]
    return max(fits, default=0)


def shrink(network: IntegerNetwork) -> tuple[IntegerNetwork, tuple[np.ndarray, ...]]:
    """Remove every channel that cannot matter, for good; the readout stays the same, bit for bit.

    A channel goes when no weight reads it, or when it has no weights and its bias alone never fires it. One channel of
    each layer stays.

    Returns:
        The smaller network, and for each layer but the readout the indices of the channels that stayed.
    """
    layers = list(network.layers)
    kept = [np.arange(len(layer.bias)) for layer in layers[:-1]]
    changed = True
    while changed:
        changed = False
        for index in reversed(range(len(layers) - 1)):
            keep = _useful(network, layers[index], layers[index + 1])
            if not keep.any():
                keep[0] = True
            if not keep.all():
                layers[index], layers[index + 1] = _without(layers[index], layers[index + 1], keep)
                kept[index] = kept[index][keep]
                changed = True
    return replace(network, layers=tuple(layers)), tuple(kept)


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
