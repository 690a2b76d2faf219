"""Which weights survive at a granularity and a sparsity.

Weights and masks are one array a connection, [out, in] (fully connected) or [out, in / groups, kh, kw] (convolution).
A mask is True where a weight survives. What is not prunable (a residual identity) is not counted and stays whole, but
for the rows of removed channels. Not for finding the scores (`hwsearch.tickets` does) and not for shrinking a network
whose channels went.

``weight``   single weights
``nm:m``     n of every m consecutive inputs of an output, over the flattened row (in / groups * kh * kw)
``block:B``  runs of B consecutive inputs of an output, over the flattened row; its last run may be shorter
``kernel``   filter planes (out, in) of convolutions; fully connected weights are left alone and not counted
``channel``  output channels or neurons, in all populations that share them (`channels`), with all that reads them;
             those of the input and the readout stay

Exactly k = floor(sparsity * groups + 0.5) groups are removed, those of lowest score first, of equal scores
the first in the order (connection, flat index). A group's score is the mean of its members' scores, so that short
tails compare; a channel's is that of `channels.channel_scores`, over the mean of its population's where populations are
ranked together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from hwsearch.compress.channels import Mask, Scores, channel_scores, removable, remove
from hwsearch.compress.ranking import aligned, best, keep_best
from hwsearch.graph.graph import Connection
from hwsearch.space.candidate import snap

FloatArray = npt.NDArray[np.floating[Any]]

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
    connections: Sequence[Connection],
    weights: Sequence[FloatArray],
    granularity: str,
    sparsity: float,
    *,
    scope: Literal["global", "layer"] = "global",
    gentle: float = 2.0,
    scores: Sequence[FloatArray] | None = None,
    multiple: int = 1,
) -> list[Mask]:
    """Return the masks that remove a fraction of all prunable groups.

    For ``channel`` the fraction is of channels: a channel takes its rows and every weight that reads it, so
    more weights go than `sparsity` says. For ``nm:m`` the sparsity is snapped and every group is treated
    alike, so that `scope` and `gentle` change nothing.

    Under the global scope the first and the last prunable connection are pruned less (their scores count `gentle`
    times), and the best max(1, ceil(groups / 100)) groups of every connection are protected: k is capped at the
    others' number.

    Args:
        connections: Of the network.
        weights: One array a connection.
        granularity: One of GRANULARITIES.
        sparsity: Fraction of groups removed, 0 to 1.
        scope: ``global`` ranks all connections together; ``layer`` removes the same fraction of each, without
            `gentle` (see `prune_layers`).
        gentle: Factor on the scores of the first and last prunable connection; 1 treats all alike.
        scores: Worth of each weight, not negative, shaped as `weights`; |w| if not given.
        multiple: Of whose channels a multiple stays, where any go: the best of those that would go stay as well.

    Raises:
        ValueError: The granularity is unknown or applies to no connection, or a value breaks the rules above.

    Source: the lighter first and last layer are Kim et al. 2022, Fig. 6c, and Yao et al. 2023.
    """
    each = [sparsity] * sum(c.prunable for c in connections)
    if scope == "layer" or granularity.startswith("nm:"):
        return prune_layers(connections, weights, granularity, each, scores=scores, multiple=multiple)
    if gentle <= 0:
        raise ValueError(f"gentle must be positive; got {gentle}")
    named = _named(connections, granularity)
    layers = _scored(connections, weights, each, scores)
    groups = _group_scores(connections, layers, named)
    staying = _keep_globally(list(groups.values()), granularity, sparsity, gentle)
    if granularity == "channel":
        staying = [
            aligned(keep, group, multiple) for keep, group in zip(staying, groups.values(), strict=True)
        ]
    return _masks(connections, named, dict(zip(groups, staying, strict=True)))


def prune_layers(
    connections: Sequence[Connection],
    weights: Sequence[FloatArray],
    granularity: str | Sequence[str],
    sparsities: Sequence[float],
    *,
    scores: Sequence[FloatArray] | None = None,
    multiple: int = 1,
) -> list[Mask]:
    """Return the masks that remove a given fraction of each connection's groups, each ranked on its own.

    Args:
        connections: Of the network.
        weights: One array a connection.
        granularity: One of GRANULARITIES, or one a prunable connection. Where they differ, each is cut as if alone, and
            then loses what removed channels take with them.
        sparsities: Fraction of groups removed, one a prunable connection; the entries of those that their granularity
            does not prune are not used: fully connected ones for ``kernel``, for ``channel`` those that do not decide
            for a group (`channels`) or enter the readout. Every population keeps at least one channel.
        scores: Worth of each weight, not negative, shaped as `weights`; |w| if not given.
        multiple: See `prune`.

    Raises:
        ValueError: As `prune`, or if there is not one value a prunable connection.
    """
    named = _named(connections, granularity)
    layers = _scored(connections, weights, sparsities, scores)
    asked = dict(zip(named, sparsities, strict=True))
    return _masks(connections, named, _staying(connections, layers, named, asked, multiple))


def prune_layer(
    connections: Sequence[Connection],
    scores: Sequence[Scores],
    place: int,
    granularity: str,
    sparsity: float,
    *,
    multiple: int = 1,
) -> Mask:
    """Return the mask of one connection, as `prune_layers` gives it where no other is cut.

    Args:
        connections: Of the network.
        scores: Worth of each weight, in double precision, one array a connection; those of channels that are ranked
            with it count too.
        place: Of the connection; its granularity must be one that applies to the network.
        granularity: One of GRANULARITIES.
        sparsity: Fraction of its groups that is removed.
        multiple: See `prune`.
    """
    named = {place: granularity}
    staying = _staying(connections, scores, named, {place: sparsity}, multiple)
    return _masks(connections, named, staying)[place]


def _staying(
    connections: Sequence[Connection],
    layers: Sequence[Scores],
    named: dict[int, str],
    asked: dict[int, float],
    multiple: int,
) -> dict[int, Mask]:
    """Return which groups of each named connection stay when each is ranked on its own."""
    staying: dict[int, Mask] = {}
    for place, groups in _group_scores(connections, layers, named).items():
        guarded = best(groups, 1 if named[place] == "channel" else 0)
        staying[place] = keep_best(groups, asked[place], guarded)
        if named[place] == "channel":
            staying[place] = aligned(staying[place], groups, multiple)
    for place, name in named.items():
        if name.startswith("nm:"):
            staying[place] = _nm_mask(layers[place], int(name[3:]), snap(name, asked[place]))
    return staying


def join_layers(
    connections: Sequence[Connection], masks: Sequence[Mask], granularity: str | Sequence[str]
) -> list[Mask]:
    """Return one network's masks from those of its connections that were cut apart, each with all that its groups take.

    Args:
        connections: Of the network.
        masks: One a connection, each cut at its own sparsity. Of ``channel`` masks only the rows count (a channel that
            stays has at least one weight), and only where a connection decides for a group (`channels`).
        granularity: One of GRANULARITIES, or one a prunable connection.
    """
    named = _named(connections, granularity)
    if "channel" not in named.values():
        return list(masks)
    joined = [
        mask.copy() if named.get(i, "channel") != "channel" else np.ones(mask.shape, np.bool_)
        for i, mask in enumerate(masks)
    ]
    for group in removable(connections):
        if named[group.first] == "channel":
            rows = masks[group.first]
            remove(connections, group, joined, np.asarray(rows.reshape(len(rows), -1).any(1), np.bool_))
    return joined


def sparsity_of(connections: Sequence[Connection], masks: Sequence[Mask]) -> float:
    """Return the fraction of all prunable weights that the masks remove."""
    prunable = [mask for c, mask in zip(connections, masks, strict=True) if c.prunable]
    survivors = sum(int(np.count_nonzero(mask)) for mask in prunable)
    return 1 - survivors / sum(mask.size for mask in prunable)


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


def _named(connections: Sequence[Connection], granularity: str | Sequence[str]) -> dict[int, str]:
    """Return the granularity of each prunable connection by its place."""
    places = [i for i, c in enumerate(connections) if c.prunable]
    names = [granularity] * len(places) if isinstance(granularity, str) else list(granularity)
    for name in dict.fromkeys(names):
        if name not in GRANULARITIES:
            raise ValueError(f"granularity must be one of {GRANULARITIES}; got {name!r}")
        if not _pruned_by(connections, name):
            raise ValueError(f"granularity {name!r} applies to no layer of this network (do not offer it)")
    if len(names) != len(places):
        raise ValueError(f"one granularity a layer is needed; got {len(names)} for {len(places)} layers")
    return dict(zip(places, names, strict=True))


def _pruned_by(connections: Sequence[Connection], granularity: str) -> list[int]:
    """Return the places of the connections that have groups of a granularity; for channels those that decide."""
    if granularity == "channel":
        return [group.first for group in removable(connections)]
    kinds = ("conv",) if granularity == "kernel" else ("conv", "fc")
    return [i for i, c in enumerate(connections) if c.prunable and c.kind in kinds]


def _scored(
    connections: Sequence[Connection],
    weights: Sequence[FloatArray],
    sparsities: Sequence[float],
    scores: Sequence[FloatArray] | None,
) -> list[Scores]:
    """Check the arguments and return each connection's scores in double precision."""
    prunable = sum(c.prunable for c in connections)
    if not prunable or len(sparsities) != prunable:
        raise ValueError(f"one sparsity a layer is needed; got {len(sparsities)} for {prunable} layers")
    if not all(0 <= sparsity <= 1 for sparsity in sparsities):
        raise ValueError(f"sparsity must lie in 0..1; got {list(sparsities)}")
    shapes = [c.weight_shape for c in connections]
    if [weight.shape for weight in weights] != shapes:
        raise ValueError("weights must have the shapes of the connections, one array a connection")
    layers = [np.asarray(s, np.float64) for s in (map(np.abs, weights) if scores is None else scores)]
    if [layer.shape for layer in layers] != shapes:
        raise ValueError("scores must have the shapes of the weights, one array a connection")
    if not all(np.all(layer >= 0) for layer in layers):
        raise ValueError("scores must be numbers and not negative (take their absolute value)")
    return layers


