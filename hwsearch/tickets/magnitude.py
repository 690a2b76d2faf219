"""The one-shot magnitude ticket: the largest weights of the trained dense network survive.

Source: Han et al. 2015; Kim et al. 2022, section 3 (global ranking beats ranking layer by layer).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from hwsearch.compress.masks import prune, prune_layers
from hwsearch.network.stack import Params
from hwsearch.space.candidate import Candidate


def magnitude_masks(
    dense: Params,
    candidate: Candidate,
    *,
    scope: Literal["global", "layer"],
    gentle: float,
    scores: Sequence[np.ndarray] | None = None,
) -> tuple[np.ndarray, ...]:
    """Return which weights of the dense network survive in a candidate.

    Args:
        dense: Trained parameters.
        candidate: Its granularity, and its sparsity: one for all layers, or one a layer.
        scope: ``global`` or ``layer``: where weights are ranked against each other.
        gentle: How much more the first and last layer's scores count (global only).
        scores: Worth of each weight by another criterion; None: its magnitude.

    Returns:
        Boolean masks like the weights.
    """
    weights = [layer.weight for layer in dense]
    if len(candidate.sparsity) > 1:
        return tuple(prune_layers(weights, candidate.granularity, candidate.sparsity, scores=scores))
    sparsity = candidate.sparsity[0]
    return tuple(prune(weights, candidate.granularity, sparsity, scope=scope, gentle=gentle, scores=scores))
