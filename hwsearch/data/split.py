"""Draws of samples for a part: by class, or by what belongs together (a speaker, a run, overlapping windows).

Sizes are exact where samples stand alone, near where groups are kept whole; draws are repeatable. Not for which part is
drawn of what: see `parts`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
_MOST_TRIES = 16
_MOST_STEPS = 20_000


def stratified_take(labels: Ints, n_take: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
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


def grouped_take(
    labels: Ints, groups: Ints, n_take: int, rng: np.random.Generator, *, leave: int = 1
) -> tuple[Ints, Ints]:
    """Draw whole groups of near ``n_take`` samples with the classes near their proportion, every class among them.

    The distance of a draw is sum_c (taken_c - n_take n_c / N)^2 / n_c. Groups are gone through from the largest to the
    smallest, in a random order among equals, and taken where that brings the draw nearer; samples that are groups of
    their own fill what is missing. The best of several orders is returned. A group is not taken where a class would be
    left with fewer than ``leave`` groups, so a class in too few groups is in no draw.

    Args:
        labels: [N].
        groups: [N].
        n_take: Near how many.
        rng: Where chance comes from.
        leave: Groups of each class that must not be taken: as many as parts are still to be drawn of the rest.

    Returns:
        Indices taken and all others, each rising.
    """
    _, group_of = np.unique(groups, return_inverse=True)
    _, class_of = np.unique(labels, return_inverse=True)
    n_groups, n_classes = int(group_of.max()) + 1, int(class_of.max()) + 1
    # [groups, classes]
    counts = np.bincount(group_of * n_classes + class_of, minlength=n_groups * n_classes)
    counts = counts.reshape(n_groups, n_classes)
    wanted = n_take * counts.sum(0) / len(labels)
    tries = max(1, min(_MOST_TRIES, _MOST_STEPS // n_groups))
    draws = [_draw(counts, wanted, rng, leave) for _ in range(tries)]
    taken = min(draws, key=lambda draw: _badness(counts, wanted, draw))[group_of]
    return np.flatnonzero(taken), np.flatnonzero(~taken)


def _draw(
    counts: Ints, wanted: npt.NDArray[np.float64], rng: np.random.Generator, leave: int
) -> npt.NDArray[np.bool_]:
    """Return which groups are taken in one random order; [groups]."""
    sizes, holds, totals = counts.sum(1), counts > 0, counts.sum(0)
    taken, held = np.zeros(len(counts), dtype=bool), np.zeros(len(wanted))
    left = holds.sum(0)

    def take(group: int) -> None:
        nonlocal held, left
        taken[group] = True
        held, left = held + counts[group], left - holds[group]

    def spares(group: int) -> bool:
        return bool((left - holds[group] >= leave)[holds[group]].all())

    def change(group: int) -> float:
        row = counts[group]
        return float((row * (row + 2 * (held - wanted)) / totals).sum())

    shuffled = rng.permutation(np.flatnonzero(sizes > 1))
    for group in shuffled[np.argsort(-sizes[shuffled], kind="stable")].tolist():
        if change(group) < 0 and spares(group):
            take(group)
    alone = rng.permutation(np.flatnonzero(sizes == 1))
    for label in range(len(wanted)):
        n = min(round(wanted[label] - held[label]), int(left[label]) - leave)
        chosen = alone[counts[alone, label] > 0][: max(n, 0)]
        taken[chosen] = True
        held[label] += len(chosen)
        left[label] -= len(chosen)
    for label in np.flatnonzero(held == 0).tolist():
        free = [group for group in np.flatnonzero(holds[:, label] & ~taken).tolist() if spares(group)]
        if held[label] == 0 and free:  # an earlier class's group may have brought it
            take(min(free, key=change))
    return taken


def _badness(
    counts: Ints, wanted: npt.NDArray[np.float64], taken: npt.NDArray[np.bool_]
) -> tuple[int, float]:
    """Return how many classes a draw lacks, and its distance."""
    held = counts[taken].sum(0)
    return int((held == 0).sum()), float(((held - wanted) ** 2 / counts.sum(0)).sum())


def sample_classes(labels: Ints) -> Ints:
    """Return the class by which a sample is drawn; [N].

    Args:
        labels: A label a sample [N], as it is, or a label a frame [N, T0]: the most frequent, the lowest of equals.
    """
    if labels.ndim == 1:
        return labels
    classes = np.arange(labels.max() + 1)
    most: Ints = (labels[:, :, None] == classes).sum(1).argmax(1)
    return most
