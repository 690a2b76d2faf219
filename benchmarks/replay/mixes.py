"""What every per-layer mix is before training, by the product's own cutting and pricing: bytes, and what is kept.

The channels that go with a mix depend on all its sparsities, the bytes of a layer on what is left of it and on its own
bits: so (granularity, sparsity of each layer) are cut once, and every layer is stored at every number of bits. The
dense network is that of seed 0. Not for the bytes after training: `response` says these.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from hwsearch.hardware.cost_model import price
from hwsearch.hardware.families.parts import store
from hwsearch.predict.cost import predict_workload
from hwsearch.search.stages.context import Context
from hwsearch.search.stages.tickets import ticket_of
from hwsearch.space.candidate import Candidate
from hwsearch.space.space import SearchSpace


@dataclass(frozen=True, eq=False)
class Cut:
    """Networks that were cut and not trained; R rows, L layers, B numbers of bits.

    Attributes:
        weights: [R, L, B] bytes of each layer's weights at each number of bits.
        fixed: [R] bytes of all else.
        kept: [R, L] fraction of each layer's weights that are left.
        channels: [R, L] fraction of each layer's outputs that are left.
    """

    weights: np.ndarray
    fixed: np.ndarray
    kept: np.ndarray
    channels: np.ndarray

    def bytes_at(self, rows: np.ndarray, bits: np.ndarray) -> np.ndarray:
        """Return the memory in bytes [N] of rows [N] at levels of bits [N, L]."""
        layers = np.arange(self.weights.shape[1])
        own: np.ndarray = self.fixed[rows] + self.weights[rows[:, None], layers, bits].sum(1)
        return own


def mix_cuts(context: Context, space: SearchSpace, path: Path) -> Cut:
    """Return every (granularity, sparsity of each layer), in the order of their levels; kept in a file.

    Args:
        context: The dense network of seed 0 (a sparsity a layer is cut alike whatever the plan's scope).
        space: Levels; it has a sparsity a layer.
        path: Of the file (.npz); deletable, it is made anew.
    """
    if not path.exists():
        settings = itertools.product(
            space.granularity, itertools.product(space.sparsity, repeat=space.per_layer)
        )
        cut = cut_networks(context, [effective(g, s) for g, s in settings], space.weight_bits)
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, **vars(cut))
    with np.load(path) as arrays:
        return Cut(**arrays)


def cut_networks(
    context: Context, settings: list[tuple[str, tuple[float, ...]]], weight_bits: tuple[int, ...]
) -> Cut:
    """Return networks by granularity and sparsity, each cut once however often it is asked for."""
    rows = {own: _cut(context, *own, weight_bits) for own in dict.fromkeys(settings)}
    columns = zip(*(rows[own] for own in settings), strict=True)
    return Cut(*(np.array(column) for column in columns))


def effective(granularity: str, sparsity: tuple[float, ...]) -> tuple[str, tuple[float, ...]]:
    """Return one spelling of settings that cut alike: the readout has no channels of its own to lose."""
    own = (*sparsity[:-1], 0.0) if granularity == "channel" else sparsity
    return (granularity, own) if any(own) else ("weight", own)


def _cut(
    context: Context, granularity: str, sparsity: tuple[float, ...], weight_bits: tuple[int, ...]
) -> tuple[list[list[int]], int, list[float], list[float]]:
    plan, timesteps = context.plan, context.plan.dense_timesteps
    connections = plan.spec.connections
    n_layers = len(plan.spec.prunable)
    own = ticket_of(context, Candidate(sparsity, granularity, (weight_bits[-1],) * n_layers, timesteps))
    workload = predict_workload(
        plan.spec, own.masks, own.bits, timesteps, context.yardstick.dense.runs[timesteps]
    )
    cost = price(workload, plan.profile)
    weights = [
        [store(replace(layer, weight_bits=b), plan.profile).n_bytes for b in weight_bits]
        for layer in workload.connections
    ]
    pairs = list(zip(workload.connections, connections, strict=True))
    kept = [layer.census.nonzero / math.prod(shape.weight_shape) for layer, shape in pairs]
    channels = [layer.census.out_channels / shape.out_channels for layer, shape in pairs]
    return weights, cost.memory_bytes - cost.weight_bytes, kept, channels
