"""Criteria: what each weight is worth, as scores that `hwsearch.compress.masks` ranks at any granularity.

================= ====================================================================================================
magnitude         |w|
spike_probability r |w| |gain| N(0 | mean - threshold, variance): how likely the weight's absence changes a spike, to
                  first order (Yao et al. 2023, eq. 12 and S.43). First layer and readout keep |w|, as there.
second_order      |w gain| / sqrt([H^-1]_ww): the error of the membrane that removing the weight leaves once all other
                  weights of its row have made up for it (Hassibi and Stork 1993, on the trace-filtered H of Shi et
                  al. 2025)
================= ====================================================================================================

A group's score is the mean of its members' scores, a channel's the geometric mean of its incoming and outgoing means
(see `masks`); for second_order this leaves out the terms between members of a group. What an error of one layer's
membrane does to the answer is not known layer by layer, so a global ranking needs one unit: every layer's scores are
scaled to the mean |w| of its surviving weights, which leaves each layer about the share that magnitude would give it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from functools import lru_cache

import numpy as np
import torch

from hwsearch.compress.quantise import JointGrid, Quantiser
from hwsearch.graph.graph import NetworkSpec
from hwsearch.graph.order import entering
from hwsearch.network.params import Params
from hwsearch.network.stack import unit_of
from hwsearch.tickets.observe import ConnectionStatistics

CRITERIA = ("magnitude", "spike_probability", "second_order")
_SMALLEST = 1e-12
_DAMPING = 0.01  # of the mean diagonal
_MOST_CACHED = 64  # populations at some number of bits


def score(
    criterion: str, params: Params, statistics: Sequence[ConnectionStatistics] | None = None
) -> list[np.ndarray]:
    """Return the worth of every weight, not negative, one array a connection like its weights.

    Args:
        criterion: One of CRITERIA.
        params: The network that is pruned.
        statistics: Of the same network; not needed for ``magnitude``.

    Raises:
        ValueError: The criterion is unknown or its statistics are missing.
    """
    if criterion == "magnitude":
        return [np.abs(weight).astype(np.float64) for weight in params.weights]
    if criterion not in CRITERIA:
        raise ValueError(f"a criterion must be one of {', '.join(CRITERIA)}; got {criterion!r}")
    if statistics is None:
        raise ValueError(f"the criterion {criterion} needs the statistics of the network")
    scored = _spike_probability if criterion == "spike_probability" else _second_order
    return [scored(weight, observed) for weight, observed in zip(params.weights, statistics, strict=True)]


def _spike_probability(weight: np.ndarray, observed: ConnectionStatistics) -> np.ndarray:
    """Return eq. 12's P; |w| for what reads the input and for the readout."""
    worth: np.ndarray = np.abs(weight).astype(np.float64)
    if observed.reads_input or observed.threshold is None:
        return worth
    variance = observed.variance + _SMALLEST
    density = np.exp(-((observed.mean - observed.threshold) ** 2) / (2 * variance))
    density /= np.sqrt(2 * math.pi * variance)
    rows = worth.reshape(len(worth), -1) * observed.rate * (np.abs(observed.gain) * density)[:, None]
    return in_units_of_weight(rows.reshape(worth.shape), weight)


def _second_order(weight: np.ndarray, observed: ConnectionStatistics) -> np.ndarray:
    """Return the error that each removal leaves, from one inverse a connection (depthwise: a channel)."""
    rows = np.abs(weight.astype(np.float64).reshape(len(weight), -1) * observed.gain[:, None])
    error = rows / np.sqrt(inverse_diagonal(observed.hessian))
    return in_units_of_weight(error.reshape(weight.shape), weight)


def after_quantising(
    scores: Sequence[np.ndarray],
    spec: NetworkSpec,
    params: Params,
    bits: Sequence[int],
    populations: Collection[int] | None = None,
) -> list[np.ndarray]:
    """Return scores of weights that were quantised before: those that their grid makes zero come last.

    Among themselves they keep their order (few bits have few levels, and places alone would decide), so as long as only
    zeros are removed, the pruned network is the quantised one.

    Args:
        scores: Worth of each weight, like the weights.
        spec: The architecture.
        params: The network that is pruned.
        bits: Weight bits, one a connection.
        populations: Scores of connections that enter others stay as they are; None: all are meant.
    """
    last_of_all = list(scores)
    for population in range(len(spec.populations)) if populations is None else populations:
        places = entering(spec.connections, population)
        grids = tuple(
            (
                bits[i],
                params.weights[i].shape,
                not spec.connections[i].readout,
                unit_of(spec, spec.connections[i]),
            )
            for i in places
        )
        zeros = _zeros(tuple(params.weights[i].tobytes() for i in places), grids)
        for place, zero in zip(places, zeros, strict=True):
            last_of_all[place] = np.where(zero, scores[place] * _SMALLEST, scores[place])
    return last_of_all


_Grid = tuple[int, tuple[int, ...], bool, float]
"""Bits, shape of the weights, whether channels have scales of their own, what a count of the input is worth."""


@lru_cache(maxsize=_MOST_CACHED)  # a search asks for the same few weights and bits again and again
def _zeros(weights: tuple[bytes, ...], grids: tuple[_Grid, ...]) -> list[np.ndarray]:
    """Return which weights (float32) of the connections into one population their grid makes zero."""
    floats = [
        torch.from_numpy(np.frombuffer(own, np.float32).reshape(shape).copy()).unsqueeze(0)
        for own, (_, shape, _, _) in zip(weights, grids, strict=True)
    ]
    joint = JointGrid(
        tuple(Quantiser((bits,), per_channel) for bits, _, per_channel, _ in grids),
        tuple(unit for *_, unit in grids),
    )
    found = joint.quantise(floats, [torch.ones_like(own) for own in floats])
    return [levels[0].numpy() == 0 for levels in found.integers]


def in_units_of_weight(scores: np.ndarray, weight: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """Return a layer's scores scaled so that over its surviving weights their mean is the mean of |w|.

    A layer whose scores are all zero tells nothing apart: it is given its |w|.
    """
    survivors = np.ones(weight.shape, bool) if mask is None else mask
    size = np.abs(weight).astype(np.float64)
    total = scores[survivors].sum()
    return np.asarray(scores * (size[survivors].sum() / total)) if total > 0 else size


def within(scores: Sequence[np.ndarray], masks: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return scores that rank every removed weight below every surviving one, so that the next masks are nested."""
    return [
        np.where(mask, worth + _SMALLEST * (worth.max() or 1.0), 0.0)
        for worth, mask in zip(scores, masks, strict=True)
    ]


def inverse_diagonal(hessian: np.ndarray) -> np.ndarray:
    """Return the diagonal of the damped H^-1 [..., D, D], [..., D]; inputs that never fire are tied to no other."""
    if hessian.ndim == 3:
        return np.stack([inverse_diagonal(of_channel) for of_channel in hessian])
    live = np.diag(hessian) > 0
    damped = damp(hessian)
    diagonal = 1 / np.diag(damped)
    diagonal[live] = np.diag(np.linalg.inv(damped[np.ix_(live, live)]))
    return np.asarray(diagonal)


def damp(hessian: np.ndarray) -> np.ndarray:
    """Return H + mu I with mu a share of H's mean diagonal: inputs that never fire must not divide by zero."""
    diagonal = float(np.diag(hessian).mean())
    return np.asarray(hessian + max(_DAMPING * diagonal, _SMALLEST) * np.eye(len(hessian)))
