"""Estimator E1, flip rates: how many spikes of each layer would change, and how far that moves the logits.

The membranes of a layer, dense and compressed, are taken for jointly normal with correlation c; normalisation gives
both the same mean and spread. A channel whose membrane lies a standard deviations above its threshold then flips with

    flips(c) = 2 Phi(a) - 2 Phi2(a, a; c) = 4 T(a, sqrt((1 - c) / (1 + c)))        (T: Owen's function)

and its two spike trains correlate by 1 - flips / most, most = 2 r (1 - r), r = Phi(a): 1 when none flips, 0 when they
have nothing to do with each other. c is what the layer's own change leaves, over the covariance C of its inputs (of
their filtered traces), times what the layers before have left::

    c = w' C w / sqrt(w C w  w' C w')  x  mean_j(1 - flips_j / most_j) / sqrt(present)

present is the share of inputs that were not removed with their channel: these are missing, not noise. The logits keep
the correlation c of the readout, so with leads g_n,j over each rival and their spread s

    A = mean_n Phi(min_j g_n,j c / (s sqrt(1 - c^2)))

Covariances of layers are taken for independent and channels for alike: `similarity` settles what that leaves out.

Source: Yao et al. 2023 (theorem 3.5 bounds the same flips by the density at the threshold); Owen 1956 (Phi2 by T).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, owens_t

from hwsearch.network.neuron_law import NeuronLaw
from hwsearch.network.stack import Params, Ticket
from hwsearch.network.topology import NetworkSpec
from hwsearch.predict.changes import Asked, tables_of
from hwsearch.predict.joint import Joint, LayerTables
from hwsearch.predict.probes import one_shot_logits
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
        most: [L - 1] flips of unrelated spike trains.
        kept: Own correlation of each layer's current, and share of its channels that are there: tables of [2].
        eval_steps: Samples times timesteps pushed forward.
    """

    leads: np.ndarray
    passed: np.ndarray
    most: np.ndarray
    kept: LayerTables
    eval_steps: int

    @property
    def granularities(self) -> tuple[str, ...]:
        """Those that it can tell of, in order."""
        return tuple(sorted(self.kept.pruned))

    def expected(self, joint: Joint) -> np.ndarray:
        """Return [N]: the agreement A, not calibrated."""
        return self._agreement(self._correlations(joint)[:, -1])

    def flips(self, joint: Joint) -> np.ndarray:
        """Return [N, L - 1]: the share of each spiking layer's spikes that change, of channels that are there."""
        within = self._correlations(joint)[:, :-1]
        left = [np.interp(own, _GRID, row) for own, row in zip(within.T, self.passed, strict=True)]
        return np.asarray(self.most * (1 - np.stack(left, 1)))

    def alike(self, one: Joint, other: Joint) -> np.ndarray:
        """Return [N] probabilities that two candidates predict the same: each differs from the dense network by itself.

        What both share is not told apart: too low for candidates that are nearly the same.
        """
        same = (one.sparsity == other.sparsity).all(1) & (one.bits == other.bits).all(1)
        same &= one.granularity == other.granularity
        both = self._correlations(one)[:, -1] * self._correlations(other)[:, -1]
        return self._agreement(np.where(same, 1.0, both))

    def _correlations(self, joint: Joint) -> np.ndarray:
        """Return [N, L]: of each layer's membranes (or logits) with the dense network's."""
        arriving, found = np.ones(len(joint)), []
        for layer in range(len(self.passed) + 1):
            own, present = self._own(joint, layer)
            found.append(own * arriving)
            if layer < len(self.passed):
                # channels that are gone pass nothing, and no noise: present x passed / sqrt(present)
                arriving = np.interp(found[-1], _GRID, self.passed[layer]) * np.sqrt(present)
        return np.stack(found, 1)

    def _own(self, joint: Joint, layer: int) -> tuple[np.ndarray, np.ndarray]:
        # tables add up: logarithms of correlations and of shares
        own, present = np.exp(self.kept.both(joint, layer)).T
        return own, present

    def _agreement(self, correlation: np.ndarray) -> np.ndarray:
        noise = np.sqrt(np.maximum(1 - correlation**2, _LEAST)) / np.maximum(correlation, _LEAST)
        parts = [noise[i : i + _CHUNK, None] for i in range(0, len(noise), _CHUNK)]
        return np.concatenate([ndtr(self.leads / part).mean(1) for part in parts])


def flip_rate(spec: NetworkSpec, dense: Params, x: np.ndarray, asked: Asked) -> FlipRate:
    """Run the dense network on inputs x [B, C, H, W] and see how close its membranes are to their thresholds."""
    seen = observe(spec, dense, x, asked.timesteps)
    above = [_above(own) for own in seen[:-1]]
    law = NeuronLaw(spec.leak_shift, spec.threshold, spec.reset)
    covariances = [_covariance(own, trace_power(law.decay, asked.timesteps)) for own in seen]

    def kept(layer: int, changed: np.ndarray) -> np.ndarray:
        before, after = (own.reshape(len(own), -1) for own in (dense[layer].weight.astype(float), changed))
        there = after.any(1)
        through = before[there] @ covariances[layer]
        both = (through * after[there]).sum(1)
        own = ((after[there] @ covariances[layer]) * after[there]).sum(1)
        scale = np.sqrt(np.maximum((through * before[there]).sum(1) * own, _LEAST))
        correlation = np.clip(both / scale, 0.0, 1.0).mean() if there.any() else 0.0
        return np.log(np.maximum([correlation, there.mean()], 1e-3))

    whole = tuple(np.ones(layer.weight.shape, bool) for layer in dense)
    ticket = Ticket(dense, whole, (asked.reference_bits,) * len(dense))
    leads = np.sort(one_shot_logits(spec, [ticket], x, asked.timesteps)[0], 1)
    rivals = leads[:, -1:] - leads[:, :-1]
    return FlipRate(
        leads=rivals.min(1) / np.sqrt(2 * leads.var(1).mean()),
        passed=np.stack([_passed(own) for own in above]),
        most=np.array([float((2 * ndtr(own) * ndtr(-own)).mean()) for own in above]),
        kept=tables_of(dense, asked, kept),
        eval_steps=2 * len(x) * asked.timesteps,
    )


def _above(seen: LayerStatistics) -> np.ndarray:
    """Return how many standard deviations each channel's membrane lies above its threshold [out]."""
    assert seen.threshold is not None
    return np.asarray((seen.mean - seen.threshold) / np.sqrt(seen.variance + _LEAST))


def _passed(above: np.ndarray) -> np.ndarray:
    """Return the correlation of spikes [C] at the grid's correlations of membranes, channels by their variance."""
    edge = np.sqrt((1 - _GRID) / (1 + _GRID))
    flips = 4 * owens_t(above[:, None], edge[None, :])
    most = 2 * ndtr(above) * ndtr(-above)
    return np.asarray(np.clip(1 - flips.sum(0) / max(most.sum(), _LEAST), 0.0, 1.0))


def _covariance(seen: LayerStatistics, power: float) -> np.ndarray:
    """Return the covariance [D, D] of a layer's inputs: H without what their means alone make of it."""
    times = 1.0 if seen.threshold is None else power
    return np.asarray(seen.hessian - times * np.outer(seen.rate, seen.rate))
