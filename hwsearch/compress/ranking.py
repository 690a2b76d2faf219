"""Which of many groups are removed: exactly k, those of lowest score, of equal ones the first."""

from __future__ import annotations

import math

import numpy as np

from hwsearch.compress.channels import Mask, Scores
from hwsearch.hardware.alignment import aligned_removal


def best(scores: Scores, n: int) -> Mask:
    """Mark the n best groups: those that a stable ranking would remove last."""
    if n == 0:
        return np.zeros(scores.size, dtype=np.bool_)
    return ~lowest(scores, scores.size - n)


def keep_best(scores: Scores, sparsity: float, guarded: Mask) -> Mask:
    """Return which groups stay when the k lowest unguarded ones go (k is capped at their number)."""
    free = np.flatnonzero(~guarded)
    k = min(math.floor(sparsity * scores.size + 0.5), free.size)
    keep = np.ones(scores.size, dtype=np.bool_)
    keep[free[lowest(scores[free], k)]] = False
    return keep


def aligned(keep: Mask, scores: Scores, multiple: int) -> Mask:
    """Return which channels stay so that a multiple of so many does: the best of those that would go stay as well."""
    gone = np.flatnonzero(~keep)
    fewer = aligned_removal(keep.size, gone.size, multiple)
    if fewer == gone.size:
        return keep
    staying = np.ones(keep.size, dtype=np.bool_)
    staying[gone[lowest(scores[gone], fewer)]] = False
    return staying


def lowest(scores: Scores, k: int) -> Mask:
    """Mark the k lowest scores, of equal ones the first: as a stable sort would, in linear time."""
    if k <= 0:
        return np.zeros(scores.size, dtype=np.bool_)
    line = np.partition(scores, k - 1)[k - 1]
    marked = np.asarray(scores < line, np.bool_)
    marked[np.flatnonzero(scores == line)[: k - int(np.count_nonzero(marked))]] = True
    return marked
