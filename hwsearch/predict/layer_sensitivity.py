"""Layer sensitivity: what pruning or quantising a layer alone changes, for the estimators E1 and E2."""

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
class EstimatorScope:
    """Which candidates an estimator is made for.

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


Sensitivity = Callable[[int, np.ndarray], np.ndarray]
"""(layer, its changed weights) -> the quantity that is measured, 0 where nothing changes."""


def layer_sensitivity(dense: Params, scope: EstimatorScope, sensitivity: Sensitivity) -> LayerTables:
    """Measure every layer at every granularity, a few sparsities, and every number of bits.

    What a removed channel takes from the next layer is not counted there: it follows from this layer's outputs.

    Args:
        dense: The trained parameters.
        scope: Of what; the reference's bits change nothing.
        sensitivity: What is measured of a change.
    """
    layers = range(len(dense))
    bits, reference = np.array(sorted(set(scope.bits))), scope.reference_bits
    pruned = {
        name: [
            np.stack([sensitivity(i, _pruned(dense, name, i, level)) for level in (0.0, *LEVELS)])
            for i in layers
        ]
        for name in scope.granularities
    }
    quantised = [
        np.stack([sensitivity(i, _quantised(dense[i], b, reference, i == layers[-1])) for b in bits])
        for i in layers
    ]
    return LayerTables(np.array([0.0, *LEVELS]), bits, pruned, quantised)


def masks_of_one_layer(
    dense: Params, granularity: str, layer: int, sparsity: float
) -> tuple[np.ndarray, ...]:
    """Return the masks that prune one layer only (with channels, also the columns that read them)."""
    sparsities = [sparsity if i == layer else 0.0 for i in range(len(dense))]
    return tuple(prune_layers([params.weight for params in dense], granularity, sparsities))


def _pruned(dense: Params, granularity: str, layer: int, sparsity: float) -> np.ndarray:
    mask = masks_of_one_layer(dense, granularity, layer, sparsity)[layer]
    return np.asarray(np.where(mask, dense[layer].weight, 0.0), np.float64)


def _quantised(layer: LayerParams, bits: int, reference_bits: int, readout: bool) -> np.ndarray:
    if bits == reference_bits:
        return np.asarray(layer.weight, np.float64)
    weight = torch.from_numpy(layer.weight).unsqueeze(0)
    levels, scale = Quantiser((bits,), not readout).quantise(weight, torch.ones_like(weight))
    return np.asarray((levels * scale)[0].numpy(), np.float64)
