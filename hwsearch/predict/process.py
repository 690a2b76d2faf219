"""The prior covariance of the surrogate's process, and its slopes: the sums that a fit repeats.

Candidates x, rungs r, trainings t; hyper-parameters are logarithms::

    cov = s_r s_r' (sum_p w_p^2 p(x) p(x')  +  sum_c v_c^2 near_1(c, c'))  +  (a_r a_r' + rung^2 [r = r']) near(x, x')
          +  step^2 min(r, r')  +  luck^2 [t = t']                                 a_r = a_1 s_r,  s_1 = 1
    near: Matern 5/2 of the knobs, one length a group;  near_1: of a single known quantity, length 1

Source: Rasmussen and Williams 2006, eq. 4.17 (Matern), 5.9 (slopes of the evidence).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

NOT_BEGUN = -1
"""Names a training that has not begun."""
STEP_SD = 0.4
"""Standard deviation of what a rung adds to y, before any was seen."""
_SQRT5 = 5.0**0.5


@dataclass(frozen=True, eq=False)
class Inputs:
    """Candidates as the surrogate sees them.

    Attributes:
        knobs: [N, D] knobs on scales of about 1.
        groups: [D] group of each knob; a group shares its length.
        lines: [N, P] what is known without training and acts as a line, on scales of about 1.
        curves: [N, C] what is known without training and acts as a smooth curve, on scales of about 1.
        rung: [N] after which rung; None: all after the last.
        training: [N] number of the training that this is a point of, or NOT_BEGUN; None: NOT_BEGUN.
    """

    knobs: np.ndarray
    groups: np.ndarray
    lines: np.ndarray
    curves: np.ndarray
    rung: np.ndarray | None = None
    training: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.knobs)

    def __getitem__(self, rows: np.ndarray | slice) -> Inputs:
        rung = None if self.rung is None else self.rung[rows]
        training = None if self.training is None else self.training[rows]
        return Inputs(self.knobs[rows], self.groups, self.lines[rows], self.curves[rows], rung, training)

    def rungs(self, count: int) -> np.ndarray:
        """Return the rung [N] of each, of so many."""
        return np.full(len(self), count - 1) if self.rung is None else self.rung


def joined(parts: Sequence[Inputs]) -> Inputs:
    """Return the candidates of several inputs as one; each has rungs and trainings."""
    first = parts[0]
    return Inputs(
        np.concatenate([part.knobs for part in parts]),
        first.groups,
        np.concatenate([part.lines for part in parts]),
        np.concatenate([part.curves for part in parts]),
        np.concatenate([part.rung for part in parts if part.rung is not None]),
        np.concatenate([part.training for part in parts if part.training is not None]),
    )


@dataclass(frozen=True)
class Layout:
    """Where each hyper-parameter stands.

    Attributes:
        rungs, groups, lines, curves: How many there are.
    """

    rungs: int
    groups: int
    lines: int
    curves: int

    @classmethod
    def of(cls, inputs: Inputs, rungs: int) -> Layout:
        """Return the layout of inputs."""
        return cls(rungs, int(inputs.groups.max()) + 1, inputs.lines.shape[1], inputs.curves.shape[1])

    @property
    def noises(self) -> slice:
        """Noise of each rung; before them the first rung's amplitude and each further one's ratio to the one before."""
        return slice(self.rungs, 2 * self.rungs)

    @property
    def lengths(self) -> slice:
        """Length of each group of knobs."""
        return slice(2 * self.rungs, 2 * self.rungs + self.groups)

    @property
    def known(self) -> slice:
        """Weights of lines, then of curves."""
        return slice(self.lengths.stop, self.lengths.stop + self.lines + self.curves)

    @property
    def size(self) -> int:
        """How many there are: with more than one rung also rung and luck, the last two."""
        return int(self.known.stop) + (2 if self.rungs > 1 else 0)


class Covariance:
    """Prior covariances [A, B] of two sets of candidates, for any hyper-parameters."""

    def __init__(self, layout: Layout, a: Inputs, b: Inputs) -> None:
        self._at = layout
        self._rungs = a.rungs(layout.rungs), b.rungs(layout.rungs)
        self._squares = np.stack(
            [_squares(a.knobs[:, a.groups == g], b.knobs[:, b.groups == g]) for g in range(layout.groups)]
        )
        lines = [np.multiply.outer(p, q) for p, q in zip(a.lines.T, b.lines.T, strict=True)]
        curves = [
            _near(_SQRT5 * np.abs(np.subtract.outer(p, q)))
            for p, q in zip(a.curves.T, b.curves.T, strict=True)
        ]
        self._known = np.array([*lines, *curves]).reshape(-1, len(a), len(b))
        rows, columns = self._rungs
        self._same_rung = rows[:, None] == columns[None, :]
        self._same_training = _same_training(a, b)
        self._steps = STEP_SD**2 * np.minimum(rows[:, None], columns[None, :])

    def value(self, hyper: np.ndarray) -> np.ndarray:
        """Return the covariance [A, B]."""
        return self._parts(hyper).total

    def with_slopes(self, hyper: np.ndarray) -> tuple[np.ndarray, Slopes]:
        """Return the covariance [N, N] of a set with itself, and what gives its slopes."""
        parts = self._parts(hyper)
        return parts.total, Slopes(self, hyper, parts)

    def _parts(self, hyper: np.ndarray) -> _Parts:
        at = self._at
        distance = _SQRT5 * np.sqrt(np.tensordot(np.exp(-2 * hyper[at.lengths]), self._squares, 1))
        fall = np.exp(-distance)
        near = (1 + distance + distance**2 / 3) * fall
        known = np.tensordot(np.exp(2 * hyper[at.known]), self._known, 1)
        amplitude = np.exp(np.cumsum(hyper[: at.rungs]))
        rows, columns = self._rungs
        both = np.multiply.outer(amplitude[rows], amplitude[columns])
        if at.rungs == 1:
            return _Parts(known + both * near, known, both, near, (1 + distance) * fall)
        known = both / amplitude[0] ** 2 * known
        rung, luck = np.exp(2 * hyper[-2:])
        scale = both + rung * self._same_rung
        total = known + scale * near + self._steps + luck * self._same_training
        return _Parts(total, known, scale, near, (1 + distance) * fall)


@dataclass(frozen=True, eq=False)
class _Parts:
    """Arrays [A, B]: the whole, what is known, the factor of near, near, and how near falls with distance."""

    total: np.ndarray
    known: np.ndarray
    scale: np.ndarray
    near: np.ndarray
    falls: np.ndarray


class Slopes:
    """Slopes of sum(weights * covariance) of a set with itself."""

    def __init__(self, covariance: Covariance, hyper: np.ndarray, parts: _Parts) -> None:
        self._covariance, self._hyper, self._parts = covariance, hyper, parts

    def of(self, weights: np.ndarray) -> np.ndarray:
        """Return the slopes by each hyper-parameter, those of the noises 0; weights [N, N], symmetric."""
        covariance, hyper, parts = self._covariance, self._hyper, self._parts
        at = covariance._at
        slopes = np.zeros(at.size)
        weighted = weights * parts.near
        if at.rungs == 1:
            slopes[0] = 2 * (weighted * parts.scale).sum()
        else:
            self._of_rungs(slopes, weights, weighted)
        falling = weights * parts.scale * parts.falls
        squares = covariance._squares.reshape(at.groups, -1) @ falling.ravel()
        slopes[at.lengths] = 5 / 3 * np.exp(-2 * hyper[at.lengths]) * squares
        if at.rungs > 1:
            share = np.exp(np.append(0.0, np.cumsum(hyper[1 : at.rungs])))[covariance._rungs[0]]
            weights = weights * np.multiply.outer(share, share)
        if len(covariance._known):
            sums = covariance._known.reshape(len(covariance._known), -1) @ weights.ravel()
            slopes[at.known] = 2 * np.exp(2 * hyper[at.known]) * sums
        return slopes

    def _of_rungs(self, slopes: np.ndarray, weights: np.ndarray, weighted: np.ndarray) -> None:
        """Fill in the slopes by the amplitudes, rung and luck; weighted: weights times near."""
        covariance, hyper, parts = self._covariance, self._hyper, self._parts
        apart = np.exp(2 * hyper[-2]) * covariance._same_rung
        shared = weighted * (parts.scale - apart)
        slopes[0] = 2 * shared.sum()
        by_row, rungs = (shared + weights * parts.known).sum(1), covariance._rungs[0]
        n = covariance._at.rungs
        slopes[1:n] = [2 * by_row[rungs >= k].sum() for k in range(1, n)]
        slopes[-2] = 2 * np.vdot(weighted, apart)
        slopes[-1] = 2 * np.exp(2 * hyper[-1]) * weights[covariance._same_training].sum()


def prior_variance(layout: Layout, hyper: np.ndarray, inputs: Inputs) -> np.ndarray:
    """Return the prior variances [N]: the diagonal of the covariance of inputs with themselves."""
    weights = np.exp(2 * hyper[layout.known])
    known = inputs.lines**2 @ weights[: layout.lines] + weights[layout.lines :].sum()
    amplitude = np.exp(2 * np.cumsum(hyper[: layout.rungs]))[inputs.rungs(layout.rungs)]
    if layout.rungs == 1:
        return np.asarray(known + amplitude)
    begun = 0.0 if inputs.training is None else inputs.training != NOT_BEGUN
    rung, luck = np.exp(2 * hyper[-2:])
    share = amplitude / np.exp(2 * hyper[0])
    steps = STEP_SD**2 * inputs.rungs(layout.rungs)
    return np.asarray(share * known + amplitude + rung + steps + luck * begun)


def _squares(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return squared distances [A, B], added up knob by knob."""
    total = np.zeros((len(a), len(b)))
    for p, q in zip(a.T, b.T, strict=True):
        apart = np.subtract.outer(p, q)
        total += np.multiply(apart, apart, out=apart)
    return total


def _near(distance: np.ndarray) -> np.ndarray:
    return np.asarray((1 + distance + distance**2 / 3) * np.exp(-distance))


def _same_training(a: Inputs, b: Inputs) -> np.ndarray:
    """Return [A, B] booleans: whether two points are of one training."""
    if a.training is None or b.training is None:
        return np.zeros((len(a), len(b)), bool)
    same: np.ndarray = (a.training[:, None] == b.training[None, :]) & (a.training != NOT_BEGUN)[:, None]
    return same
