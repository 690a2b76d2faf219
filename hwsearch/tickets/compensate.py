"""One-shot pruning and quantisation that lets the remaining weights make up for what went, row by row.

With the squared error of the membrane E = dw H dw (see `observe`), a row w, the surviving weights K and the removed
ones P:

    pruning      w_K <- w_K + H_KK^-1 H_KP w_P                                   (the least squares solution)
    quantising   in turn, q the next: w_q -> Q(w_q), and the surviving weights after it take
                 w <- w - (w_q - Q(w_q)) / [H_FF^-1]_qq * H_FF^-1[:, q],  F the surviving weights not yet fixed

Source: Hassibi and Stork 1993 (optimal brain surgeon); the order of quantising and the Cholesky form are Frantar et al.
2023 (GPTQ); H from spike traces Shi, Li, Ward-Cherrier 2025. Not a training: no label is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from hwsearch.compress.masks import prune
from hwsearch.compress.quantise import Quantiser, largest_level
from hwsearch.graph.graph import NetworkSpec
from hwsearch.network.params import Params
from hwsearch.tickets.criteria import damp, in_units_of_weight, inverse_diagonal, within
from hwsearch.tickets.observe import ConnectionStatistics

_ELEMENTS = 16_000_000  # of the batch of row Hessians at a time
_STEPS = 4  # of `prune_in_steps`
_FACTORS = (1.0, 0.6, 0.7, 0.8, 0.9, 1.1, 1.25)  # on the step of a grid; of equals the first


def compensate(
    params: Params, masks: Sequence[np.ndarray], statistics: Sequence[ConnectionStatistics]
) -> Params:
    """Return the weights with those removed at zero and the surviving ones adjusted by least squares.

    Args:
        params: Trained dense floats.
        masks: Surviving weights, like the weights.
        statistics: Of the dense network.
    """
    weights = [
        weight if mask.all() else _solved(weight, mask, observed)[0]
        for weight, mask, observed in zip(params.weights, masks, statistics, strict=True)
    ]
    return replace(params, weights=tuple(weights))


def quantise_in_turn(
    spec: NetworkSpec,
    params: Params,
    masks: Sequence[np.ndarray],
    bits: Sequence[int],
    statistics: Sequence[ConnectionStatistics],
) -> Params:
    """Return weights on grids of their bits, each rounding made up for by the weights that follow.

    The inputs of largest H go first: what is rounded last has no other weight to make up for it. A channel's step is
    that of `Quantiser` times whichever of a few factors leaves the least error of the membrane; all channels of the
    readout share a factor.

    Args:
        spec: The architecture.
        params: Floats, compensated for the mask where there is one.
        masks: Surviving weights, like the weights.
        bits: Weight bits, one a connection.
        statistics: Of the dense network.
    """
    quantised = []
    parts = zip(spec.connections, params.weights, masks, bits, statistics, strict=True)
    for connection, weight, mask, width, observed in parts:
        survivors = torch.from_numpy(mask.reshape(len(mask), -1).copy())
        rows = torch.from_numpy(weight.reshape(survivors.shape)).double()
        grid = Quantiser((width,), per_channel=not connection.readout)
        _, scale = grid.quantise(rows.float().unsqueeze(0), survivors.float().unsqueeze(0))
        step = scale[0].double().expand(len(rows), 1)
        turned = [
            _best_steps(rows[own], survivors[own], step[own], width, damp(hessian), shared=connection.readout)
            for own, hessian in _of_rows(observed.hessian, len(rows))
        ]
        quantised.append(_like(torch.cat(turned).numpy(), weight))
    return replace(params, weights=tuple(quantised))


def prune_in_steps(
    spec: NetworkSpec,
    params: Params,
    statistics: Sequence[ConnectionStatistics],
    granularity: str,
    sparsity: float,
    *,
    gentle: float = 2.0,
) -> tuple[Params, tuple[np.ndarray, ...]]:
    """Remove a fraction in a few steps, each scored on the weights as they were compensated for the step before.

    A weight's score is `criteria`'s second order one with H^-1 taken over the surviving weights of its row; masks of
    later steps lie within those of earlier ones.

    Args:
        spec: The architecture.
        params: Trained dense floats.
        statistics: Of the dense network.
        granularity: One of `masks.GRANULARITIES`.
        sparsity: Fraction of groups removed in the end.
        gentle: See `masks.prune`.

    Returns:
        Compensated weights and masks.
    """
    weights, masks = params.weights, tuple(np.ones(weight.shape, bool) for weight in params.weights)
    inverses = [np.atleast_2d(inverse_diagonal(observed.hessian)) for observed in statistics]
    for step in range(1, _STEPS + 1):
        parts = zip(weights, masks, statistics, inverses, strict=True)
        scores = within([_scores(*part) for part in parts], masks)
        # an even number of e-foldings a step, so that no step takes most of what the others have spared
        fraction = 1 - (1 - sparsity) ** (step / _STEPS) if sparsity < 1 else step / _STEPS
        masks = tuple(
            prune(
                spec.connections,
                params.weights,
                granularity,
                fraction,
                gentle=gentle,
                scores=scores,
                multiple=spec.channel_multiple,
            )
        )
        solved = [_solved(*part) for part in zip(params.weights, masks, statistics, strict=True)]
        weights, inverses = tuple(weight for weight, _ in solved), [inverse for _, inverse in solved]
    return replace(params, weights=weights), masks


def _solved(
    weight: np.ndarray, mask: np.ndarray, observed: ConnectionStatistics
) -> tuple[np.ndarray, np.ndarray]:
    """Return weights compensated for their mask, and the diagonal of each row's H^-1."""
    rows = _rows(weight).astype(np.float64)
    survivors = mask.reshape(rows.shape)
    solved = [
        _least_squares(rows[own], survivors[own], hessian)
        for own, hessian in _of_rows(observed.hessian, len(rows))
    ]
    return _like(np.concatenate([rows for rows, _ in solved]), weight), np.concatenate([d for _, d in solved])


