"""How pruning or quantising one layer alone changes the dense network's weights: what E1 and E2 are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from hwsearch.compress.masks import prune_layers
from hwsearch.compress.quantise import Quantiser
from hwsearch.network.stack import LayerParams, Params
from hwsearch.predict.joint import LayerTables

LEVELS = (0.3, 0.5, 0.7, 0.85, 0.95, 0.99)
"""Sparsities that are measured; between them a quantity is interpolated, below the first it grows from nothing."""


@dataclass(frozen=True)
class Asked:
    """What an estimator is to tell of.

    Attributes:
        granularities: That are searched.
        bits: Weight bits that are searched.
        reference_bits: Bits of the dense reference.
        timesteps: T of what is run; the search's shortest will do.
    """

    granularities: tuple[str, ...]
    bits: tuple[int, ...]
    reference_bits: int
    timesteps: int


Measure = Callable[[int, np.ndarray], np.ndarray]
"""(layer, its weights as they are then) -> the quantity, 0 where nothing changes."""


def tables_of(dense: Params, asked: Asked, measure: Measure) -> LayerTables:
    """Measure the change of every layer at every granularity, a few sparsities, and every number of bits.

    What a removed channel takes from the next layer is not counted there: it follows from this layer's outputs.

    Args:
        dense: The trained parameters.
        asked: Of what; the reference's bits change nothing.
        measure: What is measured of a change.
    """
    layers = range(len(dense))
    ladder, reference = np.array(sorted(set(asked.bits))), asked.reference_bits
    pruned = {
        name: [
            np.stack([measure(layer, _pruned(dense, name, layer, level)) for level in (0.0, *LEVELS)])
            for layer in layers
        ]
        for name in asked.granularities
    }
    quantised = [
        np.stack([measure(i, _quantised(dense[i], b, reference, i == layers[-1])) for b in ladder])
        for i in layers
    ]
    return LayerTables(np.array([0.0, *LEVELS]), ladder, pruned, quantised)


def one_layer(dense: Params, granularity: str, layer: int, sparsity: float) -> tuple[np.ndarray, ...]:
    """Return the masks that prune one layer only (with channels, also the columns that read them)."""
    sparsities = [sparsity if i == layer else 0.0 for i in range(len(dense))]
    return tuple(prune_layers([own.weight for own in dense], granularity, sparsities))


def _pruned(dense: Params, granularity: str, layer: int, sparsity: float) -> np.ndarray:
    mask = one_layer(dense, granularity, layer, sparsity)[layer]
    return np.asarray(np.where(mask, dense[layer].weight, 0.0), np.float64)


def _quantised(own: LayerParams, bits: int, reference_bits: int, readout: bool) -> np.ndarray:
    if bits == reference_bits:
        return np.asarray(own.weight, np.float64)
    weight = torch.from_numpy(own.weight).unsqueeze(0)
    levels, scale = Quantiser((bits,), not readout).quantise(weight, torch.ones_like(weight))
    return np.asarray((levels * scale)[0].numpy(), np.float64)
