"""One-shot pruning and quantisation that lets the remaining weights make up for what went, row by row.

With the squared error of the membrane E = dw H dw (see `observe`), a row w, the kept weights K and the removed ones P:

    pruning      w_K <- w_K + H_KK^-1 H_KP w_P                                   (the least squares solution)
    quantising   in turn, q the next: w_q -> Q(w_q), and the kept weights after it take
                 w <- w - (w_q - Q(w_q)) / [H_FF^-1]_qq * H_FF^-1[:, q],  F the kept weights not yet fixed

Source: Hassibi and Stork 1993 (optimal brain surgeon); the order of quantising and the Cholesky form are Frantar et al.
2023 (GPTQ); H from spike traces Shi, Li, Ward-Cherrier 2025. Not a training: no label is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from hwsearch.compress.masks import prune
from hwsearch.compress.quantise import Quantiser, largest_level
from hwsearch.network.stack import LayerParams, Params
from hwsearch.tickets.criteria import damp, in_units_of_weight, inverse_diagonal, within
from hwsearch.tickets.observe import LayerStatistics

_ELEMENTS = 16_000_000  # of the batch of row Hessians at a time
_FACTORS = (1.0, 0.6, 0.7, 0.8, 0.9, 1.1, 1.25)  # on the step of a grid; of equals the first


def compensate(params: Params, masks: Sequence[np.ndarray], statistics: Sequence[LayerStatistics]) -> Params:
    """Return the weights with those removed at zero and the kept ones adjusted by least squares.

    Args:
        params: Trained dense floats.
        masks: Surviving weights, like the weights.
        statistics: Of the dense network.
    """
    fixed = []
    for layer, mask, seen in zip(params, masks, statistics, strict=True):
        rows = layer.weight.reshape(len(layer.weight), -1).astype(np.float64)
        kept = mask.reshape(rows.shape)
        if not kept.all():
            rows, _ = _least_squares(rows, kept, seen.hessian)
        fixed.append(replace(layer, weight=rows.reshape(layer.weight.shape).astype(np.float32)))
    return tuple(fixed)


def quantise_in_turn(
    params: Params,
    masks: Sequence[np.ndarray],
    bits: Sequence[int],
    statistics: Sequence[LayerStatistics],
) -> Params:
    """Return weights on grids of their bits, each rounding made up for by the weights that follow.

    The inputs of largest H go first: what is rounded last has nobody to make up for it. A channel's step is that of
    `Quantiser` times whichever of a few factors leaves the least error of the membrane; the readout has one for all.

    Args:
        params: Floats, compensated for the mask where there is one.
        masks: Surviving weights, like the weights.
        bits: Weight bits, one a layer.
        statistics: Of the dense network.
    """
    fixed = []
    for index, (layer, mask, own, seen) in enumerate(zip(params, masks, bits, statistics, strict=True)):
        kept = torch.from_numpy(mask.reshape(len(mask), -1).copy())
        rows = torch.from_numpy(layer.weight.reshape(kept.shape)).double()
        grid = Quantiser((own,), per_channel=index < len(params) - 1)
        _, scale = grid.quantise(rows.float().unsqueeze(0), kept.float().unsqueeze(0))
        step = scale[0].double().expand(len(rows), 1)
        rows = _best_steps(rows, kept, step, own, damp(seen.hessian), shared=not grid.per_channel)
        fixed.append(replace(layer, weight=rows.reshape(layer.weight.shape).float().numpy()))
    return tuple(fixed)


def reconstruction_error(before: Params, after: Params, statistics: Sequence[LayerStatistics]) -> list[float]:
    """Return each layer's squared error of the membrane as a share of its mean square: dw H dw / w H w."""
    errors = []
    for old, new, seen in zip(before, after, statistics, strict=True):
        rows = old.weight.reshape(len(old.weight), -1).astype(np.float64) * seen.gain[:, None]
        moved = (new.weight - old.weight).reshape(rows.shape) * seen.gain[:, None]
        power = np.einsum("od,de,oe->", rows, seen.hessian, rows)
        errors.append(float(np.einsum("od,de,oe->", moved, seen.hessian, moved) / max(power, 1e-30)))
    return errors


def prune_in_steps(
    params: Params,
    statistics: Sequence[LayerStatistics],
    granularity: str,
    sparsity: float,
    *,
    steps: int = 4,
    gentle: float = 2.0,
) -> tuple[Params, tuple[np.ndarray, ...]]:
    """Remove a fraction in steps, each scored on the weights as they were compensated for the step before.

    A weight's score is `criteria`'s second order one with H^-1 taken over the kept weights of its row; masks of later
    steps lie within those of earlier ones.

    Args:
        params: Trained dense floats.
        statistics: Of the dense network.
        granularity: One of `masks.GRANULARITIES`.
        sparsity: Fraction of groups removed in the end.
        steps: How many.
        gentle: See `masks.prune`.

    Returns:
        Compensated weights and masks.
    """
    own, masks = params, tuple(np.ones(layer.weight.shape, bool) for layer in params)
    inverses = [inverse_diagonal(seen.hessian)[None] for seen in statistics]
    for step in range(1, steps + 1):
        parts = zip(own, masks, statistics, inverses, strict=True)
        scores = within([_scores(*part) for part in parts], masks)
        weights = [layer.weight for layer in params]
        # an even number of e-foldings a step, so that no step takes most of what is left
        part = 1 - (1 - sparsity) ** (step / steps) if sparsity < 1 else step / steps
        masks = tuple(prune(weights, granularity, part, gentle=gentle, scores=scores))
        solved = [
            _least_squares(_rows(p).astype(np.float64), m.reshape(_rows(p).shape), s.hessian)
            for p, m, s in zip(params, masks, statistics, strict=True)
        ]
        own = tuple(
            replace(p, weight=rows.reshape(p.weight.shape).astype(np.float32))
            for p, (rows, _) in zip(params, solved, strict=True)
        )
        inverses = [inverse for _, inverse in solved]
    return own, masks


