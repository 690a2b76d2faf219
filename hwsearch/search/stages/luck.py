"""The luck of trainings: how much those of one recipe differ, and how well a mean of them is known."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import stdtrit

from hwsearch.measure.accuracy import CONFIDENCE
from hwsearch.predict.surrogate import OFFSET
from hwsearch.search.stages.runner import Runner

_FACTOR = 0.5  # of the variance that samples drawn at random would give: what is expected beforehand
_LUCK = 0.12  # in y, near the dense network: 95 % intervals hold in replay, where it is 0.08 to 0.18
EXPECTED = 4
"""How many repeated trainings that expectation is worth."""


def loss_sds(runners: Sequence[Runner], dense_score: float, n_val: int) -> np.ndarray:
    """Return the standard deviation [R] of one loss of each recipe, from what the trainings of all tell.

    Args:
        runners: The recipes.
        dense_score: Mean of the dense network's scores.
        n_val: Validation samples of a split.
    """
    spread = _spread([r.score for r in runners], dense_score, n_val)
    return pooled_sds([r.losses for r in runners], spread)


def training_sds(runners: Sequence[Runner], dense_score: float, n_val: int) -> tuple[np.ndarray, float]:
    """Return the standard deviations of one loss that come of the recipe's training [R], and of the dense network's.

    The dense network's are the same in the losses of all recipes.
    """
    spread = _spread([r.score for r in runners], dense_score, n_val)
    factor = _pooled_factor([r.losses for r in runners], spread)
    own = np.array([variance(min(1.0, max(0.0, r.score)), n_val) for r in runners])
    return np.sqrt(factor * own), math.sqrt(factor * variance(dense_score, n_val))


def _spread(scores: Sequence[float], dense_score: float, n_val: int) -> np.ndarray:
    """Return the variance [R] of one loss of recipes with these scores if samples were drawn at random."""
    return np.array([variance(score, n_val) + variance(dense_score, n_val) for score in scores])


def score_halves(runners: Sequence[Runner], dense_score: float, n_val: int, dense_begun: int) -> np.ndarray:
    """Return [R] half the width of the 95 % interval of each recipe's score, in the mean over splits and seeds.

    Args:
        runners: The recipes.
        dense_score: Mean of the dense network's scores.
        n_val: Validation samples of a split.
        dense_begun: How often the dense network was trained.
    """
    repeated = EXPECTED + sum(len(r.losses) - 1 for r in runners)
    n = np.array([len(r.losses) for r in runners])
    of_dense = variance(dense_score, n_val) / dense_begun
    own = loss_sds(runners, dense_score, n_val) ** 2 + luck([r.score for r in runners], dense_score) ** 2
    return np.asarray(float(stdtrit(repeated, 0.5 + CONFIDENCE / 2)) * np.sqrt(own / n + of_dense))


def luck(scores: Sequence[float], dense_score: float) -> np.ndarray:
    """Return [R] the standard deviation that a training's luck adds to the score of a recipe.

    Only good recipes are trained again and again, and what their trainings tell says too little of poor ones: in
    y = -log(error + 0.01) trainings of one recipe differ by about as much near the dense network and by up to twice as
    much far from it (replicates of the tabular benchmark).

    Args:
        scores: What the recipes reach.
        dense_score: Mean of the dense network's scores.
    """
    error = np.maximum(1.0 - np.array(scores, float), 0.0) + OFFSET
    farther = np.log(error / (max(0.0, 1.0 - dense_score) + OFFSET))
    return np.asarray(_LUCK * np.clip(1.0 + farther, 1.0, 2.0) * error)


def pooled_sds(repeated: Sequence[Sequence[float]], spread: np.ndarray) -> np.ndarray:
    """Return the standard deviation [R] of one value of each group: what chance alone would give, times one factor.

    Args:
        repeated: Values of each group, one a training.
        spread: [R] variances that samples drawn at random would give.
    """
    return np.asarray(np.sqrt(_pooled_factor(repeated, spread) * spread))


def _pooled_factor(repeated: Sequence[Sequence[float]], spread: np.ndarray) -> float:
    """Return how much more the values of one group vary than chance alone would give; see `pooled_sds`."""
    squares = [float(np.sum((np.array(group) - np.mean(group)) ** 2)) for group in repeated]
    known = sum(len(group) - 1 for group in repeated)
    return (EXPECTED * _FACTOR + float(np.sum(np.array(squares) / spread))) / (EXPECTED + known)


def variance(score: float, n: int) -> float:
    """Return the variance of a share of n samples (Laplace's estimate: none is certain)."""
    share = (score * n + 1) / (n + 2)
    return share * (1 - share) / n
