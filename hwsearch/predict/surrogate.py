"""The surrogate: what accuracy a candidate would reach, and how sure that is, from what was trained so far.

A Gaussian process over candidates x and rungs r (how long they were trained), of y = -log(error + 0.01)::

    y(x, r) = mean_r + a_r / a_1 h(x) beta + a_r g(x) + own_r(x) + luck(x) + noise_r        r = 1 .. R
    h: what is known without training (logit of ticket similarity, log of the stored bytes)
    g: a zero-mean process over the knobs, Matern 5/2, one length a group of knobs; own_r: likewise, of each rung alone
    luck: of one training, the same at all its rungs; mean_r: the first rung's mean and what each further one adds

beta has a normal prior, so similarity is a prior mean that data can outvote: with few trainings the line rules, with
many g does. An early rung is a cheaper, noisier observation of the same thing; a rung that nobody has reached yet is
expected to tell candidates apart as the one before it does (a_r / a_r-1 is near 1: left to itself it would be whatever
suits the other rungs). What is predicted is a candidate's mean over trainings at the last rung, or what one training
that has begun will reach. Hyper-parameters are the posterior's mode under log-normal priors, found anew as trials
finish. With one rung own, luck and mean_r drop out. `similarity` settles itself with the same process, of another y.

Source: Rasmussen and Williams 2006, eq. 2.23 to 2.26, 2.39 to 2.41 (basis functions with a normal prior) and 5.8;
Kennedy and O'Hagan 2000, eq. 1 (cheaper codes of one thing, scaled).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor

OFFSET = 0.01
"""Added to errors before their logarithm is taken."""
_BASIS_SD, _JITTER, _ITERATIONS = 0.5, 1e-6, 40
_PRIOR_SD, _RATIO_SD = 0.8, 0.2  # of the logarithms of hyper-parameters, and of ratios between rungs
# medians of the log-normal priors: amplitude of g, noise, lengths (of knobs that span about 1 to 2), own, luck
_AMPLITUDE, _NOISE, _LENGTH, _OWN, _LUCK = 0.5, 0.15, 4.5, 0.2, 0.08
_STEP, _STEP_SD = 0.3, 0.4  # what a rung adds to y, before any was seen: mean and standard deviation
NOBODY = -1
"""Stands for a training that has not begun."""
_CHUNK = 1024  # candidates at a time: their covariances stay in the cache


@dataclass(frozen=True, eq=False)
class Inputs:
    """Candidates as the surrogate sees them.

    Attributes:
        knobs: [N, D] knobs on scales of about 1.
        groups: [D] group of each knob; a group shares its length.
        basis: [N, P] what is known without training, on scales of about 1.
        rung: [N] after which rung; None: all after the last.
        training: [N] number of the training that this is a point of, or NOBODY; None: NOBODY.
    """

    knobs: np.ndarray
    groups: np.ndarray
    basis: np.ndarray
    rung: np.ndarray | None = None
    training: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.knobs)


@dataclass(frozen=True, eq=False)
class Surrogate:
    """A fitted process.

    Attributes:
        inputs, y: What it was fitted on: candidates and their values [N].
        hyper: Logs of the first rung's amplitude, of each further one's ratio to the one before, of noise (a rung) and
            of lengths; with more than one rung also of own and luck.
        rungs: How many there are.
    """

    inputs: Inputs
    y: np.ndarray
    hyper: np.ndarray
    rungs: int = 1

    @property
    def noise(self) -> float:
        """Standard deviation of y between trainings of one candidate, at the last rung."""
        luck = np.exp(2 * self.hyper[-1]) if self.rungs > 1 else 0.0
        return float(np.sqrt(np.exp(2 * self.hyper[2 * self.rungs - 1]) + luck))

    def predict(self, inputs: Inputs) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and standard deviation [N] of y, without the noise of a training that has not begun."""
        half = np.linalg.solve(self._factor, self._covariance(self.inputs, inputs))
        centre, shifted = self._centred
        mean = centre + _STEP * _rungs(inputs, self.rungs) + half.T @ np.linalg.solve(self._factor, shifted)
        return mean, np.sqrt(np.maximum(self._prior(inputs) - (half**2).sum(0), 1e-10))

    @cached_property
    def _factor(self) -> np.ndarray:
        gram = self._covariance(self.inputs, self.inputs)
        noises = np.exp(2 * self.hyper[self.rungs : 2 * self.rungs])[_rungs(self.inputs, self.rungs)]
        gram[np.diag_indices(len(gram))] += noises + _JITTER
        return np.linalg.cholesky(gram)

    @property
    def _centred(self) -> tuple[float, np.ndarray]:
        return _centred(self.inputs, self.y, self.rungs)

    def _prior(self, inputs: Inputs) -> np.ndarray:
        """Return the prior variance [N]."""
        amplitude, which = np.exp(2 * np.cumsum(self.hyper[: self.rungs])), _rungs(inputs, self.rungs)
        line = _BASIS_SD**2 * (inputs.basis**2).sum(1)
        if self.rungs == 1:
            return np.asarray(line + amplitude[0])
        begun = 0.0 if inputs.training is None else inputs.training != NOBODY
        share = amplitude[which] / amplitude[0]
        own, luck = np.exp(2 * self.hyper[-2:])
        return np.asarray(share * line + amplitude[which] + own + _STEP_SD**2 * which + luck * begun)

    def mean(self, inputs: Inputs) -> np.ndarray:
        """Return the mean [N] of y alone after the last rung: for many candidates."""
        centre, shifted = self._centred
        half = np.linalg.solve(self._factor, shifted)
        weights = np.linalg.solve(self._factor.T, half)
        parts = [
            self._covariance(
                Inputs(inputs.knobs[i : i + _CHUNK], inputs.groups, inputs.basis[i : i + _CHUNK]), self.inputs
            )
            @ weights
            for i in range(0, len(inputs), _CHUNK)
        ]
        return np.asarray(centre + _STEP * (self.rungs - 1) + np.concatenate(parts))

    def _covariance(self, a: Inputs, b: Inputs) -> np.ndarray:
        return np.asarray(_covariance(torch.tensor(self.hyper), a, b, self.rungs).numpy())