def _rows(layer: LayerParams) -> np.ndarray:
    return layer.weight.reshape(len(layer.weight), -1)


def _least_squares(rows: np.ndarray, kept: np.ndarray, hessian: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Let the kept weights of rows [out, D] solve H_KK dw_K = H_KP w_P; inputs that never fire take no part.

    Returns:
        Rows with the removed weights at zero, and the diagonal of each row's H_KK^-1, both [out, D].
    """
    live = np.diag(hessian) > 0
    full = torch.from_numpy(damp(hessian)[np.ix_(live, live)])
    result = rows * kept
    diagonal = np.broadcast_to(1 / np.diag(damp(hessian)), rows.shape).copy()
    size = max(1, _ELEMENTS // max(1, full.numel()))
    for first in range(0, len(rows) if live.any() else 0, size):
        part = slice(first, first + size)
        keep, own = torch.from_numpy(kept[part][:, live]), torch.from_numpy(rows[part][:, live])
        inverse = _inverses(full, keep)
        pull = (own * ~keep) @ full * keep
        change = (inverse @ pull.unsqueeze(2)).squeeze(2)
        result[part, live] = ((own + change) * keep).numpy()
        diagonal[part, live] = inverse.diagonal(dim1=1, dim2=2).numpy()
    return result, diagonal


def _best_steps(
    rows: Tensor, kept: Tensor, scale: Tensor, bits: int, hessian: np.ndarray, *, shared: bool
) -> Tensor:
    """Return quantised rows [out, D] of the least error; scale [out, 1], of which ``shared`` rows take one factor."""
    order = np.argsort(-np.diag(hessian), kind="stable")
    back, sorted_hessian = np.argsort(order), hessian[np.ix_(order, order)]
    target = torch.where(kept, rows, 0.0)
    best, least = rows, torch.full((len(rows),), torch.inf, dtype=rows.dtype)
    for factor in _FACTORS:
        own = _in_turn(rows[:, order], kept[:, order], scale * factor, bits, sorted_hessian)[:, back]
        moved = own - target
        error = ((moved @ torch.from_numpy(hessian)) * moved).sum(1)
        if shared:
            error = error.sum().expand(len(rows))
        best = torch.where((error < least).unsqueeze(1), own, best)
        least = torch.minimum(error, least)
    return best


def _in_turn(rows: Tensor, kept: Tensor, scale: Tensor, bits: int, hessian: np.ndarray) -> Tensor:
    """Return quantised rows [out, D]; scale [out, 1]."""
    full, top = torch.from_numpy(hessian), largest_level(bits)
    result = []
    size = max(1, _ELEMENTS // hessian.size)
    for first in range(0, len(rows), size):
        part = slice(first, first + size)
        own, keep, step = rows[part].clone(), kept[part], scale[part, 0]
        upper = torch.linalg.cholesky(_inverses(full, keep), upper=True)
        for q in range(own.shape[1]):
            level = (own[:, q] / step).round().clamp(-top, top)
            if bits == 1:
                level = torch.where(own[:, q] < 0, -1.0, 1.0).double()
            target = level * step * keep[:, q]
            error = (own[:, q] - target) / upper[:, q, q]
            own[:, q] = target
            own[:, q + 1 :] -= error.unsqueeze(1) * upper[:, q, q + 1 :]
        result.append(own * keep)
    return torch.cat(result)


def _inverses(full: Tensor, keep: Tensor) -> Tensor:
    """Return each row's H^-1 over its kept weights, [rows, D, D] with the identity for removed ones.

    Rows that all keep everything share one: [1, D, D].
    """
    own = keep[:1] if bool(keep.all()) else keep
    both = own.unsqueeze(2) & own.unsqueeze(1)
    restricted = torch.where(both, full, torch.zeros((), dtype=full.dtype))
    restricted += torch.diag_embed((~own).to(full.dtype))
    return torch.cholesky_inverse(torch.linalg.cholesky(restricted))


def _scores(layer: LayerParams, mask: np.ndarray, seen: LayerStatistics, inverse: np.ndarray) -> np.ndarray:
    """Return the second order scores of one layer, like its weights; inverse is the diagonal of each row's H^-1."""
    error = np.abs(_rows(layer) * seen.gain[:, None]) / np.sqrt(inverse)
    return in_units_of_weight(error.reshape(mask.shape), layer.weight, mask)
