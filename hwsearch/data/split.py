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
_MOST_FLIPS = 1000
_NOTHING = 1e-9


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

    The distance of a draw is sum_c (taken_c - n_take n_c / N)^2 / n_c. Groups are gone through in a random
    order and taken where that brings the draw nearer; then the group is taken or given back that brings it nearest, as
    long as one does; samples that are groups of their own fill what is missing. The best of several orders is returned.
    A group is not taken where a class would be left with fewer than ``leave`` groups, so a class in too few groups is
    in no draw.

    Args:
        labels: [N].
        groups: [N].
        n_take: Near how many.
        rng: Where chance comes from.
        leave: Groups of each class that must not be taken: as many as parts are still to be drawn of the rest.

    Returns:
        Indices taken and all others, each rising.
    """
    group_of, counts = _counted(labels, groups)
    wanted = n_take * counts.sum(0) / len(labels)
    tries = max(1, min(_MOST_TRIES, _MOST_STEPS // len(counts)))
    best = _Draw(counts, wanted, rng, leave)
    # within half a sample of each class no other order can do better
    enough = (0, float((0.25 / counts.sum(0)).sum()))
    for _ in range(tries - 1):
        if _badness(best) <= enough:
            break
        best = min(best, _Draw(counts, wanted, rng, leave), key=_badness)
    taken = best.taken[group_of]
    return np.flatnonzero(taken), np.flatnonzero(~taken)


def grouped_folds(labels: Ints, groups: Ints, n: int, rng: np.random.Generator) -> Ints:
    """Return a fold 0 .. n - 1 for each sample: whole groups, the folds' classes near the n-th part of each.

    Groups are gone through from the largest to the smallest, in a random order among equals; each goes where it lowers
    the distance of ``grouped_take`` most, with all samples counted as one more class.

    Args:
        labels: [N].
        groups: [N].
        n: How many folds.
        rng: Where chance comes from.
    """
    group_of, counts = _counted(labels, groups)
    counts = np.hstack([counts, counts.sum(1, keepdims=True)])
    totals = counts.sum(0)
    shuffled = rng.permutation(len(counts))
    held, fold_of = np.zeros((n, len(totals))), np.empty(len(counts), dtype=np.int64)
    for group in shuffled[np.argsort(-counts[shuffled, -1], kind="stable")]:
        row = counts[group]
        changes = (row * (row + 2 * (held - totals / n)) / totals).sum(1)
        fold_of[group] = fold = int(changes.argmin())
        held[fold] += row
    return fold_of[group_of]


def _counted(labels: Ints, groups: Ints) -> tuple[Ints, Ints]:
    """Return the number of each sample's group, [N], and how many samples of each class a group has."""
    _, group_of = np.unique(groups, return_inverse=True)
    _, class_of = np.unique(labels, return_inverse=True)
    n_groups, n_classes = int(group_of.max()) + 1, int(class_of.max()) + 1
    counts = np.bincount(group_of * n_classes + class_of, minlength=n_groups * n_classes)
    return group_of, counts.reshape(n_groups, n_classes)


def _badness(draw: _Draw) -> tuple[int, float]:
    """Return how many classes a draw lacks, and its distance."""
    return int((draw.held == 0).sum()), float(((draw.held - draw.wanted) ** 2 / draw.totals).sum())


class _Draw:
    """Groups taken in one random order."""

    def __init__(
        self, counts: Ints, wanted: npt.NDArray[np.float64], rng: np.random.Generator, leave: int
    ) -> None:
        self.counts, self.wanted, self.leave = counts, wanted, leave
        self.holds, self.totals = counts > 0, counts.sum(0)
        self.taken, self.held = np.zeros(len(counts), dtype=bool), np.zeros(len(wanted))
        self.left = self.holds.sum(0)
        sizes = counts.sum(1)
        for group in rng.permutation(np.flatnonzero(sizes > 1)).tolist():
            if self._change(group) < 0 and self._spares(group):
                self._flip(group)
        self._improve(np.flatnonzero(sizes > 1))
        self._fill(rng.permutation(np.flatnonzero(sizes == 1)))
        self._complete()

    def _flip(self, group: int) -> None:
        """Take a group, or give it back."""
        sign = -1 if self.taken[group] else 1
        self.taken[group] = not self.taken[group]
        self.held = self.held + sign * self.counts[group]
        self.left = self.left - sign * self.holds[group]

    def _change(self, groups: int | Ints) -> npt.NDArray[np.float64]:
        """Return how much farther off a flip of each group is; below 0: nearer."""
        sign = np.where(self.taken[groups], -1, 1)
        step = sign[..., None] * self.counts[groups]
        changes: npt.NDArray[np.float64] = (step * (step + 2 * (self.held - self.wanted)) / self.totals).sum(
            -1
        )
        return changes

    def _spares(self, group: int) -> bool:
        """Return whether a flip leaves every class of the group on both sides."""
        holds = self.holds[group]
        if self.taken[group]:
            return bool((self.held - self.counts[group] > 0)[holds].all())
        return bool((self.left - 1 >= self.leave)[holds].all())

    def _improve(self, groups: Ints) -> None:
        """Flip the group that brings the draw nearest, as long as one brings it nearer."""
        for _ in range(_MOST_FLIPS):
            changes = self._change(groups)
            for at in np.argsort(changes, kind="stable"):
                if changes[at] >= -_NOTHING:
                    return
                if self._spares(int(groups[at])):
                    self._flip(int(groups[at]))
                    break
            else:
                return

    def _fill(self, alone: Ints) -> None:
        """Take samples that are groups of their own for what is missing of each class."""
        for label in range(len(self.wanted)):
            n = min(round(self.wanted[label] - self.held[label]), int(self.left[label]) - self.leave)
            chosen = alone[self.counts[alone, label] > 0][: max(n, 0)]
            self.taken[chosen] = True
            self.held[label] += len(chosen)
            self.left[label] -= len(chosen)

    def _complete(self) -> None:
        """Take a group of each class that is missing, where one can be spared."""
        for label in np.flatnonzero(self.held == 0).tolist():
            rest = np.flatnonzero(self.holds[:, label] & ~self.taken)
            free = [group for group in rest.tolist() if self._spares(group)]
            if self.held[label] == 0 and free:  # an earlier class's group may have brought it
                self._flip(min(free, key=lambda group: float(self._change(group))))


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