def fit(inputs: Inputs, accuracy: np.ndarray, rungs: int = 1) -> Surrogate:
    """Return the surrogate of trained candidates.

    Args:
        inputs: The candidates.
        accuracy: [N] measured accuracies.
        rungs: How many there are.

    Raises:
        ValueError: There are fewer than two, or an accuracy lies outside 0 to 1.
    """
    if len(inputs) < 2 or len(inputs) != len(accuracy):
        raise ValueError(
            f"two candidates and their accuracies are needed; got {len(inputs)}, {len(accuracy)}"
        )
    if not ((accuracy >= 0) & (accuracy <= 1)).all():
        raise ValueError(f"accuracies must lie in 0..1; got {accuracy[~((accuracy >= 0) & (accuracy <= 1))]}")
    return fit_values(inputs, transform(accuracy), rungs)


def fit_values(inputs: Inputs, y: np.ndarray, rungs: int = 1) -> Surrogate:
    """Return the process of values y [N] of candidates, on a scale of about 1."""
    more = [_OWN, _LUCK] if rungs > 1 else []
    lengths = np.full(int(inputs.groups.max()) + 1, _LENGTH)
    start = np.log([_AMPLITUDE, *np.ones(rungs - 1), *np.full(rungs, _NOISE), *lengths, *more])
    spread = torch.full((len(start),), _PRIOR_SD, dtype=torch.float64)
    spread[1:rungs] = _RATIO_SD
    target, prior = torch.as_tensor(_centred(inputs, y, rungs)[1]), torch.as_tensor(start)
    which = torch.as_tensor(_rungs(inputs, rungs))

    def loss(values: np.ndarray) -> tuple[float, np.ndarray]:
        hyper = torch.tensor(values, requires_grad=True)
        noises = torch.exp(2 * hyper[rungs : 2 * rungs])[which]
        gram = _covariance(hyper, inputs, inputs, rungs) + torch.diag(noises + _JITTER)
        factor, failed = torch.linalg.cholesky_ex(gram)
        if int(failed):
            return 1e10, np.zeros_like(values)  # a step of the line search that went too far
        half = torch.linalg.solve_triangular(factor, target[:, None], upper=False)
        evidence = 0.5 * (half**2).sum() + torch.log(torch.diagonal(factor)).sum()
        total = evidence + (((hyper - prior) / spread) ** 2).sum() / 2
        (slope,) = torch.autograd.grad(total, hyper)
        return float(total.detach()), slope.numpy()

    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _ITERATIONS})
    return Surrogate(inputs, y, found.x, rungs)


