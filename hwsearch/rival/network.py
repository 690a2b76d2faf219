"""A plain network as it is searched: its settings, its floats, and how these become integers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from hwsearch.compress.masks import prune
from hwsearch.compress.quantise import Quantiser
from hwsearch.rival.integers import Int8Layer, int8_layers
from hwsearch.rival.price import connections_of

FloatArrays = tuple[np.ndarray, ...]


@dataclass(frozen=True, order=True)
class Shape:
    """What a plain network is before anything is taken from it.

    Attributes:
        frames: Bins that the frames of a sequence are put into before they are flattened; 0: a still image.
        hidden: Hidden neurons; 0: the classes read the input.
    """

    frames: int
    hidden: int


@dataclass(frozen=True, order=True)
class Setting:
    """A plain network's knobs."""

    shape: Shape
    weight_bits: int
    granularity: str
    sparsity: float


@dataclass(frozen=True, eq=False)
class Floats:
    """A network's floats, for inputs of 0 .. 1: weights [out, in] and biases [out] of each layer."""

    weights: FloatArrays
    biases: FloatArrays

    @property
    def finite(self) -> bool:
        """Whether training left numbers."""
        return all(np.isfinite(values).all() for values in (*self.weights, *self.biases))


def masks_of(net: Floats, setting: Setting) -> FloatArrays:
    """Return which weights stay, 1 or 0, by magnitude."""
    if setting.sparsity == 0:
        return tuple(np.ones_like(weight) for weight in net.weights)
    chain = connections_of([weight.shape for weight in net.weights])
    masks = prune(chain, net.weights, setting.granularity, setting.sparsity)
    return tuple(mask.astype(np.float32) for mask in masks)


def grid_of(bits: Sequence[int]) -> Quantiser:
    """Return the grids of one layer of a stack: a scale a layer, laid over the weights that stay."""
    return Quantiser(tuple(bits), per_channel=False)


def integers_of(net: Floats, masks: FloatArrays, bits: int, x: np.ndarray, most: int) -> list[Int8Layer]:
    """Return a network's integers, without the neurons that change nothing.

    Args:
        net: Its floats.
        masks: Which weights stay.
        bits: Of a weight.
        x: Samples that say how far hidden values reach, [N, in] integers of 0 .. ``most``.
        most: The largest input.
    """
    grid, weights, scales = grid_of([bits]), [], []
    for weight, mask in zip(net.weights, masks, strict=True):
        levels, scale = grid.quantise(torch.from_numpy(weight)[None], torch.from_numpy(mask)[None])
        weights.append(levels[0].numpy().astype(np.int64))
        scales.append(float(scale.ravel()[0]))
    largest, values = [], x / most
    for place, (weight, step, bias) in enumerate(zip(weights, scales, net.biases, strict=True)):
        values = values @ (weight * step).T + bias
        values = values if place == len(weights) - 1 else np.maximum(values, 0.0)
        largest.append(float(np.abs(values).max()))
    return slimmer(int8_layers(weights, scales, net.biases, largest, most))


def slimmer(layers: Sequence[Int8Layer]) -> list[Int8Layer]:
    """Return the same network without hidden neurons that nobody reads, or that are 0 for every input."""
    slim = list(layers)
    for place in reversed(range(len(slim) - 1)):
        here, after = slim[place], slim[place + 1]
        read = (after.weights != 0).any(0)
        stays = read & ((here.weights != 0).any(1) | (here.bias > 0))
        slim[place] = Int8Layer(here.weights[stays], here.bias[stays], here.multiplier, here.shift, here.zero)
        slim[place + 1] = Int8Layer(
            after.weights[:, stays], after.bias, after.multiplier, after.shift, after.zero
        )
    return slim
