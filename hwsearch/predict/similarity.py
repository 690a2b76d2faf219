"""Ticket similarity: the probability that two networks give the same prediction, predicted without running them.

Three estimators predict it from what was measured once of the dense network: probe and add (E3), the gradients of its
margins (E2) and the spikes that would flip (E1). All three leave out what layers do to each other. It is learned
from joint candidates that are run once, without training: logit of the agreement is a line in the estimator's logit
plus a Gaussian process over the knobs and that logit, the one that `surrogate` describes. The bound of the theorem
itself (Yao et al. 2023, theorem 3.5) is no probability at any size that occurs, and is not used. Not a judgement of
accuracy: `surrogate` makes that of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import expit, logit

from hwsearch.predict.joint import Joint, knobs_of
from hwsearch.predict.process import Inputs
from hwsearch.predict.surrogate import Surrogate, fit_values

_CLIP = 1e-2
_SCALE_A, _SCALE_Y = 2.5, 2.0  # logits to scales of about 1


class Estimator(Protocol):
    """What predicts agreement from quantities of single layers."""

    @property
    def granularities(self) -> tuple[str, ...]:
        """Those that it can tell of, in order."""

    @property
    def eval_steps(self) -> int:
        """Samples times timesteps pushed forward to make it; a step backward counts as two."""

    def expected(self, joint: Joint) -> np.ndarray:
        """Return [N] probabilities to predict what the dense network predicts, not calibrated."""

    def alike(self, first: Joint, second: Joint) -> np.ndarray:
        """Return [N] probabilities that two candidates predict the same, pair by pair, not calibrated."""


@dataclass(frozen=True, eq=False)
class Similarity:
    """An estimator that was calibrated on measured agreements.

    Attributes:
        estimator: What it starts from.
        eval_steps: Samples times timesteps pushed forward for it and for calibrating it.
        process: Of measured agreements.
    """

    estimator: Estimator
    eval_steps: int
    process: Surrogate

    def agreement(self, joint: Joint) -> np.ndarray:
        """Return [N] probabilities to predict what the dense network predicts."""
        inputs = _inputs(self.estimator, joint)
        return np.asarray(expit(_SCALE_Y * self.process.mean(inputs)))

    def alike(self, first: Joint, second: Joint) -> np.ndarray:
        """Return [N] probabilities that two candidates predict the same, pair by pair, as the estimator has them."""
        return self.estimator.alike(first, second)


def calibrated(estimator: Estimator, joint: Joint, measured: np.ndarray, eval_steps: int) -> Similarity:
    """Return an estimator that is calibrated on measured agreements.

    Args:
        estimator: What to calibrate.
        joint: Candidates that were run once, without training.
        measured: [N] their agreements with the dense network.
        eval_steps: What measuring them cost.
    """
    process = fit_values(_inputs(estimator, joint), logit(_clipped(measured)) / _SCALE_Y)
    return Similarity(estimator, estimator.eval_steps + eval_steps, process)


def _inputs(estimator: Estimator, joint: Joint) -> Inputs:
    """Return candidates as the process sees them."""
    knobs, groups = knobs_of(joint, estimator.granularities)
    line = logit(_clipped(estimator.expected(joint).astype(float)))[:, None] / _SCALE_A
    return Inputs(
        np.concatenate([knobs, line], axis=1), np.append(groups, 3), line, np.zeros((len(joint), 0))
    )


def _clipped(probability: np.ndarray) -> np.ndarray:
    clipped: np.ndarray = np.clip(probability, _CLIP, 1 - _CLIP)
    return clipped