def transform(accuracy: np.ndarray) -> np.ndarray:
    """Return y = -log(error + 0.01): differences among good candidates count as much as among poor ones."""
    return np.asarray(-np.log(1.0 - np.asarray(accuracy) + OFFSET))


def accuracy_of(y: np.ndarray) -> np.ndarray:
    """Return the accuracy of y, the inverse of ``transform``, at most 1."""
    return np.asarray(np.minimum(1.0 + OFFSET - np.exp(-y), 1.0))


def _rungs(inputs: Inputs, rungs: int) -> np.ndarray:
    return np.full(len(inputs), rungs - 1) if inputs.rung is None else inputs.rung


def _centred(inputs: Inputs, y: np.ndarray, rungs: int) -> tuple[float, np.ndarray]:
    """Return the first rung's mean of y, and y without it and what rungs are expected to add.

    Candidates that reach late rungs were chosen for it: means of these would be those of the good ones.
    """
    steps = _STEP * _rungs(inputs, rungs)
    first = _rungs(inputs, rungs) == _rungs(inputs, rungs).min()
    centre = float((y - steps)[first].mean())
    return centre, y - steps - centre


def _covariance(hyper: Tensor, a: Inputs, b: Inputs, rungs: int) -> Tensor:
    """Return the prior covariance [A, B] of candidates; hyper: see ``Surrogate``."""
    n_groups = int(a.groups.max()) + 1
    scale = torch.exp(-hyper[2 * rungs : 2 * rungs + n_groups])[torch.as_tensor(a.groups)]
    ends = torch.as_tensor(a.knobs) * scale, torch.as_tensor(b.knobs) * scale
    distance = 5.0**0.5 * torch.cdist(*ends, compute_mode="donot_use_mm_for_euclid_dist")
    near = (1 + distance + distance**2 / 3) * torch.exp(-distance)
    line = _BASIS_SD**2 * torch.as_tensor(a.basis) @ torch.as_tensor(b.basis).T
    amplitude = torch.exp(torch.cumsum(hyper[:rungs], 0))
    if rungs == 1:
        alone: Tensor = line + amplitude**2 * near
        return alone
    mine, others = torch.as_tensor(_rungs(a, rungs))[:, None], torch.as_tensor(_rungs(b, rungs))[None, :]
    both, own, luck = amplitude[mine] * amplitude[others], hyper[-2], hyper[-1]
    smooth = both / amplitude[0] ** 2 * line + (both + torch.exp(2 * own) * (mine == others)) * near
    total: Tensor = smooth + _STEP_SD**2 * torch.minimum(mine, others) + torch.exp(2 * luck) * _same(a, b)
    return total


def _same(a: Inputs, b: Inputs) -> Tensor:
    """Return [A, B]: 1 where two points are of one training."""
    if a.training is None or b.training is None:
        return torch.zeros(len(a), len(b), dtype=torch.float64)
    mine, others = torch.as_tensor(a.training)[:, None], torch.as_tensor(b.training)[None, :]
    same: Tensor = ((mine == others) & (mine != NOBODY)).double()
    return same
