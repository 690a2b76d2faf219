"""Estimator E1, flip rates: how many spikes of each layer would change, and how far that moves the logits.

The membranes of a layer, dense and compressed, are taken for jointly normal with correlation c; normalisation gives
both the same mean and spread. A channel whose membrane lies a standard deviations above its threshold then flips with

    flips(c) = 2 Phi(a) - 2 Phi2(a, a; c) = 4 T(a, sqrt((1 - c) / (1 + c)))        (T: Owen's function)

and its two spike trains correlate by 1 - flips / most, most = 2 r (1 - r), r = Phi(a): 1 when none flips, 0 when they
have nothing to do with each other. c is what the layer's own change leaves, over the covariance C of its inputs (of
their filtered traces), times what the layers before pass on::

    c = w' C w / sqrt(w C w  w' C w')  x  mean_j(1 - flips_j / most_j) / sqrt(present)

present is the share of inputs that were not removed with their channel: these are missing, not noise. The logits keep
the correlation c of the readout, so with leads g_n,j over each rival and their spread s

    A = mean_n Phi(min_j g_n,j c / (s sqrt(1 - c^2)))

Covariances of layers are taken for independent and channels for alike: `similarity` learns what that leaves out.

Source: Yao et al. 2023 (theorem 3.5 bounds the same flips by the density at the threshold); Owen 1956 (Phi2 by T).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, owens_t

from hwsearch.network.neuron_law import NeuronLaw
from hwsearch.network.stack import Params, Ticket
from hwsearch.network.topology import NetworkSpec
from hwsearch.predict.joint import Joint, LayerTables
from hwsearch.predict.layer_sensitivity import EstimatorScope, layer_sensitivity
from hwsearch.predict.probes import untrained_logits
from hwsearch.tickets.fit import dense_masks
from hwsearch.tickets.observe import LayerStatistics, observe, trace_power

_GRID = np.linspace(0.0, 1.0, 65)  # correlations at which flips are tabulated
_LEAST = 1e-9
_CHUNK = 4096  # candidates


@dataclass(frozen=True, eq=False)
class FlipRate:
    """The estimator.

    Attributes:
        leads: [B] each input's lead over the best rival in the dense network, over the spread of leads.
        passed: [L - 1, C] correlation of a layer's spikes, at correlations of its membranes on a grid.
        tables: Correlation of a layer's current by its own change alone, and share of its channels that are there, both
            as logarithms: tables of [2].
        eval_steps: Samples times timesteps pushed forward.
    """

    leads: np.ndarray
    passed: np.ndarray
    tables: LayerTables
    eval_steps: int

    @property
    def granularities(self) -> tuple[str, ...]:
        """Those that it can tell of, in order."""
        return tuple(sorted(self.tables.pruned))

    def expected(self, joint: Joint) -> np.ndarray:
        """Return [N]: the agreement A, not calibrated."""
        return self._agreement(self._correlations(joint)[:, -1])

    def alike(self, first: Joint, second: Joint) -> np.ndarray:
        """Return [N] probabilities that two candidates predict the same: each differs from the dense network by itself.

        What both share is not told apart: too low for candidates that are nearly the same.
        """
        same = (first.sparsity == second.sparsity).all(1) & (first.bits == second.bits).all(1)
        same &= first.granularity == second.granularity
        both = self._correlations(first)[:, -1] * self._correlations(second)[:, -1]
        return self._agreement(np.where(same, 1.0, both))

    def _correlations(self, joint: Joint) -> np.ndarray:
        """Return [N, L]: of each layer's membranes (or logits) with the dense network's."""
        arriving, correlations = np.ones(len(joint)), []
        for layer in range(len(self.passed) + 1):
            # tables add up: logarithms of correlations and of shares
            alone, present = np.exp(self.tables.both(joint, layer)).T
            correlations.append(alone * arriving)
            if layer < len(self.passed):
                # channels that are gone pass nothing, and no noise: present x passed / sqrt(present)
                arriving = np.interp(correlations[-1], _GRID, self.passed[layer]) * np.sqrt(present)
        return np.stack(correlations, 1)

    def _agreement(self, correlation: np.ndarray) -> np.ndarray:
        noise = np.sqrt(np.maximum(1 - correlation**2, _LEAST)) / np.maximum(correlation, _LEAST)
        parts = [noise[i : i + _CHUNK, None] for i in range(0, len(noise), _CHUNK)]
        return np.concatenate([ndtr(self.leads / part).mean(1) for part in parts])


def flip_rate(spec: NetworkSpec, dense: Params, x: np.ndarray, scope: EstimatorScope) -> FlipRate:
    """Run the dense network on inputs x [B, C, H, W] and see how close its membranes are to their thresholds."""
    statistics = observe(spec, dense, x, scope.timesteps)
    above = [_above(layer) for layer in statistics[:-1]]
    law = NeuronLaw(spec.leak_shift, spec.threshold, spec.reset)
    power = trace_power(law.decay, scope.timesteps)
    covariances = [_covariance(layer, power) for layer in statistics]

    def log_correlation(layer: int, changed: np.ndarray) -> np.ndarray:
        return _log_correlation(dense[layer].weight, changed, covariances[layer])

    ticket = Ticket(dense, dense_masks(dense), (scope.reference_bits,) * len(dense))
    logits = np.sort(untrained_logits(spec, [ticket], x, scope.timesteps)[0], 1)
    rivals = logits[:, -1:] - logits[:, :-1]
    return FlipRate(
        leads=rivals.min(1) / np.sqrt(2 * logits.var(1).mean()),
        passed=np.stack([_passed(a) for a in above]),
        tables=layer_sensitivity(dense, scope, log_correlation),
        eval_steps=2 * len(x) * scope.timesteps,
    )


def _log_correlation(weight: np.ndarray, changed: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Return logarithms [2]: of the currents' mean correlation under a change, and of the channels that are there."""
    before, after = (w.reshape(len(w), -1) for w in (weight.astype(float), changed))
    present = after.any(1)
    through = before[present] @ covariance
    both = (through * after[present]).sum(1)
    power = ((after[present] @ covariance) * after[present]).sum(1)
    scale = np.sqrt(np.maximum((through * before[present]).sum(1) * power, _LEAST))
    correlation = np.clip(both / scale, 0.0, 1.0).mean() if present.any() else 0.0
    return np.asarray(np.log(np.maximum([correlation, present.mean()], 1e-3)))


def _above(statistics: LayerStatistics) -> np.ndarray:
    """Return how many standard deviations each channel's membrane lies above its threshold [out]."""
    assert statistics.threshold is not None
    return np.asarray((statistics.mean - statistics.threshold) / np.sqrt(statistics.variance + _LEAST))


def _passed(above: np.ndarray) -> np.ndarray:
    """Return the correlation of spikes [C] at the grid's correlations of membranes, channels by their variance."""
    edge = np.sqrt((1 - _GRID) / (1 + _GRID))
    flips = 4 * owens_t(above[:, None], edge[None, :])
    most = 2 * ndtr(above) * ndtr(-above)
    return np.asarray(np.clip(1 - flips.sum(0) / max(most.sum(), _LEAST), 0.0, 1.0))


def _covariance(statistics: LayerStatistics, power: float) -> np.ndarray:
    """Return the covariance [D, D] of a layer's inputs: H without what their means alone make of it."""
    times = 1.0 if statistics.threshold is None else power
    return np.asarray(statistics.hessian - times * np.outer(statistics.rate, statistics.rate))
