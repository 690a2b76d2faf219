"""The surrogate: what accuracy a candidate would reach, and how sure that is, from what was trained so far.

A Gaussian process over candidates x and rungs r (how long they were trained), of y = -log(error + 0.01)::

    y(x, r) = mean_r + a_r / a_1 h(x) + a_r g(x) + rung_r(x) + luck(x) + noise_r(y)        r = 1 .. R
    h: what is known without training (a curve of the logit of ticket similarity, a line in the log of the stored bytes)
    g: a zero-mean process over the knobs, Matern 5/2, one length a group of knobs; rung_r: likewise, of each rung alone
    luck: of one training, the same at all its rungs; mean_r: the first rung's mean and what each further one adds

The weights of h are found with the others, so similarity is a prior mean that data can outvote: with few trainings h
rules, with many g does. An early rung is a cheaper, noisier observation of the same thing; a rung that no training has
reached yet is expected to tell candidates apart as the one before it does (a_r / a_r-1 is near 1: without a prior it
would be whatever suits the other rungs). Networks that are good differ less from training to training than poor ones:
noise grows with the distance from a rung's best. What is predicted is a candidate's mean over trainings at the last
rung, or what one training that has begun will reach. Hyper-parameters are the posterior's mode under log-normal priors.
With one rung rung_r, luck and mean_r drop out. `similarity` is calibrated with the same process, of another y.
Of many points a bounded number is in the process (`representatives`), and with those all of the trainings asked about.

Source: Rasmussen and Williams 2006, eq. 2.23 to 2.26 and 5.8; Kennedy and O'Hagan 2000, eq. 1 (cheaper codes of one
thing, scaled).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.linalg import LinAlgError, cho_solve, cholesky, lapack, solve_triangular
from scipy.optimize import minimize
from scipy.special import ndtr

from hwsearch.predict.process import NOT_BEGUN, Covariance, Inputs, Layout, prior_variance
from hwsearch.predict.representatives import representatives

OFFSET = 0.01
"""Added to errors before their logarithm is taken."""
_JITTER, _ITERATIONS = 1e-6, 40
# points that hyper-parameters are found from, and that are in the process
_MOST_FITTED, _MOST_LEARNED = 256, 1024
_PRIOR_SD, _RATIO_SD = 0.8, 0.2  # of the logarithms of hyper-parameters, and of ratios between rungs
# medians of the log-normal priors: amplitude of g, noise, lengths (knobs span about 1 to 2), weights of h, rung, luck
_AMPLITUDE, _NOISE, _LENGTH, _KNOWN, _RUNG, _LUCK = 0.5, 0.15, 4.5, 0.3, 0.2, 0.08
_STEP = 0.3  # what a rung adds to y, before any was seen
_SPREADS, _MOST_SPREAD, _GOOD = 0.5, 3.0, 0.9  # how noise grows with y below its 0.9 quantile at a rung
_CHUNK = 1024  # candidates at a time: their covariances stay in the cache
_BEGUN = 256  # trainings at a time whose points are in the process with the representatives


@dataclass(frozen=True, eq=False)
class Surrogate:
    """A fitted process.

    Attributes:
        inputs, y: What is known: candidates and their values [N].
        spread: [N] factor of each one's noise.
        rows: [M] of these are in the process.
        hyper: Logarithms (`process.Layout`).
        rungs: How many there are.
    """

    inputs: Inputs
    y: np.ndarray
    spread: np.ndarray
    rows: np.ndarray
    hyper: np.ndarray
    rungs: int = 1

    @property
    def noise(self) -> float:
        """Standard deviation of y between trainings of one good candidate, at the last rung."""
        luck = np.exp(2 * self.hyper[-1]) if self.rungs > 1 else 0.0
        return float(np.sqrt(np.exp(2 * self.hyper[2 * self.rungs - 1]) + luck))

    def predict(self, inputs: Inputs) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and standard deviation [N] of y, without the noise of a training that has not begun."""
        parts = [inputs[slice(i, i + _BEGUN)] for i in range(0, max(len(inputs), 1), _BEGUN)]
        means, deviations = zip(*(self.with_trainings_of(part)._predict(part) for part in parts), strict=True)
        return np.concatenate(means), np.concatenate(deviations)

    def _predict(self, inputs: Inputs) -> tuple[np.ndarray, np.ndarray]:
        across = self._across(inputs)
        half = solve_triangular(self._factor, across, lower=True)
        variance = prior_variance(self._layout, self.hyper, inputs) - (half**2).sum(0)
        return self._mean(inputs, across), np.sqrt(np.maximum(variance, 1e-10))

    def mean(self, inputs: Inputs) -> np.ndarray:
        """Return the mean [N] of y alone: for many candidates."""
        parts = [inputs[slice(i, i + _CHUNK)] for i in range(0, len(inputs), _CHUNK)]
        return np.concatenate([self._mean(part, self._across(part)) for part in parts])

    def draws(self, inputs: Inputs, count: int, rng: np.random.Generator) -> np.ndarray:
        """Return [count, N]: what candidates may be together, drawn from what is believed of them."""
        mean, believed = self.believed(inputs)
        believed[np.diag_indices(len(believed))] += 1e-6
        factor = cholesky(believed, lower=True)
        return mean + rng.standard_normal((count, len(inputs))) @ factor.T

    def believed(self, inputs: Inputs) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean [N] of y and its covariance [N, N]: what is believed of candidates together."""
        process = self.with_trainings_of(inputs)
        across = process._across(inputs)
        half = solve_triangular(process._factor, across, lower=True)
        believed = Covariance(self._layout, inputs, inputs).value(self.hyper) - half.T @ half
        return process._mean(inputs, across), believed

    def conditioned_on(self, inputs: Inputs, y: np.ndarray, spread: np.ndarray) -> Surrogate:
        """Return the process of these values, with the hyper-parameters of this one."""
        rows = representatives(inputs, y, _MOST_LEARNED)
        return replace(self, inputs=inputs, y=y, spread=spread, rows=rows)

    def with_trainings_of(self, inputs: Inputs) -> Surrogate:
        """Return the process with every point of the trainings that are asked about; itself where it has them."""
        if len(self.rows) == len(self.y) or inputs.training is None or self.inputs.training is None:
            return self
        asked = np.setdiff1d(inputs.training, NOT_BEGUN)
        rows = np.union1d(self.rows, np.flatnonzero(np.isin(self.inputs.training, asked)))
        return self if len(rows) == len(self.rows) else replace(self, rows=rows)

    def _mean(self, inputs: Inputs, across: np.ndarray) -> np.ndarray:
        # added up row by row: BLAS would add in the order that suits the shape, so that a candidate's last digits, and
        # with them what a resumed run decides, would depend on who is asked about beside it
        told = np.cumsum(across * self._weights[:, None], axis=0)[-1]
        return np.asarray(self._centred[0] + _STEP * inputs.rungs(self.rungs) + told)

    def _across(self, inputs: Inputs) -> np.ndarray:
        return Covariance(self._layout, self.inputs[self.rows], inputs).value(self.hyper)

    @cached_property
    def _layout(self) -> Layout:
        return Layout.of(self.inputs, self.rungs)

    @cached_property
    def _factor(self) -> np.ndarray:
        inputs = self.inputs[self.rows]
        gram = Covariance(self._layout, inputs, inputs).value(self.hyper)
        gram[np.diag_indices(len(gram))] += _noises(self._layout, self.hyper, inputs, self.spread[self.rows])
        return cholesky(gram, lower=True)

    @cached_property
    def _weights(self) -> np.ndarray:
        return np.asarray(cho_solve((self._factor, True), self._centred[1][self.rows]))

    @cached_property
    def _centred(self) -> tuple[float, np.ndarray]:
        return _centred(self.inputs, self.y, self.rungs)


def fit(inputs: Inputs, accuracy: np.ndarray, rungs: int = 1, like: Surrogate | None = None) -> Surrogate:
    """Return the surrogate of trained candidates.

    Args:
        inputs: The candidates.
        accuracy: [N] measured accuracies.
        rungs: How many there are.
        like: Whose hyper-parameters to take over; None: they are found.

    Raises:
        ValueError: There are fewer than two, or an accuracy lies outside 0 to 1.
    """
    if len(inputs) < 2 or len(inputs) != len(accuracy):
        raise ValueError(
            f"two candidates and their accuracies are needed; got {len(inputs)}, {len(accuracy)}"
        )
    if not ((accuracy >= 0) & (accuracy <= 1)).all():
        raise ValueError(f"accuracies must lie in 0..1; got {accuracy[~((accuracy >= 0) & (accuracy <= 1))]}")
    y = transform(accuracy)
    spread = _spreads(y, inputs.rungs(rungs))
    return fit_values(inputs, y, rungs, spread) if like is None else like.conditioned_on(inputs, y, spread)


def fit_values(inputs: Inputs, y: np.ndarray, rungs: int = 1, spread: np.ndarray | None = None) -> Surrogate:
    """Return the process of values y [N] of candidates, on a scale of about 1; spread: [N] factors of their noise."""
    spread = np.ones(len(y)) if spread is None else spread
    rows, (_, target) = representatives(inputs, y, _MOST_FITTED), _centred(inputs, y, rungs)
    hyper = _posterior_mode(inputs[rows], target[rows], rungs, spread[rows])
    return Surrogate(inputs, y, spread, representatives(inputs, y, _MOST_LEARNED), hyper, rungs)


def transform(accuracy: np.ndarray) -> np.ndarray:
    """Return y = -log(error + 0.01): differences among good candidates count as much as among poor ones."""
    return np.asarray(-np.log(1.0 - np.asarray(accuracy) + OFFSET))


def accuracy_of(y: np.ndarray) -> np.ndarray:
    """Return the accuracy of y, the inverse of ``transform``, at most 1."""
    return np.asarray(np.minimum(1.0 + OFFSET - np.exp(-y), 1.0))


def chances_below(scores: np.ndarray, sds: np.ndarray, floor: float) -> np.ndarray:
    """Return [N] how likely each score is below a floor: its y is normal.

    Args:
        scores: [N] what is known of each.
        sds: [N] standard deviations of that.
        floor: The score needed.
    """
    scale = np.maximum(sds, 1e-9) / np.exp(-transform(np.minimum(scores, 1.0)))
    return np.asarray(ndtr((float(transform(np.array(floor))) - transform(np.minimum(scores, 1.0))) / scale))


def _posterior_mode(inputs: Inputs, target: np.ndarray, rungs: int, spread: np.ndarray) -> np.ndarray:
    """Return the posterior's mode of the hyper-parameters; target: y without its mean."""
    at = Layout.of(inputs, rungs)
    prior, sd = _prior(at)
    covariance, which = Covariance(at, inputs, inputs), inputs.rungs(rungs)

    def loss(hyper: np.ndarray) -> tuple[float, np.ndarray]:
        gram, slopes = covariance.with_slopes(hyper)
        noises = _noises(at, hyper, inputs, spread)
        gram[np.diag_indices(len(gram))] += noises
        try:
            factor = cholesky(gram, lower=True, check_finite=False)
        except LinAlgError:
            return 1e10, np.zeros_like(hyper)  # a step of the line search that went too far
        weights = cho_solve((factor, True), target, check_finite=False)
        inverse = lapack.dpotri(factor, lower=1)[0]
        inverse = np.tril(inverse) + np.tril(inverse, -1).T
        outer = (inverse - np.multiply.outer(weights, weights)) / 2
        slope = slopes.of(outer) + (hyper - prior) / sd**2
        slope[at.noises] += 2 * np.bincount(which, np.diag(outer) * (noises - _JITTER), rungs)
        evidence = 0.5 * target @ weights + np.log(np.diag(factor)).sum()
        return float(evidence + (((hyper - prior) / sd) ** 2).sum() / 2), slope

    return np.asarray(minimize(loss, prior, jac=True, method="L-BFGS-B", options={"maxiter": _ITERATIONS}).x)


