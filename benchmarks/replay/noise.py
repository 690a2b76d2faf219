"""How far single trainings of one candidate lie apart in the table, by its accuracy and over the rungs.

A training's y (see `response`) is its candidate's plus sd(accuracy) z, with z of unit variance and correlated over the
rungs: sd is a line through bins of replicates (of the rungs at full T), the correlation that of their standardised
residuals. The y of a training is drawn sd**2 / 2 higher, so that the mean of its error 1.01 - accuracy is the
candidate's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.replay.response import EARLY_RUNGS, RUNGS, accuracy_of, y_of

BINS = 10


@dataclass(frozen=True, eq=False)
class Noise:
    """Measured noise of one training.

    Attributes:
        y: [bins] y of the candidates' means.
        sd: [bins] standard deviation of a training's y there.
        factor: [rungs, rungs] Cholesky factor of the correlation.
    """

    y: np.ndarray
    sd: np.ndarray
    factor: np.ndarray

    def sd_at(self, accuracy: np.ndarray) -> np.ndarray:
        """Return the standard deviation of y of trainings of candidates with these accuracies."""
        own: np.ndarray = np.interp(y_of(accuracy), self.y, self.sd)
        return own

    def margin(self, accuracy: float) -> float:
        """Return the standard deviation of the accuracy of trainings of a candidate with this accuracy."""
        return float(self.sd_at(np.array(accuracy)) * (1.01 - accuracy))

    def draw(self, accuracy: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return what one training measures at the rungs: [rungs].

        Args:
            accuracy: [rungs] of its candidate.
            rng: One a training.
        """
        sd = self.sd_at(accuracy)
        return accuracy_of(y_of(accuracy) + sd * (self.factor @ rng.standard_normal(len(sd))) + sd**2 / 2)


def measure_noise(table: pd.DataFrame) -> Noise:
    """Measure the noise on all candidates that were trained with several seeds."""
    cell = table["key"].str.rpartition("-")[0]
    repeats = cell.map(cell.value_counts())
    own = table.loc[repeats > 1, [*RUNGS, *EARLY_RUNGS]]
    n = repeats[own.index].to_numpy()[:, None]
    centre = y_of(own.groupby(cell).transform("mean").to_numpy())
    y_own = own.transform(y_of)
    residual = (y_own - y_own.groupby(cell).transform("mean")).to_numpy() * np.sqrt(n / (n - 1))
    centres, residuals = centre[:, : len(RUNGS)], residual[:, : len(RUNGS)]
    bins = np.array_split(np.argsort(centres, axis=None), BINS)
    y = np.array([centres.flat[own].mean() for own in bins])
    sd = np.array([np.sqrt((residuals.flat[own] ** 2).mean()) for own in bins])
    return Noise(y, sd, np.linalg.cholesky(np.corrcoef((residual / np.interp(centre, y, sd)).T)))
