"""What several tables say alike: a candidate's knobs, and what a device's widths took from its network."""

from __future__ import annotations

import dataclasses

from hwsearch.network.width_loss import WidthLoss
from hwsearch.records.tables import Cell
from hwsearch.space.candidate import Candidate


def knob_columns(candidate: Candidate) -> dict[str, Cell]:
    """Return a candidate's knobs as columns; one value a layer is written ``0.5/0.9/0.5``."""
    return {
        "sparsity": _spelt(candidate.sparsity),
        "granularity": _spelt(candidate.granularity),
        "weight_bits": _spelt(candidate.weight_bits),
        "timesteps": candidate.timesteps,
    }


def width_columns(
    loss: WidthLoss | None, accumulator_bits: int | None, membrane_bits: int | None
) -> dict[str, Cell]:
    """Return the widths that a network needs, and what the device's took from it, as columns."""
    lost = {field.name: getattr(loss, field.name, None) for field in dataclasses.fields(WidthLoss)}
    return {"accumulator_bits": accumulator_bits, "membrane_bits": membrane_bits, **lost}


def _spelt(values: str | tuple[str, ...] | tuple[float, ...] | tuple[int, ...]) -> str | float | int:
    if isinstance(values, str):
        return values
    return (
        values[0]
        if len(values) == 1
        else "/".join(value if isinstance(value, str) else f"{value:g}" for value in values)
    )