def _of_rows(hessian: np.ndarray, n_rows: int) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield the rows that share an H, and it: all of them, but of depthwise weights each has its own."""
    if hessian.ndim == 2:
        yield slice(0, n_rows), hessian
    else:
        for row, of_channel in enumerate(hessian):
            yield slice(row, row + 1), of_channel


def _rows(weight: np.ndarray) -> np.ndarray:
    return weight.reshape(len(weight), -1)


def _like(rows: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return rows.reshape(weight.shape).astype(np.float32)


def _least_squares(rows: np.ndarray, mask: np.ndarray, hessian: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Let the surviving weights of rows [out, D] solve H_KK dw_K = H_KP w_P; inputs that never fire take no part.

    Returns:
        Rows with the removed weights at zero, and the diagonal of each row's H_KK^-1, both [out, D].
    """
    live = np.diag(hessian) > 0
    full = torch.from_numpy(damp(hessian)[np.ix_(live, live)])
    result = rows * mask
    diagonal = np.broadcast_to(1 / np.diag(damp(hessian)), rows.shape).copy()
    size = max(1, _ELEMENTS // max(1, full.numel()))
    for first in range(0, len(rows) if live.any() else 0, size):
        batch = slice(first, first + size)
        survivors, weights = torch.from_numpy(mask[batch][:, live]), torch.from_numpy(rows[batch][:, live])
        inverse = _inverses(full, survivors)
        pull = (weights * ~survivors) @ full * survivors
        change = (inverse @ pull.unsqueeze(2)).squeeze(2)
        result[batch, live] = ((weights + change) * survivors).numpy()
        diagonal[batch, live] = inverse.diagonal(dim1=1, dim2=2).numpy()
    return result, diagonal


def _best_steps(
    rows: Tensor, survivors: Tensor, scale: Tensor, bits: int, hessian: np.ndarray, *, shared: bool
) -> Tensor:
    """Return quantised rows [out, D] of the least error; scale [out, 1], of which ``shared`` rows take one factor."""
    order = np.argsort(-np.diag(hessian), kind="stable")
    back, sorted_hessian = np.argsort(order), hessian[np.ix_(order, order)]
    target = torch.where(survivors, rows, 0.0)
    best, least = rows, torch.full((len(rows),), torch.inf, dtype=rows.dtype)
    for factor in _FACTORS:
        quantised = _in_turn(rows[:, order], survivors[:, order], scale * factor, bits, sorted_hessian)[
            :, back
        ]
        moved = quantised - target
        error = ((moved @ torch.from_numpy(hessian)) * moved).sum(1)
        if shared:
            error = error.sum().expand(len(rows))
        best = torch.where((error < least).unsqueeze(1), quantised, best)
        least = torch.minimum(error, least)
    return best


def _in_turn(rows: Tensor, survivors: Tensor, scale: Tensor, bits: int, hessian: np.ndarray) -> Tensor:
    """Return quantised rows [out, D]; scale [out, 1]."""
    full, top = torch.from_numpy(hessian), largest_level(bits)
    result = []
    size = max(1, _ELEMENTS // hessian.size)
    for first in range(0, len(rows), size):
        batch = slice(first, first + size)
        weights, mask, step = rows[batch].clone(), survivors[batch], scale[batch, 0]
        upper = torch.linalg.cholesky(_inverses(full, mask), upper=True)
        for q in range(weights.shape[1]):
            level = (weights[:, q] / step).round().clamp(-top, top)
            if bits == 1:
                level = torch.where(weights[:, q] < 0, -1.0, 1.0).double()
            target = level * step * mask[:, q]
            error = (weights[:, q] - target) / upper[:, q, q]
            weights[:, q] = target
            weights[:, q + 1 :] -= error.unsqueeze(1) * upper[:, q, q + 1 :]
        result.append(weights * mask)
    return torch.cat(result)


def _inverses(full: Tensor, mask: Tensor) -> Tensor:
    """Return each row's H^-1 over its surviving weights, [rows, D, D] with the identity for removed ones.

    If nothing is removed, all rows share it: [1, D, D].
    """
    distinct = mask[:1] if bool(mask.all()) else mask
    both = distinct.unsqueeze(2) & distinct.unsqueeze(1)
    restricted = torch.where(both, full, torch.zeros((), dtype=full.dtype))
    restricted += torch.diag_embed((~distinct).to(full.dtype))
    return torch.cholesky_inverse(torch.linalg.cholesky(restricted))


def _scores(
    weight: np.ndarray, mask: np.ndarray, observed: ConnectionStatistics, inverse: np.ndarray
) -> np.ndarray:
    """Return one connection's second order scores, like its weights; inverse is the diagonal of each row's H^-1."""
    error = np.abs(_rows(weight) * observed.gain[:, None]) / np.sqrt(inverse)
    return in_units_of_weight(error.reshape(mask.shape), weight, mask)
