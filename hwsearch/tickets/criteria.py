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
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch

from hwsearch.compress.quantise import Quantiser
from hwsearch.network.stack import Params
from hwsearch.tickets.observe import LayerStatistics

CRITERIA = ("magnitude", "spike_probability", "second_order")
_SMALLEST = 1e-12
_DAMPING = 0.01  # of the mean diagonal
_MOST_CACHED = 64  # layers at some number of bits


def score(
    criterion: str, params: Params, statistics: Sequence[LayerStatistics] | None = None
) -> list[np.ndarray]:
    """Return the worth of every weight, not negative, one array a layer like the weights.

    Args:
        criterion: One of CRITERIA.
        params: The network that is pruned.
        statistics: Of the same network; not needed for ``magnitude``.

    Raises:
        ValueError: The criterion is unknown or its statistics are missing.
    """
    if criterion == "magnitude":
        return [np.abs(layer.weight).astype(np.float64) for layer in params]
    if criterion not in CRITERIA:
        raise ValueError(f"a criterion must be one of {', '.join(CRITERIA)}; got {criterion!r}")
    if statistics is None:
        raise ValueError(f"the criterion {criterion} needs the statistics of the network")
    if criterion == "spike_probability":
        return _spike_probability(params, statistics)
    return _second_order(params, statistics)


def _spike_probability(params: Params, statistics: Sequence[LayerStatistics]) -> list[np.ndarray]:
    """Return eq. 12's P for every hidden layer, |w| for the first and the last."""
    scores = []
    for index, (layer, observed) in enumerate(zip(params, statistics, strict=True)):
        worth = np.abs(layer.weight).astype(np.float64)
        if index > 0 and observed.threshold is not None:
            variance = observed.variance + _SMALLEST
            density = np.exp(-((observed.mean - observed.threshold) ** 2) / (2 * variance))
            density /= np.sqrt(2 * math.pi * variance)
            rows = worth.reshape(len(worth), -1) * observed.rate * (np.abs(observed.gain) * density)[:, None]
            worth = in_units_of_weight(rows.reshape(worth.shape), layer.weight)
        scores.append(worth)
    return scores


def _second_order(params: Params, statistics: Sequence[LayerStatistics]) -> list[np.ndarray]:
    """Return the error that each removal leaves, from one inverse a layer."""
    scores = []
    for layer, observed in zip(params, statistics, strict=True):
        rows = np.abs(layer.weight.astype(np.float64).reshape(len(layer.weight), -1) * observed.gain[:, None])
        error = rows / np.sqrt(inverse_diagonal(observed.hessian))
        scores.append(in_units_of_weight(error.reshape(layer.weight.shape), layer.weight))
    return scores


def after_quantising(scores: Sequence[np.ndarray], params: Params, bits: Sequence[int]) -> list[np.ndarray]:
    """Return scores of weights that were quantised before: those that their grid makes zero come last.

    Among themselves they keep their order (few bits have few levels, and places alone would decide), so as long as only
    zeros are removed, the pruned network is the quantised one.

    Args:
        scores: Worth of each weight, like the weights.
        params: The network that is pruned.
        bits: Weight bits, one a layer.
    """
    last = len(params) - 1
    zeros = [
        _zeros(layer.weight.tobytes(), layer.weight.shape, b, index < last)
        for index, (layer, b) in enumerate(zip(params, bits, strict=True))
    ]
    return [np.where(zero, worth * _SMALLEST, worth) for worth, zero in zip(scores, zeros, strict=True)]


@lru_cache(maxsize=_MOST_CACHED)  # a search asks for the same few layers and bits again and again
def _zeros(weights: bytes, shape: tuple[int, ...], bits: int, per_channel: bool) -> np.ndarray:
    """Return which weights of a layer (float32) its own grid makes zero."""
    weight = torch.from_numpy(np.frombuffer(weights, np.float32).reshape(shape).copy()).unsqueeze(0)
    levels, _ = Quantiser((bits,), per_channel).quantise(weight, torch.ones_like(weight))
    zero: np.ndarray = levels[0].numpy() == 0
    return zero


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
    """Return the diagonal of the damped H^-1, [D]; inputs that never fire are tied to no other."""
    live = np.diag(hessian) > 0
    damped = damp(hessian)
    diagonal = 1 / np.diag(damped)
    diagonal[live] = np.diag(np.linalg.inv(damped[np.ix_(live, live)]))
    return np.asarray(diagonal)


def damp(hessian: np.ndarray) -> np.ndarray:
    """Return H + mu I with mu a share of H's mean diagonal: inputs that never fire must not divide by zero."""
    diagonal = float(np.diag(hessian).mean())
    return np.asarray(hessian + max(_DAMPING * diagonal, _SMALLEST) * np.eye(len(hessian)))
