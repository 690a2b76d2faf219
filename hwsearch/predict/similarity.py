"""Ticket similarity: the probability that two networks give the same prediction, foretold without running them.

Estimator E3 (probe and add), with the probes' loss of signal taken out first. A layer's compression leaves rho of the
dense logits' variation and adds something else; a prediction does not mind a scale, so the layer's perturbation is::

    E_l,n = (z_n + D_l,n) / rho_l - z_n          rho_l = <z + D_l, z> / <z, z>, class and input means taken out

and these add up over layers, input by input (plain sums of D count lost signal once a layer and say "all different"
far too soon)::

    z'_n = z_n + sum_l E_l,n             g_n = z'_n,i - max_{j != i} z'_n,j      (i: the dense network's first class)
    A1 = mean_n Phi(g_n / (kappa s))     s^2 = 2 sum_l Var(E_l)

What layers do to each other is left out of this. It is learned from joint candidates that are run once, without
training: logit of the agreement is a line in logit A1 plus a Gaussian process over the knobs and logit A1, the one that
`surrogate` describes. All of it is vectorised over candidates. The bound of the theorem itself (Yao et al. 2023,
theorem 3.5) is no probability at any size that occurs, and is not used. Not a judgement of accuracy: `surrogate` makes
that of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit, logit, ndtr

from hwsearch.predict.probes import Probes
from hwsearch.predict.surrogate import Inputs, Surrogate, fit_values

_KAPPA, _CLIP, _LEAST_SIGNAL = 0.3, 1e-2, 0.03
# candidates at a time: that share tables of perturbations; whose sums stay in the cache
_TABLED, _CHUNK = 4096, 64
_SCALE_A1, _SCALE_Y = 2.5, 2.0  # logits to scales of about 1
_BITS = 2.0  # from one bit to two is as far as from two to any number


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
class Perturbed:
    """What one kind of compression does to each layer at each of its probed settings.

    Attributes:
        leads: [L, S, classes - 1, B] change of each rival's lead over the dense network's first class (of E).
        spread: [L, S] standard deviation of E over inputs.
    """

    leads: np.ndarray
    spread: np.ndarray


@dataclass(frozen=True, eq=False)
class Similarity:
    """The estimator.

    Attributes:
        leads: [classes - 1, B] each rival's lead over the first class in the dense network (not above 0).
        levels: [S] probed sparsities.
        bits: [Q] probed bits.
        pruned, quantised: The probes' perturbations, of pruning per granularity.
        eval_steps: Samples times timesteps pushed forward for probes and calibration.
        settled: The process of measured agreements; None: not calibrated.
    """

    leads: np.ndarray
    levels: np.ndarray
    bits: np.ndarray
    pruned: Mapping[str, Perturbed]
    quantised: Perturbed
    eval_steps: int
    settled: Surrogate | None = None

    def agreement(self, joint: Joint) -> np.ndarray:
        """Return [N] probabilities to predict what the dense network predicts."""
        added = self.added(joint)
        if self.settled is None:
            return added
        return np.asarray(expit(_SCALE_Y * self.settled.mean(_inputs(self, joint, added))))

    def added(self, joint: Joint) -> np.ndarray:
        """Return [N]: A1, not calibrated."""
        noise = _KAPPA * np.sqrt(2 * _variances(self, joint).sum(1)).clip(1e-6).astype(np.float32)
        parts = [ndtr(-moved.max(1) / noise[rows, None]).mean(1) for rows, moved in _moved(self, joint)]
        return np.concatenate(parts)

    def alike(self, one: Joint, other: Joint) -> np.ndarray:
        """Return [N]: the probability that two candidates give the same prediction, pair by pair.

        Perturbations of layers that both treat alike cancel, and so does their noise. (Not calibrated.)
        """
        differing = (_variances(self, one) + _variances(self, other)) * _differ(one, other)
        noise = _KAPPA * np.sqrt(2 * differing.sum(1)).clip(1e-6)
        parts = []
        for (rows, start), (_, moved) in zip(_moved(self, one), _moved(self, other), strict=True):
            gaps = _gaps(_with_first(moved), _with_first(start).argmax(1))
            parts.append(ndtr(gaps / noise[rows, None]).mean(1))
        return np.concatenate(parts)


def similarity_of(probes: Probes) -> Similarity:
    """Return the estimator of probes, not yet calibrated."""
    z = probes.logits
    return Similarity(
        leads=_leads(z, z),
        levels=probes.levels,
        bits=probes.bits,
        pruned={name: _perturbed(z, changes) for name, changes in probes.pruned.items()},
        quantised=_perturbed(z, probes.quantised),
        eval_steps=probes.eval_steps,
    )


def calibrated(similarity: Similarity, joint: Joint, measured: np.ndarray, eval_steps: int) -> Similarity:
    """Return the estimator settled on measured agreements.

    Args:
        similarity: What to settle.
        joint: Candidates that were run once, without training.
        measured: [N] their agreements with the dense network.
        eval_steps: What measuring them cost.
    """
    inputs = _inputs(similarity, joint, similarity.added(joint))
    settled = fit_values(inputs, logit(_clipped(measured)) / _SCALE_Y)
    return replace(similarity, settled=settled, eval_steps=similarity.eval_steps + eval_steps)


def knobs_of(joint: Joint, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return knobs [N, 2 L + names] on scales of about 1, and their groups: sparsities 0, bits 1, granularity 2.

    Bits lie apart as their reciprocals do: the second changes a network as much as all that follow.
    """
    layers = joint.sparsity.shape[1]
    kinds = (joint.granularity[:, None] == np.array(names)).astype(float)
    knobs = np.concatenate([np.log10(1.01 - joint.sparsity), _BITS * (1 - 1 / joint.bits), kinds], axis=1)
    return knobs, np.repeat([0, 1, 2], [layers, layers, len(names)])


