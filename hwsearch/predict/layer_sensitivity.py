"""Layer sensitivity: what pruning or quantising a layer alone changes, for the estimators E1 and E2."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from hwsearch.compress.masks import prune_layers
from hwsearch.compress.quantise import Quantiser
from hwsearch.graph.graph import Connection, NetworkSpec
from hwsearch.network.params import Params
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
"""(place of a connection, its changed weights) -> the quantity that is measured, 0 where nothing changes."""


def layer_sensitivity(
    spec: NetworkSpec, dense: Params, scope: EstimatorScope, sensitivity: Sensitivity
) -> LayerTables:
    """Measure every prunable connection at every granularity, a few sparsities, and every number of bits.

    What a removed channel takes from what reads it is not counted there: it follows from this connection's outputs.

    Args:
        spec: The architecture.
        dense: The trained parameters.
        scope: Of what; the reference's bits change nothing.
        sensitivity: What is measured of a change.
    """
    bits, levels = np.array(sorted(set(scope.bits))), (0.0, *LEVELS)
    pruned = {
        name: [
            np.stack([sensitivity(place, _pruned(spec, dense, name, layer, level)) for level in levels])
            for layer, place in enumerate(spec.prunable)
        ]
        for name in scope.granularities
    }
    quantised = [
        np.stack([sensitivity(i, _quantised(spec.connections[i], dense.weights[i], b, scope)) for b in bits])
        for i in spec.prunable
    ]
    return LayerTables(np.array(levels), bits, pruned, quantised)


def masks_of_one_layer(
    spec: NetworkSpec, dense: Params, granularity: str, layer: int, sparsity: float
) -> tuple[np.ndarray, ...]:
    """Return the masks that prune one prunable connection only (with channels, also all that shares or reads them)."""
    sparsities = [sparsity if i == layer else 0.0 for i in range(len(spec.prunable))]
    return tuple(
        prune_layers(spec.connections, dense.weights, granularity, sparsities, multiple=spec.channel_multiple)
    )


def _pruned(spec: NetworkSpec, dense: Params, granularity: str, layer: int, sparsity: float) -> np.ndarray:
    place = spec.prunable[layer]
    mask = masks_of_one_layer(spec, dense, granularity, layer, sparsity)[place]
    return np.asarray(np.where(mask, dense.weights[place], 0.0), np.float64)


def _quantised(connection: Connection, weight: np.ndarray, bits: int, scope: EstimatorScope) -> np.ndarray:
    if bits == scope.reference_bits:
        return np.asarray(weight, np.float64)
    stacked = torch.from_numpy(weight).unsqueeze(0)
    levels, scale = Quantiser((bits,), not connection.readout).quantise(stacked, torch.ones_like(stacked))
    return np.asarray((levels * scale)[0].numpy(), np.float64)
