"""Ticket similarity: the probability that two networks give the same prediction, foretold without running them.

Estimator E3 (probe and add), with the probes' loss of signal taken out first. A layer's compression leaves rho of the
dense logits' variation and adds something else; a prediction does not mind a scale, so the layer's perturbation is::

    E_l,n = (z_n + D_l,n) / rho_l - z_n          rho_l = <z + D_l, z> / <z, z>, class and input means taken out

and these add up over layers, input by input (plain sums of D count lost signal once a layer and say "all different"
far too soon)::

    z'_n = z_n + sum_l E_l,n             g_n = z'_n,i - max_{j != i} z'_n,j      (i: the dense network's first class)
    A1 = mean_n Phi(g_n / (kappa s))     s^2 = 2 sum_l Var(E_l)
    A0 = the same with each class's mean shift only, and kappa = 1               (Gaussian noise alone)

The agreement is a logistic ridge on (logit A1, logit A0, log of the summed and of the largest layer noise), settled on
a few joint candidates that are run once, without training. All of it is vectorised over candidates. The bound of the
theorem itself (Yao et al. 2023, theorem 3.5) is no probability at any size that occurs, and is not used. Not a
judgement of accuracy: `surrogate` makes that of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.special import expit, logit, ndtr

from hwsearch.predict.probes import Probes

_KAPPA, _CLIP, _LEAST_SIGNAL, _RIDGE = 0.3, 1e-2, 0.03, 1.0
_CHUNK = 128  # candidates at a time: their logits stay in the cache
_UNCALIBRATED = np.array([0.0, 0.5, 0.5, 0.0, 0.0])


@dataclass(frozen=True, eq=False)
class Joint:
    """Joint candidates as arrays.

    Attributes:
        sparsity: [N, L] fraction removed of each layer's groups.
        granularity: [N] names.
        bits: [N, L] weight bits.
    """

    sparsity: np.ndarray
    granularity: np.ndarray
    bits: np.ndarray

    def __len__(self) -> int:
        return len(self.granularity)

    def __getitem__(self, rows: np.ndarray | slice) -> Joint:
        return Joint(self.sparsity[rows], self.granularity[rows], self.bits[rows])


@dataclass(frozen=True, eq=False)
class Similarity:
    """The estimator.

    Attributes:
        logits: [B, classes] of the dense network.
        levels: [S] probed sparsities.
        bits: [Q] probed bits.
        pruned, quantised: The probes' perturbations E: per granularity [L, S, B, classes], and [L, Q, B, classes].
        centre, spread: [4] of the features that the weights were settled on.
        weights: [5] intercept and weights of the features.
        eval_steps: Samples times timesteps pushed forward for probes and calibration.
    """

    logits: np.ndarray
    levels: np.ndarray
    bits: np.ndarray
    pruned: dict[str, np.ndarray]
    quantised: np.ndarray
    eval_steps: int
    centre: np.ndarray = field(default_factory=lambda: np.zeros(4))
    spread: np.ndarray = field(default_factory=lambda: np.ones(4))
    weights: np.ndarray = field(default_factory=lambda: _UNCALIBRATED)

    def agreement(self, joint: Joint) -> np.ndarray:
        """Return [N] probabilities to predict what the dense network predicts."""
        features = (self.features(joint) - self.centre) / self.spread
        return np.asarray(expit(self.weights[0] + features @ self.weights[1:]))

    def features(self, joint: Joint) -> np.ndarray:
        """Return [N, 4]: logit A1, logit A0, log summed layer noise, log largest layer noise."""
        noises = 2 * _noises(self, joint)
        chunks = [slice(i, i + _CHUNK) for i in range(0, len(joint), _CHUNK)]
        return np.concatenate([self._features(joint[rows], noises[rows]) for rows in chunks])

    def alike(self, one: Joint, other: Joint) -> np.ndarray:
        """Return [N]: the probability that two candidates give the same prediction, pair by pair.

        Perturbations of layers that both treat alike cancel, and so does their noise. (Not calibrated.)
        """
        parts = []
        for i in range(0, len(one), _CHUNK):
            a, b = one[slice(i, i + _CHUNK)], other[slice(i, i + _CHUNK)]
            start = self.logits + _summed(self, a)
            moved = self.logits + _summed(self, b)
            noise = np.sqrt(2 * (_noises(self, a) + _noises(self, b)) * _differ(a, b)).clip(1e-6)
            gaps = _gaps(moved, start.argmax(2))
            parts.append(ndtr(gaps / (_KAPPA * np.sqrt((noise**2).sum(1)))[:, None]).mean(1))
        return np.concatenate(parts)

    def _features(self, joint: Joint, noises: np.ndarray) -> np.ndarray:
        first = self.logits.argmax(1)
        total = np.sqrt(noises.sum(1)).clip(1e-6).astype(np.float32)
        summed = _summed(self, joint)
        every = np.broadcast_to(first, summed.shape[:2])
        by_input = ndtr(_gaps(self.logits + summed, every) / (_KAPPA * total)[:, None]).mean(1)
        shift = summed.mean(1, keepdims=True)
        gaussian = ndtr(_gaps(self.logits + shift, every) / total[:, None]).mean(1)
        layers = np.sqrt(noises)
        return np.stack(
            [
                logit(_clipped(by_input)),
                logit(_clipped(gaussian)),
                np.log(layers.sum(1) + 1e-3),
                np.log(layers.max(1) + 1e-3),
            ],
            axis=1,
        )


def similarity_of(probes: Probes) -> Similarity:
    """Return the estimator of probes, not yet calibrated."""
    z = probes.logits
    return Similarity(
        logits=z,
        levels=probes.levels,
        bits=probes.bits,
        pruned={name: _perturbations(z, changes) for name, changes in probes.pruned.items()},
        quantised=_perturbations(z, probes.quantised),
        eval_steps=probes.eval_steps,
    )


def calibrated(similarity: Similarity, joint: Joint, measured: np.ndarray, eval_steps: int) -> Similarity:
    """Return the estimator with its weights settled on measured agreements.

    Args:
        similarity: What to settle.
        joint: Candidates that were run once, without training.
        measured: [N] their agreements with the dense network.
        eval_steps: What measuring them cost.
    """
    features = similarity.features(joint)
    centre, spread = features.mean(0), features.std(0) + 1e-9
    x, target = (features - centre) / spread, logit(_clipped(measured))
    weights = np.linalg.solve(x.T @ x + _RIDGE * np.eye(x.shape[1]), x.T @ (target - target.mean()))
    return replace(
        similarity,
        centre=centre,
        spread=spread,
        weights=np.concatenate([[target.mean()], weights]),
        eval_steps=similarity.eval_steps + eval_steps,
    )


def agreement_of(logits: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Return the measured agreement of logits [..., B, classes] with a reference [B, classes]."""
    return np.asarray((logits.argmax(-1) == reference.argmax(-1)).mean(-1))