def _inputs(similarity: Similarity, joint: Joint, added: np.ndarray) -> Inputs:
    """Return candidates as the process sees them."""
    knobs, groups = knobs_of(joint, sorted(similarity.pruned))
    basis = logit(_clipped(added.astype(float)))[:, None] / _SCALE_A1
    return Inputs(np.concatenate([knobs, basis], axis=1), np.append(groups, 3), basis)


def _perturbed(z: np.ndarray, changes: np.ndarray) -> Perturbed:
    """Return E of probes [L, S, B, classes]: their logits, scaled back to the dense ones' size, less these."""
    inner = _centred(z)
    moved = z + changes
    signal = (_centred(moved) * inner).sum((-2, -1), keepdims=True) / (inner**2).sum()
    own = moved / np.maximum(signal, _LEAST_SIGNAL) - z
    return Perturbed(_leads(own, z), np.sqrt(own.var(-2).mean(-1)))


def _leads(logits: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Return [..., classes - 1, B]: logits [..., B, classes] of the rivals of z's first class, less its own."""
    order = np.argsort(-z, axis=1, kind="stable")
    ordered = np.take_along_axis(logits, np.broadcast_to(order, logits.shape), -1)
    leads = np.swapaxes(ordered[..., 1:] - ordered[..., :1], -1, -2)
    return np.ascontiguousarray(leads, np.float32)


def _centred(z: np.ndarray) -> np.ndarray:
    """Return logits without their mean over classes and over inputs."""
    own = z - z.mean(-1, keepdims=True)
    return np.asarray(own - own.mean(-2, keepdims=True))


def _moved(similarity: Similarity, joint: Joint) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield (rows, the leads [rows, classes - 1, B] with all layers' perturbations), a chunk at a time."""
    for first in range(0, len(joint), _TABLED):
        share = joint[slice(first, first + _TABLED)]
        tables = list(_tables(similarity, share))
        for i in range(0, len(share), _CHUNK):
            moved = np.broadcast_to(
                similarity.leads, (len(share.granularity[i : i + _CHUNK]), *similarity.leads.shape)
            ).copy()
            for table, which in tables:
                moved += table[which[i : i + _CHUNK]]
            yield slice(first + i, first + i + len(moved)), moved


def _tables(similarity: Similarity, joint: Joint) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield, per layer, quantising and pruning: perturbations [U, classes - 1, B], and which one each candidate has."""
    for layer in range(joint.sparsity.shape[1]):
        yield similarity.quantised.leads[layer], np.searchsorted(similarity.bits, joint.bits[:, layer])
        tables, which, n = [], np.zeros(len(joint), int), 0
        for name, rows in _by_granularity(joint):
            values, place = np.unique(joint.sparsity[rows, layer], return_inverse=True)
            tables.append(_between(similarity.pruned[name].leads[layer], similarity.levels, values))
            which[rows] = n + place
            n += len(values)
        yield np.concatenate(tables), which


def _variances(similarity: Similarity, joint: Joint) -> np.ndarray:
    """Return [N, L]: the variance of each layer's perturbation over inputs, mean over classes."""
    total = np.zeros(joint.sparsity.shape)
    for layer in range(joint.sparsity.shape[1]):
        which = np.searchsorted(similarity.bits, joint.bits[:, layer])
        total[:, layer] = similarity.quantised.spread[layer][which] ** 2
        for name, rows in _by_granularity(joint):
            spread = similarity.pruned[name].spread[layer]
            total[rows, layer] += np.interp(joint.sparsity[rows, layer], similarity.levels, spread) ** 2
    return total


def _by_granularity(joint: Joint) -> Iterator[tuple[str, np.ndarray]]:
    for name in np.unique(joint.granularity):
        yield str(name), np.flatnonzero(joint.granularity == name)


def _between(table: np.ndarray, levels: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the perturbations at sparsities between probed ones, by lines."""
    low = np.clip(np.searchsorted(levels, values, "right") - 1, 0, len(levels) - 2)
    share = np.clip((values - levels[low]) / (levels[low + 1] - levels[low]), 0.0, 1.0)
    upper = share[:, None, None].astype(np.float32)
    return np.asarray((1 - upper) * table[low] + upper * table[low + 1])


def _with_first(leads: np.ndarray) -> np.ndarray:
    """Return [N, classes, B]: leads with that of the first class, which is 0."""
    return np.concatenate([np.zeros_like(leads[:, :1]), leads], axis=1)


def _gaps(logits: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return [N, B]: how far the class ``first`` [N, B] lies before its best rival in logits [N, classes, B]."""
    place = first[:, None]
    rivals = logits.copy()
    np.put_along_axis(rivals, place, -np.inf, 1)
    return np.asarray(np.take_along_axis(logits, place, 1)[:, 0] - rivals.max(1))


def _differ(one: Joint, other: Joint) -> np.ndarray:
    """Return [N, L] booleans: whether two candidates treat a layer differently."""
    same = (one.sparsity == other.sparsity) & (one.bits == other.bits)
    differs: np.ndarray = ~(same & ((one.granularity == other.granularity)[:, None] | (one.sparsity == 0)))
    return differs


def _clipped(probability: np.ndarray) -> np.ndarray:
    clipped: np.ndarray = np.clip(probability, _CLIP, 1 - _CLIP)
    return clipped
