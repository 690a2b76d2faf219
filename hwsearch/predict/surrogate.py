"""The surrogate: what accuracy a candidate would reach, and how sure that is, from what was trained so far.

A Gaussian process over candidates and rungs, of y = -log(error + 0.01)::

    y(x, r) = h(x, r) beta  +  g(x)  +  (1 - f_r) d(x)  +  noise
    h = 1, the rung, and what is known without training: logit of ticket similarity, log of the kept bits
    g, d: zero-mean processes over the knobs, Matern 5/2, one length a group of knobs
    f_r: share of the rungs that are done (1: trained in full)

beta has a wide normal prior, so similarity is a prior mean that data can outvote: with few trainings the line rules, with
many g does. Early rungs are cheaper observations of the same g. Hyper-parameters are the posterior's mode (log-normal
priors), refitted as trials finish. Fewer than two observations: the prior.

Source: Rasmussen and Williams 2006, eq. 2.23 to 2.26 and 2.39 to 2.41 (explicit basis functions); the shape over rungs
follows Wu et al. 2020 (practical multi-fidelity Bayesian optimisation), without their exponent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor

_OFFSET, _BASIS_SD, _JITTER, _ITERATIONS = 0.01, 2.0, 1e-6, 40
_PRIOR_SD = 0.8
# log-normal priors: amplitude of g, of d, noise; lengths have prior mean 0 (in standardised knobs)
_AMPLITUDES = {"g": 0.5, "d": 0.5, "noise": 0.15}


@dataclass(frozen=True, eq=False)
class Inputs:
    """Candidates as the surrogate sees them.

    Attributes:
        knobs: [N, D] standardised knobs (log kept fraction and log bits of each layer, granularity, timesteps).
        groups: [D] group of each knob; a group shares its length.
        basis: [N, P] what is known without training (similarity, kept bits), standardised.
    """

    knobs: np.ndarray
    groups: np.ndarray
    basis: np.ndarray

    def __len__(self) -> int:
        return len(self.knobs)

    def __getitem__(self, rows: np.ndarray | slice) -> Inputs:
        return Inputs(self.knobs[rows], self.groups, self.basis[rows])


@dataclass(frozen=True, eq=False)
class Surrogate:
    """A fitted process.

    Attributes:
        inputs, done, y: What it was fitted on: candidates, share of the rungs done, transformed accuracy.
        lengths, amplitude, deviation, noise: Hyper-parameters.
    """

    inputs: Inputs
    done: np.ndarray
    y: np.ndarray
    lengths: np.ndarray
    amplitude: float
    deviation: float
    noise: float

    def predict(self, inputs: Inputs, done: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and standard deviation [N] of y after a share of the rungs (1: trained in full)."""
        k = self._kernel
        own = np.full(len(inputs), done)
        gram = k(self.inputs, self.done, self.inputs, self.done)
        gram[np.diag_indices(len(gram))] += self.noise**2 + _JITTER
        cross = k(inputs, own, self.inputs, self.done)
        factor = np.linalg.cholesky(gram)
        centre = self.y.mean() if len(self.y) else 0.0
        half = np.linalg.solve(factor, cross.T)
        mean = centre + half.T @ np.linalg.solve(factor, self.y - centre)
        variance = self._own_variance(inputs, own) - (half**2).sum(0)
        return mean, np.sqrt(np.maximum(variance, 1e-10))

    def _kernel(self, a: Inputs, done_a: np.ndarray, b: Inputs, done_b: np.ndarray) -> np.ndarray:
        hyper = torch.tensor(np.log([self.amplitude, self.deviation, self.noise, *self.lengths]))
        parts = (torch.as_tensor(v) for v in (a.knobs, _basis(a, done_a), done_a, b.knobs, _basis(b, done_b), done_b))
        return np.asarray(_gram(hyper, torch.as_tensor(a.groups), *parts).numpy())

    def _own_variance(self, inputs: Inputs, done: np.ndarray) -> np.ndarray:
        basis = _basis(inputs, done)
        own = (basis**2).sum(1) * _BASIS_SD**2 + self.amplitude**2 + (1 - done) ** 2 * self.deviation**2
        return np.asarray(own)


