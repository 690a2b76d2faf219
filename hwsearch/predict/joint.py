"""Joint candidates as arrays: knobs of every layer, and tables that are measured layer by layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hwsearch.compress.channels import removable
from hwsearch.graph.graph import Connection
from hwsearch.space.candidate import Candidate

_BITS = 2.0  # from one bit to two is as far as from two to any number
_LEAST_DENSITY = 0.003  # a share of weights below which differences count little


@dataclass(frozen=True, eq=False)
class Joint:
    """Joint candidates as arrays; a layer is a prunable connection.

    Attributes:
        sparsity: [N, L] fraction removed of each layer's groups.
        granularity: [N, L] names.
        bits: [N, L] weight bits.
        feeders: [L] the layer that decides which channels each one reads; -1: nothing removes any.
    """

    sparsity: np.ndarray
    granularity: np.ndarray
    bits: np.ndarray
    feeders: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.granularity)

    def __getitem__(self, rows: np.ndarray | slice) -> Joint:
        return Joint(self.sparsity[rows], self.granularity[rows], self.bits[rows], self.feeders)


def joint_of(
    candidates: Sequence[Candidate], sparsities: Sequence[Sequence[float]], connections: Sequence[Connection]
) -> Joint:
    """Return candidates as arrays.

    Args:
        candidates: Of one network.
        sparsities: Of each layer's groups, as their masks have it.
        connections: Of the network.
    """
    n_layers = sum(c.prunable for c in connections)
    names = [candidate.granularities(n_layers) for candidate in candidates]
    return Joint(
        np.array(sparsities).reshape(-1, n_layers),
        np.array(names, dtype=str).reshape(-1, n_layers),
        np.array([candidate.bits(n_layers) for candidate in candidates]).reshape(-1, n_layers),
        feeders(connections),
    )


def feeders(connections: Sequence[Connection]) -> tuple[int, ...]:
    """Return, for each layer, the layer that decides which channels it reads; -1 where nothing removes any.

    A depthwise layer's channels are its own: what it loses of them is its sparsity already.
    """
    layer_of = {
        place: layer for layer, place in enumerate(i for i, c in enumerate(connections) if c.prunable)
    }
    deciding = dict.fromkeys(layer_of, -1)
    for group in removable(connections):
        for place in group.reading:
            if place in deciding and not connections[place].depthwise:
                deciding[place] = layer_of[group.first]
    return tuple(deciding.values())


def knobs_of(joint: Joint, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return knobs [N, 2 L + names] on scales of about 1, and their groups: sparsities 0, bits 1, granularity 2.

    Sparsities count as the logarithm of the share of weights that survive, without those that go with a removed
    channel. Bits lie apart as their reciprocals do: the second changes a network as much as all that follow. Of a
    granularity the share of the layers counts that have it.
    """
    layers = joint.sparsity.shape[1]
    kinds = (joint.granularity[:, :, None] == np.array(names)).mean(1)
    density, feeding = 1.0 - joint.sparsity, np.array(joint.feeders, int)
    read = np.where((joint.granularity == "channel")[:, feeding] & (feeding >= 0), density[:, feeding], 1.0)
    density = density * read
    knobs = np.concatenate([np.log10(density + _LEAST_DENSITY), _BITS * (1 - 1 / joint.bits), kinds], axis=1)
    return knobs, np.repeat([0, 1, 2], [layers, layers, len(names)])


def stretched(knobs: np.ndarray, layers: int, depth: int) -> np.ndarray:
    """Return knobs [N, 2 layers + names] as those of a network of another depth: [N, 2 depth + names].

    A layer there has what lies at its relative depth here, between two layers in proportion: the first and the last
    stay what they are.
    """
    if layers == depth:
        return knobs
    place = np.linspace(0.0, layers - 1.0, depth)
    low = np.minimum(place.astype(int), max(layers - 2, 0))
    high, share = np.minimum(low + 1, layers - 1), place - low
    sparsity, bits, kinds = np.split(knobs, [layers, 2 * layers], axis=1)
    wider = [(1 - share) * part[:, low] + share * part[:, high] for part in (sparsity, bits)]
    return np.concatenate([*wider, kinds], axis=1)


def by_granularity(joint: Joint, layer: int) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each granularity that occurs at a layer, and its rows."""
    for name in np.unique(joint.granularity[:, layer]):
        yield str(name), np.flatnonzero(joint.granularity[:, layer] == name)


def between(table: np.ndarray, levels: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the rows of a table [S, ...] of rising levels at values [U] between them, by lines: [U, ...]."""
    low = np.clip(np.searchsorted(levels, values, "right") - 1, 0, len(levels) - 2)
    share = np.clip((values - levels[low]) / (levels[low + 1] - levels[low]), 0.0, 1.0)
    upper = share.reshape(-1, *[1] * (table.ndim - 1)).astype(table.dtype)
    return np.asarray((1 - upper) * table[low] + upper * table[low + 1])


def differ(first: Joint, second: Joint) -> np.ndarray:
    """Return [N, L] booleans: whether two candidates treat a layer differently."""
    same = (first.sparsity == second.sparsity) & (first.bits == second.bits)
    alike = (first.granularity == second.granularity) | (first.sparsity == 0)
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
        for name, rows in by_granularity(joint, layer):
            values, place = np.unique(joint.sparsity[rows, layer], return_inverse=True)
            total[rows] += self.cut(name, layer, values)[place]
        return np.asarray(total)

    def cut(self, name: str, layer: int, values: np.ndarray) -> np.ndarray:
        """Return [U, ...]: what pruning a layer to sparsities adds.

        What prunes nothing is spelled with a granularity that need not be one of the study's, and adds nothing.
        """
        if name in self.pruned:
            return between(self.pruned[name][layer], self.levels, values)
        if values.any():
            raise KeyError(name)
        return np.zeros((len(values), *self.quantised[layer].shape[1:]), self.quantised[layer].dtype)
