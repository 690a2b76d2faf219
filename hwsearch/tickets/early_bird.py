"""The early-bird finder: the mask of the target sparsity, drawn as soon as it stops moving in dense training.

Each epoch's mask enters a queue of five; it is drawn when the newest differs from all four others by less than the
tolerance. Two random masks of sparsity p already differ in only 2p(1 - p) of their entries: the distance is measured
in units of that, so that one tolerance means the same at every sparsity and granularity.

Source: You et al. 2020 (the queue); Kim et al. 2022 (SNNs: masks of weights; the ticket starts from initial weights).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hwsearch.network.params import Params
from hwsearch.tickets.fit import Fit, Pruner, Target, dense_masks

QUEUE = 5


@dataclass(frozen=True, eq=False)
class EarlyBird:
    """Masks as they were drawn.

    Attributes:
        masks: What survives.
        train_steps: Samples times timesteps of the epochs that they took.
    """

    masks: tuple[np.ndarray, ...]
    train_steps: int


def scaled_distance(first: Sequence[np.ndarray], second: Sequence[np.ndarray]) -> float:
    """Return the share of entries that differ, over 2p(1 - p): 0 for equal masks, about 1 for unrelated ones.

    p is the mean of both masks' sparsities; masks that keep all or nothing have distance 0.
    """
    size = sum(mask.size for mask in first)
    differ = sum(int(np.count_nonzero(a != b)) for a, b in zip(first, second, strict=True)) / size
    density = sum(int(np.count_nonzero(m)) for m in (*first, *second)) / (2 * size)
    chance = 2 * density * (1 - density)
    return differ / chance if chance > 0 else 0.0


def find_early_birds(
    fit: Fit,
    inits: Sequence[Params],
    targets: Sequence[Target],
    pruner: Pruner,
    *,
    tolerance: float,
) -> list[list[EarlyBird]]:
    """Train dense networks together until every mask of every target has settled, or the epochs are over.

    Args:
        fit: The task; its schedule is the dense network's.
        inits: Fresh parameters.
        targets: What masks are wanted.
        pruner: Criterion and ranking.
        tolerance: Largest scaled distance within the queue.

    Returns:
        For each initial network the masks of each target.
    """
    queues = [[MaskQueue(tolerance) for _ in targets] for _ in inits]

    def watch(epoch: int, networks: Callable[[], list[Params]]) -> bool:
        for params, row in zip(networks(), queues, strict=True):
            if not all(queue.settled for queue in row):
                scores = pruner.criterion(params)
                for queue, target in zip(row, targets, strict=True):
                    if not queue.settled:
                        queue.push(pruner.masks_from_scores(target, scores))
        return all(queue.settled for row in queues for queue in row)

    watch(0, lambda: list(inits))
    fit.train(inits, [dense_masks(params) for params in inits], watch=watch)
    return [[EarlyBird(queue.newest, queue.epochs * fit.epoch_steps) for queue in row] for row in queues]


class MaskQueue:
    """The last masks of one target, one an epoch, the first from before training.

    Attributes:
        epochs: How many were trained before the newest.
        settled: Whether the newest lies nearer than the tolerance to all others of a full queue.
    """

    def __init__(self, tolerance: float) -> None:
        self._tolerance = tolerance
        self._masks: list[tuple[np.ndarray, ...]] = []
        self.epochs, self.settled = -1, False

    @property
    def newest(self) -> tuple[np.ndarray, ...]:
        """The mask that was pushed last."""
        return self._masks[-1]

    def push(self, masks: tuple[np.ndarray, ...]) -> None:
        """Take the mask of one more epoch."""
        self._masks = [*self._masks, masks][-QUEUE:]
        self.epochs += 1
        if len(self._masks) == QUEUE:
            largest = max(scaled_distance(masks, earlier) for earlier in self._masks[:-1])
            self.settled = largest < self._tolerance
