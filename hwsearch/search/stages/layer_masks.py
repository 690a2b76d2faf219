"""Masks of single connections of one dense network, each cut once: a search asks for the same few again and again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, cached_property, lru_cache
from math import prod

import numpy as np

from hwsearch.compress.channels import removable
from hwsearch.compress.masks import join_layers, prune_layer
from hwsearch.graph.graph import NetworkSpec
from hwsearch.network.params import Params
from hwsearch.tickets.criteria import after_quantising, score
from hwsearch.tickets.fit import dense_masks

_FEWEST_REMEMBERED, _FEWEST_SCORED, _MOST_BYTES = 256, 8, 64 * 2**20


class LayerMasks:
    """The masks of prunable connections that are cut by magnitude, each on its own."""

    def __init__(self, spec: NetworkSpec, dense: Params) -> None:
        self._spec, self._dense = spec, dense
        largest = max(prod(connection.weight_shape) for connection in spec.connections)
        most = max(_FEWEST_REMEMBERED, _MOST_BYTES // largest)
        self.mask = lru_cache(maxsize=most)(self._mask)
        self._quantised = lru_cache(maxsize=max(_FEWEST_SCORED, _MOST_BYTES // (8 * largest)))(self._on_grid)
        self._mattering = cache(self._which_matter)

    @cached_property
    def _scores(self) -> list[np.ndarray]:
        """The worth of every weight before any is quantised."""
        return score("magnitude", self._dense)

    def together(
        self, granularities: Sequence[str], sparsities: Sequence[float], bits: tuple[int, ...] | None
    ) -> tuple[np.ndarray, ...]:
        """Return the masks of the network whose connections are cut apart.

        Args:
            granularities: One a prunable connection.
            sparsities: Likewise.
            bits: Weight bits of every connection, where weights are quantised before they are cut; else None.
        """
        masks = list(dense_masks(self._dense))
        asked = zip(self._spec.prunable, granularities, sparsities, strict=True)
        for place, granularity, sparsity in asked:
            masks[place] = self.mask(place, granularity, sparsity, self._near(bits, place, granularity))
        return tuple(join_layers(self._spec.connections, masks, granularities))

    def _mask(
        self, place: int, granularity: str, sparsity: float, bits: tuple[int, ...] | None
    ) -> np.ndarray:
        """Return the mask of a connection, like its weights.

        Args:
            place: Of the connection.
            granularity: What goes together.
            sparsity: Of this connection.
            bits: See ``together``.
        """
        spec, scores = self._spec, self._scores
        if bits is not None:
            near = self._mattering(place, granularity == "channel")
            scores = self._quantised(bits, frozenset(spec.connections[i].target for i in near))
        return prune_layer(
            spec.connections, scores, place, granularity, sparsity, multiple=spec.channel_multiple
        )

    def _on_grid(self, bits: tuple[int, ...], populations: frozenset[int]) -> list[np.ndarray]:
        """Return the worth of every weight; those into populations were quantised before."""
        return after_quantising(self._scores, self._spec, self._dense, bits, populations)

    def _near(self, bits: tuple[int, ...] | None, place: int, granularity: str) -> tuple[int, ...] | None:
        """Return bits with those of connections that do not matter for the cut of this one set to its own."""
        if bits is None:
            return None
        near = self._mattering(place, granularity == "channel")
        return tuple(b if i in near else bits[place] for i, b in enumerate(bits))

    def _which_matter(self, place: int, channels: bool) -> set[int]:
        """Return the connections whose bits matter for the cut of one.

        Channels are ranked by all that enters and reads them, other groups by the grid of what enters with them.
        """
        near, connections = {place}, self._spec.connections
        for group in removable(connections):
            if group.first == place:
                near |= {*group.entering, *group.reading}
        return near if channels else {i for i in near if connections[i].target == connections[place].target}
