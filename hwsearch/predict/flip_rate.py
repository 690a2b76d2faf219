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

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, owens_t

from hwsearch.compress.channels import removable
from hwsearch.graph.graph import INPUT, NetworkSpec
from hwsearch.graph.order import entering
from hwsearch.network.params import Params, Ticket
from hwsearch.predict.joint import Joint, LayerTables
from hwsearch.predict.layer_sensitivity import EstimatorScope, layer_sensitivity
from hwsearch.predict.probes import untrained_logits
from hwsearch.tickets.fit import dense_masks
from hwsearch.tickets.observe import ConnectionStatistics, observe

_GRID = np.linspace(0.0, 1.0, 65)  # correlations at which flips are tabulated
_LEAST = 1e-9
_CHUNK = 4096  # candidates


@dataclass(frozen=True)
class Path:
    """How a change arrives over one connection.

    Attributes:
        layer: Its place among the prunable connections; None: it is not changed.
        source: The population that it reads, or INPUT.
        share: Of the power of what enters its target.
        delayed: Whether what it carries arrives a timestep later.
    """

    layer: int | None
    source: int
    share: float
    delayed: bool


@dataclass(frozen=True)
class Flow:
    """How a change goes through a network.

    Attributes:
        paths: Into each population, in the order of a timestep; the last is the readout.
        channels: For each population the layer whose rows are its channels, and the layer that decides which of them
            are removed.
        rounds: Timesteps that it takes until delays change nothing more.
    """

    paths: tuple[tuple[Path, ...], ...]
    channels: tuple[tuple[int, int], ...]
    rounds: int


@dataclass(frozen=True, eq=False)
class FlipRate:
    """The estimator.

    Attributes:
        leads: [B] each input's lead over the best rival in the dense network, over the spread of leads.
        passed: [P - 1, C] correlation of a population's spikes, at correlations of its membranes on a grid.
        tables: Correlation of a connection's current by its own change alone, and share of its channels that are there,
            both as logarithms: tables of [2].
        flow: How changes go through the network.
        eval_steps: Samples times timesteps pushed forward.
    """

    leads: np.ndarray
    passed: np.ndarray
    tables: LayerTables
    flow: Flow
    eval_steps: int

    @property
    def granularities(self) -> tuple[str, ...]:
        """Those that it can tell of, in order."""
        return tuple(sorted(self.tables.pruned))

    def expected(self, joint: Joint) -> np.ndarray:
        """Return [N]: the agreement A, not calibrated."""
        return self._agreement(self._correlation(joint))

    def alike(self, first: Joint, second: Joint) -> np.ndarray:
        """Return [N] probabilities that two candidates predict the same: each differs from the dense network by itself.

        What both share is not told apart: too low for candidates that are nearly the same.
        """
        same = (first.sparsity == second.sparsity).all(1) & (first.bits == second.bits).all(1)
        same &= (first.granularity == second.granularity).all(1)
        both = self._correlation(first) * self._correlation(second)
        return self._agreement(np.where(same, 1.0, both))

    def _correlation(self, joint: Joint) -> np.ndarray:
        """Return [N]: of the logits with the dense network's."""
        # tables add up: logarithms of correlations and of shares
        both = [np.exp(self.tables.both(joint, layer)).T for layer in range(joint.sparsity.shape[1])]
        spikes = {p: np.ones(len(joint)) for p in (INPUT, *range(len(self.passed)))}
        for _ in range(self.flow.rounds):
            before = dict(spikes)
            for place, paths in enumerate(self.flow.paths):
                correlation: np.ndarray | float = 0.0
                for path in paths:
                    arriving = (before if path.delayed else spikes)[path.source]
                    alone = 1.0 if path.layer is None else both[path.layer][0]
                    correlation = correlation + path.share * (alone * arriving)
                if place < len(self.passed):
                    rows, deciding = self.flow.channels[place]
                    channels = joint.granularity[:, deciding] == "channel"
                    present = np.where(channels, both[deciding][1], both[rows][1])
                    # channels that are gone pass nothing, and no noise: present x passed / sqrt(present)
                    spikes[place] = np.interp(correlation, _GRID, self.passed[place]) * np.sqrt(present)
        return np.asarray(correlation)

    def _agreement(self, correlation: np.ndarray) -> np.ndarray:
        noise = np.sqrt(np.maximum(1 - correlation**2, _LEAST)) / np.maximum(correlation, _LEAST)
        parts = [noise[i : i + _CHUNK, None] for i in range(0, len(noise), _CHUNK)]
        return np.concatenate([ndtr(self.leads / part).mean(1) for part in parts])


