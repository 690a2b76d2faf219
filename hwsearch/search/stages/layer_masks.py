"""Masks of single layers of one dense network, each cut once: a search asks for the same few again and again."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from hwsearch.compress.masks import prune_layers
from hwsearch.network.stack import Params
from hwsearch.tickets.criteria import after_quantising, score

_MOST_REMEMBERED = 256


class LayerMasks:
    """The masks of layers that are cut by magnitude, each on its own."""

    def __init__(self, dense: Params) -> None:
        self._dense = dense
        self.mask = lru_cache(maxsize=_MOST_REMEMBERED)(self._mask)

    def _mask(
        self, layer: int, granularity: str, sparsity: float, bits: tuple[int, ...] | None
    ) -> np.ndarray:
        """Return the mask of a layer, like its weights.

        Args:
            layer: Its place.
            granularity: What goes together.
            sparsity: Of this layer.
            bits: Weight bits of every layer, where weights are quantised before they are cut; else None.
        """
        dense = self._dense
        scores = score("magnitude", dense)
        if bits is not None:
            scores = after_quantising(scores, dense, bits)
        sparsities = [sparsity if i == layer else 0.0 for i in range(len(dense))]
        return np.asarray(prune_layers(scores, granularity, sparsities, scores=scores)[layer])
