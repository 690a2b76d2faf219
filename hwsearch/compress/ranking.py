"""Which of many groups are removed: exactly k, those of lowest score, of equal ones the first."""

from __future__ import annotations

import math

import numpy as np

from hwsearch.compress.channels import Mask, Scores


def best(scores: Scores, n: int) -> Mask:
    """Mark the n best groups: those that a stable ranking would remove last."""
    return ~lowest(scores, scores.size - n)


def keep_best(scores: Scores, sparsity: float, guarded: Mask) -> Mask:
    """Return which groups stay when the k lowest unguarded ones go (k is capped at their number)."""
    free = np.flatnonzero(~guarded)
    k = min(math.floor(sparsity * scores.size + 0.5), free.size)
    keep = np.ones(scores.size, dtype=np.bool_)
    keep[free[lowest(scores[free], k)]] = False
    return keep


def lowest(scores: Scores, k: int) -> Mask:
    """Mark the k lowest scores, of equal ones the first: as a stable sort would, in linear time."""
    if k <= 0:
        return np.zeros(scores.size, dtype=np.bool_)
    line = np.partition(scores, k - 1)[k - 1]
    marked = np.asarray(scores < line, np.bool_)
    marked[np.flatnonzero(scores == line)[: k - int(np.count_nonzero(marked))]] = True
    return marked
