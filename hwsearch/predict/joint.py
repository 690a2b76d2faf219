"""Joint candidates as arrays: knobs of every layer, and tables that are measured layer by layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hwsearch.space.candidate import Candidate

_BITS = 2.0  # from one bit to two is as far as from two to any number
_LEAST_DENSITY = 0.003  # a share of weights below which differences count little


@dataclass(frozen=True, eq=False)
class Joint:
    """Joint candidates as arrays.

    Attributes:
        sparsity: [N, L] fraction removed of each layer's groups.
        granularity: [N] names.
        bits: [N, L] weight bits.
    """

    sparsity: np.ndarray
    granularity: np.ndarray
    bits: np.ndarray

    def __len__(self) -> int:
        return len(self.granularity)

    def __getitem__(self, rows: np.ndarray | slice) -> Joint:
        return Joint(self.sparsity[rows], self.granularity[rows], self.bits[rows])


def joint_of(candidates: Sequence[Candidate], sparsities: Sequence[Sequence[float]], n_layers: int) -> Joint:
    """Return candidates as arrays; sparsities: of each layer's groups, as their masks have it."""
    return Joint(
        np.array(sparsities).reshape(-1, n_layers),
        np.array([candidate.granularity for candidate in candidates]),
        np.array([candidate.bits(n_layers) for candidate in candidates]).reshape(-1, n_layers),
    )


def knobs_of(joint: Joint, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return knobs [N, 2 L + names] on scales of about 1, and their groups: sparsities 0, bits 1, granularity 2.

    Sparsities count as the logarithm of the share of weights that survive, without those that go with a removed
    channel. Bits lie apart as their reciprocals do: the second changes a network as much as all that follow.
    """
    layers = joint.sparsity.shape[1]
    kinds = (joint.granularity[:, None] == np.array(names)).astype(float)
    density = 1.0 - joint.sparsity
    inputs = np.where((joint.granularity == "channel")[:, None], density[:, :-1], 1.0)
    density = np.concatenate([density[:, :1], density[:, 1:] * inputs], axis=1)
    knobs = np.concatenate([np.log10(density + _LEAST_DENSITY), _BITS * (1 - 1 / joint.bits), kinds], axis=1)
    return knobs, np.repeat([0, 1, 2], [layers, layers, len(names)])


def by_granularity(joint: Joint) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each granularity that occurs, and its rows."""
    for name in np.unique(joint.granularity):
        yield str(name), np.flatnonzero(joint.granularity == name)


def between(table: np.ndarray, levels: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the rows of a table [S, ...] of rising levels at values [U] between them, by lines: [U, ...]."""
    low = np.clip(np.searchsorted(levels, values, "right") - 1, 0, len(levels) - 2)
    share = np.clip((values - levels[low]) / (levels[low + 1] - levels[low]), 0.0, 1.0)
    upper = share.reshape(-1, *[1] * (table.ndim - 1)).astype(table.dtype)
    return np.asarray((1 - upper) * table[low] + upper * table[low + 1])


def differ(first: Joint, second: Joint) -> np.ndarray:
    """Return [N, L] booleans: whether two candidates treat a layer differently."""
    same = (first.sparsity == second.sparsity) & (first.bits == second.bits)
    alike = (first.granularity == second.granularity)[:, None] | (first.sparsity == 0)
    differs: np.ndarray = ~(same & alike)
    return differs


@dataclass(frozen=True, eq=False)
class LayerTables:
    """A quantity of each layer, measured with that layer alone pruned or quantised.

    Attributes:
        levels: [S] sparsities, rising from 0.
        bits: [Q] rising.
        pruned: Per granularity and layer [S, ...].
        quantised: Per layer [Q, ...].
    """

    levels: np.ndarray
    bits: np.ndarray
    pruned: Mapping[str, Sequence[np.ndarray]]
    quantised: Sequence[np.ndarray]

    def both(self, joint: Joint, layer: int) -> np.ndarray:
        """Return [N, ...]: what pruning and quantising a layer add up to in each candidate."""
        total = self.quantised[layer][np.searchsorted(self.bits, joint.bits[:, layer])]
        for name, rows in by_granularity(joint):
            values, place = np.unique(joint.sparsity[rows, layer], return_inverse=True)
            total[rows] += between(self.pruned[name][layer], self.levels, values)[place]
        return np.asarray(total)
