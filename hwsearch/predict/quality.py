"""How well a similarity estimator predicts what compressed networks do, measured on candidates and inputs held out.

Not for the calibration itself: `search.stages.calibration`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hwsearch.predict.similarity import Similarity

_POOR_SPEARMAN = 0.7


@dataclass(frozen=True)
class Quality:
    """How well similarity predicted the agreement of candidates and inputs that it was not calibrated on.

    Attributes:
        n: Candidates.
        spearman, mae: Of predicted against measured agreements.
        brier: Mean squared difference of the prediction and each input's agreement (0 or 1).
        ece: Expected calibration error, bins of equal size.
    """

    n: int
    spearman: float
    mae: float
    brier: float
    ece: float

    @property
    def poor(self) -> bool:
        """Whether it is left out of the surrogate."""
        return self.spearman < _POOR_SPEARMAN


@dataclass(frozen=True, eq=False)
class Calibration:
    """What is needed to predict candidates before they are trained.

    Attributes:
        similarity: The calibrated estimator.
        quality: How good it is here.
        eval_steps: Samples times timesteps pushed forward for both.
    """

    similarity: Similarity
    quality: Quality
    eval_steps: int


def average(qualities: Sequence[Quality]) -> Quality:
    """Return the quality of several estimators, each judged on candidates of its own: their number, means of the rest.

    Args:
        qualities: At least one.
    """
    if len(qualities) == 1:
        return qualities[0]
    means = {
        name: float(np.mean([getattr(quality, name) for quality in qualities]))
        for name in ("spearman", "mae", "brier", "ece")
    }
    return Quality(n=sum(quality.n for quality in qualities), **means)


def quality_of(predicted: np.ndarray, agree: np.ndarray) -> Quality:
    """Return the quality of predicted agreements [N] against what each input did [N, B] (booleans)."""
    measured = agree.mean(1)
    bins = np.array_split(np.argsort(predicted, kind="stable"), min(10, len(predicted)))
    gaps = [len(b) * abs(float(predicted[b].mean() - measured[b].mean())) for b in bins]
    constant = np.ptp(predicted) == 0 or np.ptp(measured) == 0
    return Quality(
        n=len(predicted),
        spearman=0.0 if constant else spearman(predicted, measured),
        mae=float(np.abs(predicted - measured).mean()),
        brier=float(((predicted[:, None] - agree) ** 2).mean()),
        ece=sum(gaps) / len(predicted),
    )


def spearman(a: np.ndarray, b: np.ndarray) -> float:
    """Return the rank correlation of two series [N] that are not constant; ties share a rank (Spearman 1904)."""
    ranks = np.column_stack([pd.Series(series).rank() for series in (a, b)])
    return float(np.corrcoef(ranks, rowvar=False)[0, 1])
