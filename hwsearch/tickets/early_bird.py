"""The early-bird finder: the mask of the target sparsity, drawn as soon as it stops moving in dense training.

Each epoch's mask enters a queue of five; it is drawn when the newest differs from all four others by less than the
tolerance. Two random masks of sparsity p already differ in only 2p(1 - p) of their entries: the distance is measured
in units of that, so that one tolerance means the same at every sparsity and granularity.

Source: You et al. 2020 (the queue); Kim et al. 2022 (SNNs: masks of weights; the ticket starts from initial weights).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from hwsearch.network.stack import Params
from hwsearch.tickets.fit import Fit, Knife, Target, all_kept

QUEUE = 5


@dataclass(frozen=True, eq=False)
class Bird:
    """Masks as they were drawn.

    Attributes:
        masks: What survives.
        epoch: Epochs of dense training that they took.
        settled: Whether they stopped moving, or training ended first.
        train_steps: Samples times timesteps of those epochs.
        distances: The largest distance within the queue, from the fifth mask on.
    """

    masks: tuple[np.ndarray, ...]
    epoch: int
    settled: bool
    train_steps: int
    distances: tuple[float, ...] = field(default=())


def scaled_distance(first: Sequence[np.ndarray], second: Sequence[np.ndarray]) -> float:
    """Return the share of entries that differ, over 2p(1 - p): 0 for equal masks, about 1 for unrelated ones.

    p is the mean of both masks' sparsities; masks that keep all or nothing have distance 0.
    """
    size = sum(mask.size for mask in first)
    differ = sum(int(np.count_nonzero(a != b)) for a, b in zip(first, second, strict=True)) / size
    kept = sum(int(np.count_nonzero(m)) for m in (*first, *second)) / (2 * size)
    chance = 2 * kept * (1 - kept)
    return differ / chance if chance > 0 else 0.0


def find_early_birds(
    fit: Fit,
    inits: Sequence[Params],
    targets: Sequence[Target],
    knife: Knife,
    *,
    tolerance: float,
) -> list[list[Bird]]:
    """Train dense networks together until every mask of every target has settled, or the epochs are over.

    Args:
        fit: The task; its schedule is the dense network's.
        inits: Fresh parameters.
        targets: What masks are wanted.
        knife: Criterion and ranking.
        tolerance: Largest scaled distance within the queue.

    Returns:
        For each initial network a bird each target.
    """
    nests = [[_Nest(own) for own in targets] for _ in inits]

    def look(epoch: int, params: Callable[[], list[Params]]) -> bool:
        for own, row in zip(params(), nests, strict=True):
            if not all(nest.drawn for nest in row):
                scores = knife.rank(own)
                for nest in row:
                    nest.look(epoch, scores, knife, tolerance)
        return all(nest.drawn for row in nests for nest in row)

    look(0, lambda: list(inits))
    fit.train(inits, [all_kept(own) for own in inits], watch=look)
    return [[nest.bird(fit) for nest in row] for row in nests]


class _Nest:
    """The queue of one target."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._queue: list[tuple[np.ndarray, ...]] = []
        self._distances: list[float] = []
        self._epoch, self.drawn = 0, False

    def look(self, epoch: int, scores: Sequence[np.ndarray], knife: Knife, tolerance: float) -> None:
        """Take the mask of an epoch, unless one was drawn."""
        if self.drawn:
            return
        newest = knife.of_scores(self._target, scores)
        self._queue, self._epoch = [*self._queue, newest][-QUEUE:], epoch
        if len(self._queue) == QUEUE:
            self._distances.append(max(scaled_distance(newest, old) for old in self._queue[:-1]))
            self.drawn = self._distances[-1] < tolerance

    def bird(self, fit: Fit) -> Bird:
        """Return what was drawn."""
        steps = self._epoch * fit.epoch_steps
        return Bird(self._queue[-1], self._epoch, self.drawn, steps, tuple(self._distances))