def _group_scores(
    connections: Sequence[Connection], layers: Sequence[Scores], named: dict[int, str]
) -> dict[int, Scores]:
    """Return the score of each group of each connection, in flat order, by the connection's place; n:m has none."""
    of_channels = {}
    if "channel" in named.values():
        of_channels = {group.first: group for group in removable(connections)}
    found = {}
    for place, name in named.items():
        if name == "channel" and place in of_channels:
            found[place] = channel_scores(connections, of_channels[place], layers)
        elif name != "channel" and not name.startswith("nm:") and place in _pruned_by(connections, name):
            found[place] = _fine_scores(layers[place], name)
    return found


def _fine_scores(layer: Scores, granularity: str) -> Scores:
    """Return the score of each group of weights within a connection."""
    if granularity == "weight":
        return layer.ravel()
    if granularity == "kernel":
        return np.asarray(layer.mean(axis=(2, 3)), np.float64).ravel()
    rows = layer.reshape(len(layer), -1)
    length = int(granularity.partition(":")[2])
    members = runs(np.ones_like(rows[:1]), length, 0).sum(axis=2)
    return np.asarray(runs(rows, length, 0).sum(axis=2) / members, np.float64).ravel()


def _keep_globally(groups: list[Scores], granularity: str, sparsity: float, gentle: float) -> list[Mask]:
    """Return which groups of each connection stay when all are ranked together."""
    if granularity == "channel":
        # layers of other fan-in have other weights: without this one layer loses nearly all of its channels
        groups = [group / (group.mean() or 1.0) for group in groups]
    ends = {0, len(groups) - 1}
    ranked = [group * gentle if place in ends else group for place, group in enumerate(groups)]
    guarded = np.concatenate([best(group, -(-group.size // 100)) for group in ranked])
    staying = keep_best(np.concatenate(ranked), sparsity, guarded)
    return np.split(staying, np.cumsum([group.size for group in groups])[:-1])


def _masks(connections: Sequence[Connection], named: dict[int, str], staying: dict[int, Mask]) -> list[Mask]:
    """Return the masks of groups that stay, which are given by the places of the connections that have them."""
    masks = [np.ones(c.weight_shape, np.bool_) for c in connections]
    for place, keep in staying.items():
        if named[place] != "channel":
            _cut(masks[place], named[place], keep)
    for group in removable(connections) if "channel" in named.values() else []:
        if named.get(group.first) == "channel":
            remove(connections, group, masks, staying[group.first])
    return masks


def _cut(mask: Mask, granularity: str, keep: Mask) -> None:
    """Set the mask of a connection from which of its groups stay."""
    if granularity == "kernel":
        mask[~keep.reshape(mask.shape[:2])] = False
    elif granularity == "weight" or granularity.startswith("nm:"):
        mask[...] = keep.reshape(mask.shape)
    else:
        length = int(granularity.partition(":")[2])
        rows = mask.reshape(len(mask), -1)
        rows[...] = np.repeat(keep.reshape(len(mask), -1), length, axis=1)[:, : rows.shape[1]]


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
