"""The surrogate: what accuracy a candidate would reach, and how sure that is, from what was trained so far.

A Gaussian process over candidates, of y = -log(error + 0.01)::

    y(x) = mean + h(x) beta + g(x) + noise
    h: what is known without training (logit of ticket similarity, log of the stored bytes)
    g: a zero-mean process over the knobs, Matern 5/2, one length a group of knobs

beta has a wide normal prior, so similarity is a prior mean that data can outvote: with few trainings the line rules,
with many g does. Hyper-parameters are the posterior's mode under log-normal priors, found anew as trials finish.
`similarity` settles itself with the same process, of another y.

Source: Rasmussen and Williams 2006, eq. 2.23 to 2.26, 2.39 to 2.41 (basis functions with a normal prior) and 5.8.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor

_OFFSET, _BASIS_SD, _JITTER, _ITERATIONS, _PRIOR_SD = 0.01, 2.0, 1e-6, 40, 0.8
_CHUNK = 1024  # candidates at a time: their covariances stay in the cache
# medians of the log-normal priors: amplitude of g, noise, lengths (of knobs that span about 1 to 2)
_AMPLITUDE, _NOISE, _LENGTH = 0.5, 0.15, 4.5


@dataclass(frozen=True, eq=False)
class Inputs:
    """Candidates as the surrogate sees them.

    Attributes:
        knobs: [N, D] knobs on scales of about 1.
        groups: [D] group of each knob; a group shares its length.
        basis: [N, P] what is known without training, on scales of about 1.
    """

    knobs: np.ndarray
    groups: np.ndarray
    basis: np.ndarray

    def __len__(self) -> int:
        return len(self.knobs)


@dataclass(frozen=True, eq=False)
class Surrogate:
    """A fitted process.

    Attributes:
        inputs, y: What it was fitted on: candidates and their values [N].
        hyper: Logs of amplitude, noise and lengths.
    """

    inputs: Inputs
    y: np.ndarray
    hyper: np.ndarray

    @property
    def noise(self) -> float:
        """Standard deviation of y between measurements of one candidate."""
        return float(np.exp(self.hyper[1]))

    def predict(self, inputs: Inputs) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and standard deviation [N] of y, without the noise of a measurement."""
        factor = np.linalg.cholesky(self._gram())
        half = np.linalg.solve(factor, self._covariance(self.inputs, inputs))
        centre = self.y.mean()
        mean = centre + half.T @ np.linalg.solve(factor, self.y - centre)
        own = (inputs.basis**2).sum(1) * _BASIS_SD**2 + np.exp(2 * self.hyper[0])
        return mean, np.sqrt(np.maximum(own - (half**2).sum(0), 1e-10))

    def mean(self, inputs: Inputs) -> np.ndarray:
        """Return the mean [N] of y alone: for many candidates."""
        centre = self.y.mean()
        weights = np.linalg.solve(self._gram(), self.y - centre)
        parts = [
            self._covariance(
                Inputs(inputs.knobs[i : i + _CHUNK], inputs.groups, inputs.basis[i : i + _CHUNK]), self.inputs
            )
            @ weights
            for i in range(0, len(inputs), _CHUNK)
        ]
        return np.asarray(centre + np.concatenate(parts))

    def _gram(self) -> np.ndarray:
        gram = self._covariance(self.inputs, self.inputs)
        gram[np.diag_indices(len(gram))] += self.noise**2 + _JITTER
        return gram

    def _covariance(self, a: Inputs, b: Inputs) -> np.ndarray:
        return np.asarray(_covariance(torch.tensor(self.hyper), a, b).numpy())


def fit(inputs: Inputs, accuracy: np.ndarray) -> Surrogate:
    """Return the surrogate of trained candidates.

    Args:
        inputs: The candidates.
        accuracy: [N] measured accuracies.

    Raises:
        ValueError: There are fewer than two, or an accuracy lies outside 0 to 1.
    """
    if len(inputs) < 2 or len(inputs) != len(accuracy):
        raise ValueError(
            f"two candidates and their accuracies are needed; got {len(inputs)}, {len(accuracy)}"
        )
    if not ((accuracy >= 0) & (accuracy <= 1)).all():
        raise ValueError(f"accuracies must lie in 0..1; got {accuracy[~((accuracy >= 0) & (accuracy <= 1))]}")
    return fit_values(inputs, transform(accuracy))


def fit_values(inputs: Inputs, y: np.ndarray) -> Surrogate:
    """Return the process of values y [N] of candidates, on a scale of about 1."""
    centre = np.log([_AMPLITUDE, _NOISE, *np.full(int(inputs.groups.max()) + 1, _LENGTH)])
    target, prior = torch.as_tensor(y - y.mean()), torch.as_tensor(centre)

    def loss(values: np.ndarray) -> tuple[float, np.ndarray]:
        hyper = torch.tensor(values, requires_grad=True)
        gram = _covariance(hyper, inputs, inputs)
        gram = gram + torch.eye(len(y), dtype=gram.dtype) * (torch.exp(2 * hyper[1]) + _JITTER)
        factor, failed = torch.linalg.cholesky_ex(gram)
        if int(failed):
            return 1e10, np.zeros_like(values)  # a step of the line search that went too far
        half = torch.linalg.solve_triangular(factor, target[:, None], upper=False)
        evidence = 0.5 * (half**2).sum() + torch.log(torch.diagonal(factor)).sum()
        total = evidence + ((hyper - prior) ** 2).sum() / (2 * _PRIOR_SD**2)
        (slope,) = torch.autograd.grad(total, hyper)
        return float(total.detach()), slope.numpy()

    found = minimize(loss, centre, jac=True, method="L-BFGS-B", options={"maxiter": _ITERATIONS})
    return Surrogate(inputs, y, found.x)


def transform(accuracy: np.ndarray) -> np.ndarray:
    """Return y = -log(error + 0.01): differences among good candidates count as much as among poor ones."""
    return np.asarray(-np.log(1.0 - np.asarray(accuracy) + _OFFSET))


def accuracy_of(y: np.ndarray) -> np.ndarray:
    """Return the accuracy of y, the inverse of ``transform``, at most 1."""
    return np.asarray(np.minimum(1.0 + _OFFSET - np.exp(-y), 1.0))


def _covariance(hyper: Tensor, a: Inputs, b: Inputs) -> Tensor:
    """Return the prior covariance [A, B] of candidates; hyper: logs of amplitude, noise and lengths."""
    scale = torch.exp(-hyper[2:])[torch.as_tensor(a.groups)]
    ends = torch.as_tensor(a.knobs) * scale, torch.as_tensor(b.knobs) * scale
    distance = 5.0**0.5 * torch.cdist(*ends, compute_mode="donot_use_mm_for_euclid_dist")
    near = (1 + distance + distance**2 / 3) * torch.exp(-distance)
    line = torch.as_tensor(a.basis) @ torch.as_tensor(b.basis).T
    total: Tensor = _BASIS_SD**2 * line + torch.exp(2 * hyper[0]) * near
    return total
