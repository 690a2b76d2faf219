"""What finders have trained, kept where other runs find it: named by the samples, the training and the cut it rests on.

Nothing here depends on the device, its budgets or the search, so a study of the same task on another device reads it.
A file says which run made it: what another run trained is no cost of this one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hwsearch.network.params import Params
from hwsearch.search.store.cache import UNREADABLE, Cache
from hwsearch.tickets.fit import Fit
from hwsearch.tickets.ladder import LadderSchedule, Load, Rung, Save

Masks = tuple[np.ndarray, ...]


@dataclass(frozen=True, eq=False)
class StoredWork:
    """Finished work.

    Attributes:
        train_steps: Samples times timesteps that it took.
        nets: Parameters by name.
        masks: What survives, like the weights.
        values: Plain values.
    """

    train_steps: int
    nets: Mapping[str, Params] = field(default_factory=dict)
    masks: Masks = ()
    values: Mapping[str, Any] = field(default_factory=dict)


class TicketStore:
    """Keeps and counts the finished work that a ticket rests on.

    Attributes:
        spent: Steps of what this run trained, by the name of the file: tickets share most of it.
        reused: Likewise of what another run trained.
    """

    def __init__(self, cache: Cache) -> None:
        self.cache = cache
        self.spent: dict[str, int] = {}
        self.reused: dict[str, int] = {}

    def uncounted(self) -> TicketStore:
        """Return a store of the same files that has counted nothing yet."""
        return TicketStore(self.cache)

    def load(self, path: Path) -> StoredWork | None:
        """Return what ``save`` kept, or None when it is not there whole."""
        stored = self.cache.read(path)
        if stored is None:
            return None
        tensors, values = stored
        try:
            made_by, steps = values.pop("made_by"), int(values.pop("train_steps"))
            nets = {name: _net(tensors, name) for name in values.pop("nets")}
        except UNREADABLE as error:
            self.cache.discard(path, f"it says no finished work: {error!r}")
            return None
        counted = self.spent if made_by == self.cache.owner else self.reused
        counted[path.stem] = steps
        n = sum(key.startswith("mask.") for key in tensors)
        return StoredWork(steps, nets, tuple(tensors[f"mask.{i}"] for i in range(n)), values)

    def save(self, path: Path, kept: StoredWork) -> None:
        """Keep finished work as this run's own."""
        tensors = {f"mask.{i}": mask for i, mask in enumerate(kept.masks)}
        for name, params in kept.nets.items():
            tensors |= {f"{name}.weights.{i}": weight for i, weight in enumerate(params.weights)}
            tensors |= {f"{name}.biases.{i}": bias for i, bias in enumerate(params.biases)}
            tensors |= {f"{name}.norms.{i}": norm for i, norm in enumerate(params.norms) if norm is not None}
        facts = {"nets": list(kept.nets), "train_steps": kept.train_steps, "made_by": self.cache.owner}
        self.cache.write(path, tensors, {**kept.values, **facts})
        self.reused.pop(path.stem, None)  # trained anew because something beside it was missing
        self.spent[path.stem] = kept.train_steps

    def fetch(self, path: Path, make: Callable[[], StoredWork]) -> StoredWork:
        """Return what is kept; what is not is made and kept."""
        kept = self.load(path)
        if kept is None:
            kept = make()
            self.save(path, kept)
        return kept


def _net(tensors: Mapping[str, np.ndarray], name: str) -> Params:
    """Return a network's parameters.

    Raises:
        KeyError: They are not there: an earlier version wrote one entry a layer.
    """
    weights = [tensors[f"{name}.weights.{i}"] for i in range(_count(tensors, f"{name}.weights."))]
    biases = [tensors[f"{name}.biases.{i}"] for i in range(_count(tensors, f"{name}.biases."))]
    if not weights or not biases:
        raise KeyError(name)
    return Params(
        tuple(weights), tuple(biases), tuple(tensors.get(f"{name}.norms.{i}") for i in range(len(biases)))
    )


def _count(tensors: Mapping[str, np.ndarray], prefix: str) -> int:
    return sum(key.startswith(prefix) for key in tensors)


def rung_path(
    cache: Cache, fit: Fit, how: LadderSchedule, cut: Sequence[object], seed: int, level: int
) -> Path:
    """Return where a rung is kept; the dense round is the same for all granularities and cuts."""
    key = [fit.digest, how.rewind_epoch, seed]
    if level > 0:
        key += [how.granularity, how.sparsities[: level + 1], *cut]
    return cache.shared_path("rung", *key)


def ladder_store(
    store: TicketStore, fit: Fit, how: LadderSchedule, cut: Sequence[object], seeds: Sequence[int]
) -> tuple[Load, Save]:
    """Return what loads and what saves the rungs of ladders.

    Args:
        store: Where they are kept.
        fit: The training of every round.
        how: The climb.
        cut: All that the knife's masks depend on.
        seeds: Of the initial weights, one a ladder.
    """

    def load(which: int, level: int) -> tuple[Params, Rung] | None:
        kept = store.load(rung_path(store.cache, fit, how, cut, seeds[which], level))
        if kept is None:
            return None
        rung = Rung(how.sparsities[level], kept.masks, kept.nets["trained"], kept.train_steps)
        return kept.nets["start"], rung

    def save(which: int, level: int, start: Params, rung: Rung) -> None:
        path = rung_path(store.cache, fit, how, cut, seeds[which], level)
        store.save(path, StoredWork(rung.train_steps, {"start": start, "trained": rung.params}, rung.masks))

    return load, save