def fit(inputs: Inputs, done: np.ndarray, accuracy: np.ndarray) -> Surrogate:
    """Return the surrogate of observations.

    Args:
        inputs: The candidates that were trained, one row an observation.
        done: [N] share of the rungs done at each.
        accuracy: [N] measured.
    """
    y, groups = transform(accuracy), inputs.groups
    n_lengths = int(groups.max()) + 1
    start = np.log([*_AMPLITUDES.values(), *np.full(n_lengths, 1.5)])
    centre = start.copy()
    parts = [torch.as_tensor(v) for v in (inputs.knobs, _basis(inputs, done), done)]
    target, kinds = torch.as_tensor(y - (y.mean() if len(y) else 0.0)), torch.as_tensor(groups)

    def loss(values: np.ndarray) -> tuple[float, np.ndarray]:
        hyper = torch.tensor(values, requires_grad=True)
        gram = _gram(hyper, kinds, *parts, *parts)
        gram = gram + torch.eye(len(y)) * (torch.exp(2 * hyper[2]) + _JITTER)
        factor, failed = torch.linalg.cholesky_ex(gram)
        if int(failed):
            return 1e10, np.zeros_like(values)
        half = torch.linalg.solve_triangular(factor, target[:, None], upper=False)
        prior = ((hyper - torch.as_tensor(centre)) ** 2).sum() / (2 * _PRIOR_SD**2)
        total = 0.5 * (half**2).sum() + torch.log(torch.diagonal(factor)).sum() + prior
        total.backward()  # type: ignore[no-untyped-call]
        assert hyper.grad is not None
        return float(total.detach()), hyper.grad.numpy().copy()

    if len(y) >= 2:
        start = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _ITERATIONS}).x
    amplitude, deviation, noise, *lengths = np.exp(start)
    return Surrogate(inputs, done, y, np.array(lengths), float(amplitude), float(deviation), float(noise))


def transform(accuracy: np.ndarray) -> np.ndarray:
    """Return y = -log(error + 0.01): differences among good candidates count as much as among poor ones."""
    return np.asarray(-np.log(1.0 - np.asarray(accuracy) + _OFFSET))


def error_of(y: np.ndarray) -> np.ndarray:
    """Return the error of y, the inverse of ``transform``, at least 0."""
    return np.asarray(np.maximum(np.exp(-y) - _OFFSET, 0.0))


def _basis(inputs: Inputs, done: np.ndarray) -> np.ndarray:
    """Return [N, P + 1]: what is known without training, and the share of the rungs (the intercept is the mean)."""
    return np.concatenate([inputs.basis, (done - 1.0)[:, None]], axis=1)


def _gram(
    hyper: Tensor,
    groups: Tensor,
    knobs_a: Tensor,
    basis_a: Tensor,
    done_a: Tensor,
    knobs_b: Tensor,
    basis_b: Tensor,
    done_b: Tensor,
) -> Tensor:
    """Return the prior covariance [A, B]; hyper: logs of amplitude, deviation, noise and lengths."""
    amplitude, deviation, _, *_ = torch.exp(hyper[:3])
    scale = torch.exp(-hyper[3:])[groups]
    near = _matern(knobs_a * scale, knobs_b * scale)
    late = torch.outer(1 - done_a, 1 - done_b)
    basis: Tensor = basis_a @ basis_b.T
    return _BASIS_SD**2 * basis + (amplitude**2 + deviation**2 * late) * near


def _matern(a: Tensor, b: Tensor) -> Tensor:
    """Return Matern 5/2 of scaled inputs: [A, B]."""
    squared = (a[:, None, :] - b[None, :, :]).pow(2).sum(2)
    distance = torch.sqrt(5.0 * squared + 1e-12)
    return (1 + distance + distance**2 / 3) * torch.exp(-distance)