def flip_rate(spec: NetworkSpec, dense: Params, x: np.ndarray, scope: EstimatorScope) -> FlipRate:
    """Run the dense network on inputs x [B, C, H, W] and see how close its membranes are to their thresholds."""
    statistics = observe(spec, dense, x, scope.timesteps)
    covariances = [_covariance(observed) for observed in statistics]

    def log_correlation(place: int, changed: np.ndarray) -> np.ndarray:
        return _log_correlation(dense.weights[place], changed, covariances[place])

    ticket = Ticket(dense, dense_masks(dense), (scope.reference_bits,) * len(dense.weights))
    logits = np.sort(untrained_logits(spec, [ticket], x, scope.timesteps)[0], 1)
    rivals = logits[:, -1:] - logits[:, :-1]
    hidden = range(len(spec.populations) - 1)
    return FlipRate(
        leads=rivals.min(1) / np.sqrt(2 * logits.var(1).mean()),
        passed=np.stack([_passed(_above(statistics[entering(spec.connections, p)[0]])) for p in hidden]),
        tables=layer_sensitivity(spec, dense, scope, log_correlation),
        flow=_flow(spec, dense, covariances, scope.timesteps),
        eval_steps=2 * len(x) * scope.timesteps,
    )


def _flow(spec: NetworkSpec, dense: Params, covariances: Sequence[np.ndarray], timesteps: int) -> Flow:
    """Return how changes go through the dense network."""
    layer_of = {place: layer for layer, place in enumerate(spec.prunable)}
    deciding = {i: group.first for group in removable(spec.connections) for i in group.entering}
    powers = [
        float((_through(w.reshape(len(w), -1).astype(float), c) * w.reshape(len(w), -1)).sum())
        for w, c in zip(dense.weights, covariances, strict=True)
    ]
    paths, channels = [], []
    for place in range(len(spec.populations)):
        incoming = entering(spec.connections, place)
        total = sum(max(powers[i], _LEAST) for i in incoming)
        paths.append(
            tuple(
                Path(layer_of.get(i), c.source, max(powers[i], _LEAST) / total, delayed=c.delay > 0)
                for i in incoming
                for c in [spec.connections[i]]
            )
        )
        rows = next(layer_of[i] for i in incoming if i in layer_of)
        channels.append((rows, layer_of[deciding[incoming[0]]] if incoming[0] in deciding else rows))
    delayed = any(c.delay for c in spec.connections)
    return Flow(tuple(paths), tuple(channels), timesteps if delayed else 1)


def _log_correlation(weight: np.ndarray, changed: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Return logarithms [2]: of the currents' mean correlation under a change, and of the channels that are there."""
    before, after = (w.reshape(len(w), -1) for w in (weight.astype(float), changed))
    present = after.any(1)
    own = covariance if covariance.ndim == 2 else covariance[present]
    through = _through(before[present], own)
    both = (through * after[present]).sum(1)
    power = (_through(after[present], own) * after[present]).sum(1)
    former = (through * before[present]).sum(1)
    # where nothing varies (or, by the rounding of covariances, less than nothing), nothing differs
    varies = (former > 0) & (power > 0) & (former * power > _LEAST**2)
    each = np.where(varies, both / np.sqrt(np.where(varies, former * power, 1.0)), 1.0)
    correlation = np.clip(each, 0.0, 1.0).mean() if present.any() else 0.0
    return np.asarray(np.log(np.maximum([correlation, present.mean()], 1e-3)))


def _through(rows: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Return rows [out, D] times the covariance [D, D] of all, or [out, D, D] of each."""
    if covariance.ndim == 2:
        return np.asarray(rows @ covariance)
    return np.asarray(np.einsum("cd,cde->ce", rows, covariance))


def _above(statistics: ConnectionStatistics) -> np.ndarray:
    """Return how many standard deviations each channel's membrane lies above its threshold [out]."""
    assert statistics.threshold is not None
    return np.asarray((statistics.mean - statistics.threshold) / np.sqrt(statistics.variance + _LEAST))


def _passed(above: np.ndarray) -> np.ndarray:
    """Return the correlation of spikes [C] at the grid's correlations of membranes, channels by their variance."""
    edge = np.sqrt((1 - _GRID) / (1 + _GRID))
    flips = 4 * owens_t(above[:, None], edge[None, :])
    most = 2 * ndtr(above) * ndtr(-above)
    return np.asarray(np.clip(1 - flips.sum(0) / max(most.sum(), _LEAST), 0.0, 1.0))


def _covariance(statistics: ConnectionStatistics) -> np.ndarray:
    """Return the covariance [..., D, D] of a connection's inputs: H without what their means alone make of it."""
    means = statistics.rate[..., :, None] * statistics.rate[..., None, :]
    return np.asarray(statistics.hessian - statistics.power * means)
