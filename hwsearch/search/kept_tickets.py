"""Rungs, masks and start weights in the cache: what a finder has finished is never trained again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hwsearch.errors import RecordError
from hwsearch.network.stack import LayerParams, Params
from hwsearch.network.store import load_tensors, save_tensors
from hwsearch.search.cache import Cache
from hwsearch.tickets.ladder import Climb, Load, Rung, Save

Masks = tuple[np.ndarray, ...]


def save_found(
    path: Path, nets: dict[str, Params], masks: Sequence[np.ndarray], values: dict[str, object]
) -> None:
    """Keep parameters by name, masks and plain values."""
    tensors = {f"mask.{i}": mask for i, mask in enumerate(masks)}
    for name, params in nets.items():
        for index, layer in enumerate(params):
            tensors[f"{name}.{index}.weight"], tensors[f"{name}.{index}.bias"] = layer.weight, layer.bias
            if layer.norm is not None:
                tensors[f"{name}.{index}.norm"] = layer.norm
    save_tensors(path, tensors, {**values, "nets": list(nets)})


def load_found(path: Path) -> tuple[dict[str, Params], Masks, dict[str, object]] | None:
    """Return what ``save_found`` kept, or None when it is not there whole."""
    try:
        tensors, values = load_tensors(path)
        names = values.pop("nets")
        assert isinstance(names, list)
        n = sum(key.startswith("mask.") for key in tensors)
        nets = {
            name: tuple(
                LayerParams(
                    tensors[f"{name}.{i}.weight"],
                    tensors[f"{name}.{i}.bias"],
                    tensors.get(f"{name}.{i}.norm"),
                )
                for i in range(n)
            )
            for name in names
        }
        return nets, tuple(tensors[f"mask.{i}"] for i in range(n)), values
    except (RecordError, KeyError):
        return None


def rung_path(cache: Cache, timesteps: int, how: Climb, seed: int, level: int) -> Path:
    """Return where a rung is kept; the dense round is the same for all granularities."""
    if level == 0:
        return cache.path("rung", timesteps, how.rewind_epoch, seed)
    return cache.path("rung", timesteps, how.rewind_epoch, seed, how.granularity, how.sparsities[: level + 1])


def ladder_store(cache: Cache, timesteps: int, how: Climb, seeds: Sequence[int]) -> tuple[Load, Save]:
    """Return what loads and what saves the rungs of ladders, one a seed."""

    def load(which: int, level: int) -> tuple[Params, Rung] | None:
        kept = load_found(rung_path(cache, timesteps, how, seeds[which], level))
        if kept is None:
            return None
        nets, masks, values = kept
        steps = values["train_steps"]
        assert isinstance(steps, int)
        return nets["start"], Rung(how.sparsities[level], masks, nets["trained"], steps)

    def save(which: int, level: int, start: Params, rung: Rung) -> None:
        path = rung_path(cache, timesteps, how, seeds[which], level)
        nets = {"start": start, "trained": rung.params}
        save_found(path, nets, rung.masks, {"train_steps": rung.train_steps})

    return load, save