def _prior(at: Layout) -> tuple[np.ndarray, np.ndarray]:
    """Return means and standard deviations of the hyper-parameters' normal priors."""
    medians = [_AMPLITUDE, *np.ones(at.rungs - 1), *np.full(at.rungs, _NOISE), *np.full(at.groups, _LENGTH)]
    medians += [_KNOWN] * (at.lines + at.curves) + ([_RUNG, _LUCK] if at.rungs > 1 else [])
    sd = np.full(at.size, _PRIOR_SD)
    sd[1 : at.rungs] = _RATIO_SD
    return np.log(medians), sd


def _noises(at: Layout, hyper: np.ndarray, inputs: Inputs, spread: np.ndarray) -> np.ndarray:
    """Return the variance [N] of each value's noise."""
    return np.asarray(np.exp(2 * hyper[at.noises])[inputs.rungs(at.rungs)] * spread**2 + _JITTER)


def _spreads(y: np.ndarray, rung: np.ndarray) -> np.ndarray:
    """Return the factor [N] of each value's noise: it grows with the distance from the good ones of its rung."""
    spread = np.ones(len(y))
    for level in np.unique(rung):
        here = rung == level
        below = np.quantile(y[here], _GOOD) - y[here]
        spread[here] = np.clip(np.exp(_SPREADS * below), 1.0, _MOST_SPREAD)
    return spread


def _centred(inputs: Inputs, y: np.ndarray, rungs: int) -> tuple[float, np.ndarray]:
    """Return the first rung's mean of y, and y without it and what rungs are expected to add.

    Candidates that reach late rungs were chosen for it: means of these would be those of the good ones.
    """
    which = inputs.rungs(rungs)
    centre = float((y - _STEP * which)[which == which.min()].mean())
    return centre, y - _STEP * which - centre
