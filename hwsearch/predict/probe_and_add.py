"""Estimator E3, probe and add: each layer's perturbation of the logits, measured alone, added over layers.

A layer's compression leaves rho of the dense logits' variation and adds something else; a prediction does not mind a
scale, so the layer's perturbation is::

    E_l,n = (z_n + D_l,n) / rho_l - z_n          rho_l = <z + D_l, z> / <z, z>, class and input means taken out

and these add up over layers, input by input (plain sums of D count lost signal once a layer and say "all different"
far too soon)::

    z'_n = z_n + sum_l E_l,n             g_n = z'_n,i - max_{j != i} z'_n,j      (i: the dense network's first class)
    A = mean_n Phi(g_n / (kappa s))      s^2 = 2 sum_l Var(E_l)

What layers do to each other is left out; `similarity` learns it. All of it is vectorised over candidates.

Source: the additivity of layer noise is that of Zhou et al. 2018 (Adaptive Quantization for DNNs).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from hwsearch.predict.joint import Joint, LayerTables, by_granularity, differ
from hwsearch.predict.probes import Probes

_KAPPA, _LEAST_SIGNAL = 0.3, 0.03
# candidates at a time: that share tables of perturbations; whose sums stay in the cache
_TABLED, _CHUNK = 4096, 64


@dataclass(frozen=True, eq=False)
class ProbeAndAdd:
    """The estimator.

    Attributes:
        leads: [classes - 1, B] each rival's lead over the first class in the dense network (not above 0).
        moved: How each lead changes with a layer (of E): tables of [classes - 1, B].
        variance: Of E over inputs, mean over classes: tables of numbers.
        eval_steps: Samples times timesteps pushed forward for the probes.
    """

    leads: np.ndarray
    moved: LayerTables
    variance: LayerTables
    eval_steps: int

    @property
    def granularities(self) -> tuple[str, ...]:
        """Those that were probed, in order."""
        return tuple(sorted(self.moved.pruned))

    def expected(self, joint: Joint) -> np.ndarray:
        """Return [N]: the agreement A, not calibrated."""
        noise = _KAPPA * np.sqrt(2 * self._variances(joint).sum(1)).clip(1e-6).astype(np.float32)
        parts = [ndtr(-moved.max(1) / noise[rows, None]).mean(1) for rows, moved in self._sums(joint)]
        return np.concatenate(parts)

    def alike(self, first: Joint, second: Joint) -> np.ndarray:
        """Return [N]: the probability that two candidates give the same prediction, pair by pair.

        Perturbations of layers that both treat alike cancel, and so does their noise. (Not calibrated.)
        """
        differing = (self._variances(first) + self._variances(second)) * differ(first, second)
        noise = _KAPPA * np.sqrt(2 * differing.sum(1)).clip(1e-6)
        parts = []
        for (rows, start), (_, moved) in zip(self._sums(first), self._sums(second), strict=True):
            gaps = _gaps(_with_first(moved), _with_first(start).argmax(1))
            parts.append(ndtr(gaps / noise[rows, None]).mean(1))
        return np.concatenate(parts)

    def _variances(self, joint: Joint) -> np.ndarray:
        """Return [N, L]."""
        return np.stack([self.variance.both(joint, layer) for layer in range(joint.sparsity.shape[1])], 1)

    def _sums(self, joint: Joint) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield (rows, the leads [rows, classes - 1, B] with all layers' perturbations), a chunk at a time."""
        for first in range(0, len(joint), _TABLED):
            share = joint[slice(first, first + _TABLED)]
            tables = list(_tables(self.moved, share))
            for i in range(0, len(share), _CHUNK):
                n = len(share.granularity[i : i + _CHUNK])
                moved = np.broadcast_to(self.leads, (n, *self.leads.shape)).copy()
                for table, which in tables:
                    moved += table[which[i : i + _CHUNK]]
                yield slice(first + i, first + i + n), moved


def probe_and_add(probes: Probes) -> ProbeAndAdd:
    """Return the estimator of probes."""
    z = probes.logits
    pruned = {name: [_perturbed(z, layer) for layer in changes] for name, changes in probes.pruned.items()}
    quantised = [_perturbed(z, layer) for layer in probes.quantised]
    moved, variance = (
        LayerTables(
            probes.levels,
            probes.bits,
            {name: [layer[part] for layer in layers] for name, layers in pruned.items()},
            [layer[part] for layer in quantised],
        )
        for part in (0, 1)
    )
    return ProbeAndAdd(_leads(z, z), moved, variance, probes.eval_steps)


def _perturbed(z: np.ndarray, changes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return E of one layer's probes [S, B, classes]: changed leads [S, classes - 1, B] and variances [S]."""
    inner = _centred(z)
    moved = z + changes
    signal = (_centred(moved) * inner).sum((-2, -1), keepdims=True) / (inner**2).sum()
    perturbation = moved / np.maximum(signal, _LEAST_SIGNAL) - z
    return _leads(perturbation, z), perturbation.var(-2).mean(-1).astype(float)


def _leads(logits: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Return [..., classes - 1, B]: logits [..., B, classes] of the rivals of z's first class, less that class's."""
    order = np.argsort(-z, axis=1, kind="stable")
    ordered = np.take_along_axis(logits, np.broadcast_to(order, logits.shape), -1)
    leads = np.swapaxes(ordered[..., 1:] - ordered[..., :1], -1, -2)
    return np.ascontiguousarray(leads, np.float32)


def _centred(z: np.ndarray) -> np.ndarray:
    """Return logits without their mean over classes and over inputs."""
    centred = z - z.mean(-1, keepdims=True)
    return np.asarray(centred - centred.mean(-2, keepdims=True))


def _tables(moved: LayerTables, joint: Joint) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield, per layer, quantising and pruning: perturbations [U, classes - 1, B], and which one each candidate has."""
    for layer in range(joint.sparsity.shape[1]):
        yield moved.quantised[layer], np.searchsorted(moved.bits, joint.bits[:, layer])
        tables, which, n = [], np.zeros(len(joint), int), 0
        for name, rows in by_granularity(joint, layer):
            values, place = np.unique(joint.sparsity[rows, layer], return_inverse=True)
            tables.append(moved.cut(name, layer, values))
            which[rows] = n + place
            n += len(values)
        yield np.concatenate(tables), which


def _with_first(leads: np.ndarray) -> np.ndarray:
    """Return [N, classes, B]: leads with that of the first class, which is 0."""
    return np.concatenate([np.zeros_like(leads[:, :1]), leads], axis=1)


def _gaps(logits: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return [N, B]: how far the class ``first`` [N, B] lies before its best rival in logits [N, classes, B]."""
    place = first[:, None]
    rivals = logits.copy()
    np.put_along_axis(rivals, place, -np.inf, 1)
    return np.asarray(np.take_along_axis(logits, place, 1)[:, 0] - rivals.max(1))
