"""Scores of answers: accuracy, balanced accuracy, macro F1, each with its 95 % interval.

With labels a timestep each timestep of a sample is one answer. Not for what a network answers: `answers` counts that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hwsearch.measure.accuracy import CONFIDENCE
from hwsearch.study.laws import Score

if TYPE_CHECKING:  # a report has scores without torch, which networks need
    from hwsearch.measure.answers import Answers

_DRAWS, _SEED = 4000, 0x5C0
_LOST_A_SAMPLE = {"balanced_accuracy": 1, "macro_f1": 3}


def score_of(answers: Answers, score: Score) -> float:
    """Return the score of a network's answers, in 0 .. 1.

    With n_c samples of class c, a_c answers of it, r_c of these right, and C classes::

        accuracy           sum r_c / sum n_c
        balanced accuracy  mean over c of r_c / n_c                     classes with samples
        macro F1           mean over c of 2 r_c / (n_c + a_c)           classes with samples or answers

    Source: Brodersen et al. 2010, ICPR (balanced accuracy); Opitz and Burst 2019, arXiv 1911.03347 (macro F1 as the
    mean of the classes' F1). Both as scikit-learn counts them.
    """
    if score == "accuracy":
        return answers.accuracy
    counts = (np.array(values, float) for values in (answers.samples, answers.answered, answers.right))
    return float(_score(*counts, score=score))


def constant_score(samples: Sequence[int], score: Score) -> float:
    """Return the score of who always answers the largest class.

    Args:
        samples: Of each class.
        score: Which score.
    """
    counts = np.array(samples)
    answered = np.where(np.arange(len(counts)) == counts.argmax(), counts.sum(), 0)
    right = np.minimum(counts, answered)
    return float(_score(counts, answered, right, score=score))


def most_lost(share: float, samples: Sequence[int], score: Score) -> float:
    """Return the most that a score can lose where so large a share of the answers changes.

    All that change may be right answers in the smallest class, of n samples. One of them takes 1 / (C n) from balanced
    accuracy; from macro F1 at most 2 / (C (n + 1)) by its class, and half of that by the class that is answered.

    Args:
        share: Of the answers.
        samples: Of each class.
        score: Which score.
    """
    if score == "accuracy":
        return share
    known = [n for n in samples if n]
    return share * sum(known) * _LOST_A_SAMPLE[score] / (len(known) * min(known))


def score_interval(confusion: np.ndarray, score: Score) -> tuple[float, float]:
    """Return the 95 % interval of a score: quantiles of what it may be, the shares of each class's answers being drawn.

    theta_c ~ Dirichlet(confusion_c + 1/C): so a class of few samples that were all answered right is not taken for one
    that always is. (A bootstrap, and the delta method, would say that it is sure.)

    Args:
        confusion: [C, C] counts, true class by answered class; means over several trainings need not be whole.
        score: Which score.

    Source: Goutte and Gaussier 2005, ECIR, LNCS 3408 (the posterior of an F score, by draws); prior of Perks 1947.
    """
    counts = np.asarray(confusion, float)
    classes, samples = len(counts), counts.sum(1)
    rng = np.random.default_rng(_SEED)
    answered, right = np.zeros((_DRAWS, classes)), np.zeros((_DRAWS, classes))
    for label in np.flatnonzero(samples):
        drawn = samples[label] * rng.dirichlet(counts[label] + 1 / classes, _DRAWS)
        answered += drawn
        right[:, label] = drawn[:, label]
    counted = _counted(samples, counts.sum(0), score)
    drawn_scores = _score(samples, answered, right, score=score, counted=counted)
    reached = float(_score(samples, counts.sum(0), counts.diagonal(), score=score))
    low, high = np.quantile(drawn_scores, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return min(float(low), reached), max(float(high), reached)


def _counted(samples: np.ndarray, answered: np.ndarray, score: Score) -> np.ndarray:
    """Return which classes count: [C]."""
    return samples > 0 if score == "balanced_accuracy" else (samples > 0) | (answered > 0)


def _score(
    samples: np.ndarray,
    answered: np.ndarray,
    right: np.ndarray,
    *,
    score: Score,
    counted: np.ndarray | None = None,
) -> np.ndarray:
    """Return scores [...] of counts [..., C]; counted: the classes that count, by default those that must."""
    if score == "accuracy":
        return np.asarray(right.sum(-1) / samples.sum(-1))
    keep = _counted(samples, answered, score) if counted is None else counted
    samples, answered, right = samples[..., keep], answered[..., keep], right[..., keep]
    if score == "balanced_accuracy":
        return np.asarray((right / samples).mean(-1))
    return np.asarray((2 * right / (samples + answered)).mean(-1))
