"""Which weights survive at a granularity and a sparsity.

Weights and masks are one array a layer in the order of the data, [out, in] (fully connected) or
[out, in, k, k] (convolution); the last layer is the readout. A mask is True where a weight survives. Not for
finding the scores (`hwsearch.tickets` does) and not for shrinking a network whose channels went.

``weight``   single weights
``nm:m``     n of every m consecutive inputs of an output, over the flattened row (in * k * k)
``block:B``  runs of B consecutive inputs of an output, over the flattened row; its last run may be shorter
``kernel``   filter planes (out, in) of convolutions; fully connected layers are left alone and not counted
``channel``  output channels or neurons of every layer but the readout, with all that reads them

Exactly k = floor(sparsity * groups + 0.5) groups are removed, those of lowest score first, of equal scores
the first in the order (layer, flat index). A group's score is the mean of its members' scores, so that short
tails compare; a channel's is sqrt(mean score of its incoming weights * mean score of its outgoing weights), over its
layer's mean where layers are ranked together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from hwsearch.space.candidate import snap

FloatArray = npt.NDArray[np.floating[Any]]
Scores = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

GRANULARITIES: tuple[str, ...] = (
    "weight",
    "nm:4",
    "nm:8",
    "nm:16",
    "block:4",
    "block:8",
    "kernel",
    "channel",
)
"""Every granularity, finest first."""


def prune(
    weights: Sequence[FloatArray],
    granularity: str,
    sparsity: float,
    *,
    scope: Literal["global", "layer"] = "global",
    gentle: float = 2.0,
    scores: Sequence[FloatArray] | None = None,
) -> list[Mask]:
    """Return the masks that remove a fraction of all prunable groups.

    For ``channel`` the fraction is of channels: a channel takes its row and every weight that reads it, so
    more weights go than `sparsity` says. For ``nm:m`` the sparsity is snapped and every group is treated
    alike, so that `scope` and `gentle` change nothing.

    Under the global scope the first and the last prunable layer are pruned less (their scores count `gentle` times),
    and the best max(1, ceil(groups / 100)) groups of every layer are protected: k is capped at the others' number.

    Args:
        weights: One array a layer, [out, in] or [out, in, k, k].
        granularity: One of GRANULARITIES.
        sparsity: Fraction of groups removed, 0 to 1.
        scope: ``global`` ranks all layers together; ``layer`` removes the same fraction of each, without
            `gentle` (see `prune_layers`).
        gentle: Factor on the scores of the first and last prunable layer; 1 treats all layers alike.
        scores: Worth of each weight, not negative, shaped as `weights`; |w| if not given.

    Raises:
        ValueError: The granularity is unknown or applies to no layer, or a value breaks the rules above.

    Source: the lighter first and last layer are Kim et al. 2022, Fig. 6c, and Yao et al. 2023.
    """
    if scope == "layer" or granularity.startswith("nm:"):
        return prune_layers(weights, granularity, [sparsity] * len(weights), scores=scores)
    if gentle <= 0:
        raise ValueError(f"gentle must be positive; got {gentle}")
    layers = _scored(weights, granularity, [sparsity] * len(weights), scores)
    prunable = _prunable(weights, granularity)
    staying = _keep_globally(layers, prunable, granularity, sparsity, gentle)
    return _masks(weights, granularity, dict(zip(prunable, staying, strict=True)))


def prune_layers(
    weights: Sequence[FloatArray],
    granularity: str,
    sparsities: Sequence[float],
    *,
    scores: Sequence[FloatArray] | None = None,
) -> list[Mask]:
    """Return the masks that remove a given fraction of each layer's groups, each layer ranked on its own.

    Args:
        weights: One array a layer, [out, in] or [out, in, k, k].
        granularity: One of GRANULARITIES.
        sparsities: Fraction of groups removed, one a layer; the entries of layers that this granularity does
            not prune (the readout for ``channel``, fully connected ones for ``kernel``) are not used. For
            ``channel`` every layer keeps at least one channel.
        scores: Worth of each weight, not negative, shaped as `weights`; |w| if not given.

    Raises:
        ValueError: As `prune`, or if there is not one sparsity a layer.
    """
    layers = _scored(weights, granularity, sparsities, scores)
    if granularity.startswith("nm:"):
        pairs = zip(layers, sparsities, strict=True)
        return [_nm_mask(layer, int(granularity[3:]), snap(granularity, s)) for layer, s in pairs]
    staying: dict[int, Mask] = {}
    for index in _prunable(weights, granularity):
        groups = _group_scores(layers, index, granularity)
        guarded = _best(groups, 1 if granularity == "channel" else 0)
        staying[index] = _keep(groups, sparsities[index], guarded)
    return _masks(weights, granularity, staying)


def join_layers(masks: Sequence[Mask], granularity: str) -> list[Mask]:
    """Return one network's masks from those of its layers that were cut apart, each with all that its groups take.

    Args:
        masks: One a layer, each cut at its own sparsity. Of ``channel`` masks only the rows count (a channel that
            stays has at least one weight): which columns go follows from the rows of the layer before.
        granularity: One of GRANULARITIES.
    """
    if granularity != "channel":
        return list(masks)
    rows = {
        index: np.asarray(mask.reshape(len(mask), -1).any(1), np.bool_)
        for index, mask in enumerate(masks[:-1])
    }
    return _masks(masks, granularity, rows)


def sparsity_of(masks: Sequence[Mask]) -> float:
    """Return the fraction of all weights that the masks remove."""
    survivors = sum(int(np.count_nonzero(mask)) for mask in masks)
    return 1 - survivors / sum(mask.size for mask in masks)


def runs(rows: npt.NDArray[Any], length: int, fill: float) -> npt.NDArray[Any]:
    """Return the runs of `length` consecutive columns, [rows, ceil(columns / length), length].

    Args:
        rows: [rows, columns].
        length: Columns of a run.
        fill: What pads a row's last run.
    """
    missing = -rows.shape[1] % length
    if missing:
        rows = np.concatenate([rows, np.full((len(rows), missing), fill, rows.dtype)], axis=1)
    return rows.reshape(len(rows), -1, length)


def _scored(
    weights: Sequence[FloatArray],
    granularity: str,
    sparsities: Sequence[float],
    scores: Sequence[FloatArray] | None,
) -> list[Scores]:
    """Check the arguments and return each layer's scores in double precision."""
    if granularity not in GRANULARITIES:
        raise ValueError(f"granularity must be one of {GRANULARITIES}; got {granularity!r}")
    if not weights or len(sparsities) != len(weights):
        raise ValueError(f"one sparsity a layer is needed; got {len(sparsities)} for {len(weights)} layers")
    if not all(0 <= sparsity <= 1 for sparsity in sparsities):
        raise ValueError(f"sparsity must lie in 0..1; got {list(sparsities)}")
    layers = [np.asarray(s, np.float64) for s in (map(np.abs, weights) if scores is None else scores)]
    if [layer.shape for layer in layers] != [weight.shape for weight in weights]:
        raise ValueError("scores must have the shapes of the weights, one array a layer")
    if not all(np.all(layer >= 0) for layer in layers):
        raise ValueError("scores must be numbers and not negative (take their absolute value)")
    return layers


