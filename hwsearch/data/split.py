"""Stratified splits: exact sizes, disjoint, repeatable.

Not for data whose samples belong together (one machine's run, one speaker): those need splits by group.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def stratified_take(
    labels: npt.NDArray[np.int64], n_take: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Draw exactly ``n_take`` samples with the classes in proportion.

    A class of n_c gives floor(n_take * n_c / N), and what then is missing comes from the classes with the
    largest remainders, the first of equals first.

    Args:
        labels: [N].
        n_take: How many, 0 .. N.
        rng: Where chance comes from.

    Returns:
        Indices taken and all others, each rising; [n_take] and [N - n_take].
    """
    classes, counts = np.unique(labels, return_counts=True)
    shares, remainders = np.divmod(n_take * counts, len(labels))
    missing = n_take - int(shares.sum())
    shares[np.argsort(-remainders, kind="stable")[:missing]] += 1
    taken = np.zeros(len(labels), dtype=bool)
    for label, share in zip(classes, shares, strict=True):
        taken[rng.permutation(np.flatnonzero(labels == label))[:share]] = True
    return np.flatnonzero(taken), np.flatnonzero(~taken)


def sample_classes(labels: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the class by which a sample is drawn; [N].

    Args:
        labels: A label a sample [N], as it is, or a label a frame [N, T0]: the most frequent, the lowest of equals.
    """
    if labels.ndim == 1:
        return labels
    classes = np.arange(labels.max() + 1)
    most: npt.NDArray[np.int64] = (labels[:, :, None] == classes).sum(1).argmax(1)
    return most