def _perturbations(z: np.ndarray, changes: np.ndarray) -> np.ndarray:
    """Return E of every probe [..., B, classes]: its logits, scaled back to the dense ones' size, less these."""
    inner = _centred(z)
    moved = z + changes
    signal = (_centred(moved) * inner).sum((-2, -1), keepdims=True) / (inner**2).sum()
    perturbations: np.ndarray = (moved / np.maximum(signal, _LEAST_SIGNAL) - z).astype(np.float32)
    return perturbations


def _centred(z: np.ndarray) -> np.ndarray:
    """Return logits without their mean over classes and over inputs."""
    own = z - z.mean(-1, keepdims=True)
    return np.asarray(own - own.mean(-2, keepdims=True))


def _summed(similarity: Similarity, joint: Joint) -> np.ndarray:
    """Return [N, B, classes]: the summed perturbations."""
    total = np.zeros((len(joint), *similarity.logits.shape), np.float32)
    for rows, _, table, which in _actions(similarity, joint):
        total[rows] += table[which]
    return total


def _noises(similarity: Similarity, joint: Joint) -> np.ndarray:
    """Return [N, L]: the variance of each layer's perturbation over inputs, mean over classes."""
    total = np.zeros(joint.sparsity.shape)
    for rows, layer, table, which in _actions(similarity, joint):
        total[rows, layer] += table.var(1).mean(1)[which]
    return total


def _actions(
    similarity: Similarity, joint: Joint
) -> Iterator[tuple[np.ndarray, int, np.ndarray, np.ndarray]]:
    """Yield (rows, layer, the perturbations [U, B, classes] of different settings, which one each row has)."""
    for layer in range(joint.sparsity.shape[1]):
        own, which = np.unique(joint.bits[:, layer], return_inverse=True)
        table = similarity.quantised[layer, np.searchsorted(similarity.bits, own)]
        yield np.arange(len(joint)), layer, table, which
        for name in np.unique(joint.granularity):
            rows = np.flatnonzero(joint.granularity == name)
            levels, which = np.unique(joint.sparsity[rows, layer], return_inverse=True)
            yield rows, layer, _between(similarity.pruned[str(name)][layer], similarity.levels, levels), which


def _between(table: np.ndarray, levels: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the perturbations at sparsities between probed ones, by lines."""
    low = np.clip(np.searchsorted(levels, values, "right") - 1, 0, len(levels) - 2)
    share = np.clip((values - levels[low]) / (levels[low + 1] - levels[low]), 0.0, 1.0)
    upper = share[:, None, None].astype(np.float32)
    return np.asarray((1 - upper) * table[low] + upper * table[low + 1])


def _gaps(logits: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return [N, B]: how far the class ``first`` [N, B] lies before its best rival (negative: behind).

    The logits [N, B, classes] are used up.
    """
    chosen = np.take_along_axis(logits, first[..., None], 2)[..., 0]
    np.put_along_axis(logits, first[..., None], -np.inf, 2)
    return np.asarray(chosen - logits.max(2))


def _differ(one: Joint, other: Joint) -> np.ndarray:
    """Return [N, L] booleans: whether two candidates treat a layer differently."""
    same = (one.sparsity == other.sparsity) & (one.bits == other.bits)
    differs: np.ndarray = ~(same & ((one.granularity == other.granularity)[:, None] | (one.sparsity == 0)))
    return differs


def _clipped(probability: np.ndarray) -> np.ndarray:
    clipped: np.ndarray = np.clip(probability, _CLIP, 1 - _CLIP)
    return clipped