def _prunable(weights: Sequence[FloatArray], granularity: str) -> list[int]:
    if granularity == "channel":
        layers = list(range(len(weights) - 1))
    elif granularity == "kernel":
        layers = [index for index, weight in enumerate(weights) if weight.ndim == 4]
    else:
        layers = list(range(len(weights)))
    if not layers:
        raise ValueError(f"granularity {granularity!r} applies to no layer of this network (do not offer it)")
    return layers


def _keep_globally(
    layers: Sequence[Scores], prunable: list[int], granularity: str, sparsity: float, gentle: float
) -> list[Mask]:
    """Return which groups of each prunable layer stay when all are ranked together."""
    groups = [_group_scores(layers, index, granularity) for index in prunable]
    if granularity == "channel":
        # layers of other fan-in have other weights: without this one layer loses nearly all of its channels
        groups = [group / (group.mean() or 1.0) for group in groups]
    ends = {0, len(groups) - 1}
    ranked = [group * gentle if place in ends else group for place, group in enumerate(groups)]
    guarded = np.concatenate([_best(group, -(-group.size // 100)) for group in ranked])
    keep = _keep(np.concatenate(ranked), sparsity, guarded)
    return np.split(keep, np.cumsum([group.size for group in groups])[:-1])


def _group_scores(layers: Sequence[Scores], index: int, granularity: str) -> Scores:
    """Return the score of each group of one layer, in flat order."""
    layer = layers[index]
    rows = layer.reshape(len(layer), -1)
    if granularity == "weight":
        return layer.ravel()
    if granularity == "kernel":
        return np.asarray(layer.mean(axis=(2, 3)), np.float64).ravel()
    if granularity == "channel":
        outgoing = _by_channel(layers[index + 1], len(layer)).mean(axis=(0, 2))
        return np.asarray(np.sqrt(rows.mean(axis=1) * outgoing), np.float64)
    length = int(granularity.partition(":")[2])
    members = runs(np.ones_like(rows[:1]), length, 0).sum(axis=2)
    return np.asarray(runs(rows, length, 0).sum(axis=2) / members, np.float64).ravel()


def _by_channel(reader: npt.NDArray[Any], channels: int) -> npt.NDArray[Any]:
    """Return a layer's weights [out, channels read, weights a channel].

    A fully connected layer after a convolution reads every channel through H * W consecutive columns.
    """
    inputs = reader.shape[1]
    if inputs % channels or (reader.ndim == 4 and inputs != channels):
        raise ValueError(f"a layer of {inputs} inputs cannot read {channels} channels")
    return reader.reshape(len(reader), channels, -1)


def _best(scores: Scores, n: int) -> Mask:
    """Mark the n best groups: those that a stable ranking would remove last."""
    return ~_lowest(scores, scores.size - n)


def _keep(scores: Scores, sparsity: float, guarded: Mask) -> Mask:
    """Return which groups stay when the k lowest unguarded ones go (k is capped at their number)."""
    free = np.flatnonzero(~guarded)
    k = min(math.floor(sparsity * scores.size + 0.5), free.size)
    keep = np.ones(scores.size, dtype=np.bool_)
    keep[free[_lowest(scores[free], k)]] = False
    return keep


def _lowest(scores: Scores, k: int) -> Mask:
    """Mark the k lowest scores, of equal ones the first: as a stable sort would, in linear time."""
    if k <= 0:
        return np.zeros(scores.size, dtype=np.bool_)
    line = np.partition(scores, k - 1)[k - 1]
    lowest = np.asarray(scores < line, np.bool_)
    lowest[np.flatnonzero(scores == line)[: k - int(np.count_nonzero(lowest))]] = True
    return lowest


def _masks(weights: Sequence[FloatArray | Mask], granularity: str, staying: dict[int, Mask]) -> list[Mask]:
    """Return the masks of groups that stay; ``staying`` holds them for every prunable layer by its index."""
    masks = [np.ones(weight.shape, dtype=np.bool_) for weight in weights]
    for index, keep in staying.items():
        mask = masks[index]
        if granularity == "channel":
            mask[~keep] = False
            _by_channel(masks[index + 1], keep.size)[:, ~keep] = False
        elif granularity == "kernel":
            mask[~keep.reshape(mask.shape[:2])] = False
        elif granularity == "weight":
            mask[...] = keep.reshape(mask.shape)
        else:
            length = int(granularity.partition(":")[2])
            rows = mask.reshape(len(mask), -1)
            rows[...] = np.repeat(keep.reshape(len(mask), -1), length, axis=1)[:, : rows.shape[1]]
    return masks


def _nm_mask(scores: Scores, m: int, sparsity: float) -> Mask:
    """Keep the n best of every run of m, of a tail of r the min(r, ceil(n * r / m)) best; ties: the first."""
    n = round((1 - sparsity) * m)
    rows = scores.reshape(len(scores), -1)
    order = np.argsort(-runs(rows, m, -np.inf), axis=2, kind="stable")
    allowed = np.full(order.shape[1], n)
    tail = rows.shape[1] % m
    if tail:
        allowed[-1] = min(tail, -(-n * tail // m))
    keep = np.zeros(order.shape, dtype=np.bool_)
    np.put_along_axis(keep, order, np.arange(m) < allowed[None, :, None], axis=2)
    return keep.reshape(len(rows), -1)[:, : rows.shape[1]].reshape(scores.shape)
