"""What several tables say alike: a candidate's knobs, and what a device's widths took from its network."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from hwsearch.hardware.device import HardwareProfile
from hwsearch.network.width_loss import WidthLoss
from hwsearch.records.tables import Cell
from hwsearch.space.candidate import Candidate
from hwsearch.study.laws import Score
from hwsearch.study.model import Study

LATER = ("state_bits", "network")
"""The knobs that came later."""


@dataclass(frozen=True)
class LaterColumns:
    """The columns that tables have only where a study asks for them, behind all others.

    Attributes:
        networks: The spelling of each network to choose from; none where there is one.
        state_bits: The device's own width of membranes, where widths are searched; else None.
        score: Of the study: another than accuracy has columns of its own.
    """

    networks: tuple[str, ...] = ()
    state_bits: int | None = None
    score: Score = "accuracy"

    @classmethod
    def of(cls, study: Study, profile: HardwareProfile) -> LaterColumns:
        """Return those of a study on its device."""
        turned = study.space.state_bits is not None
        return cls(study.network.alternatives, profile.state_bits if turned else None, study.score)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of knobs, in order."""
        turned = (self.state_bits is not None, bool(self.networks))
        return tuple(name for name, is_turned in zip(LATER, turned, strict=True) if is_turned)

    def columns(self, candidate: Candidate) -> dict[str, Cell]:
        """Return a candidate's knobs by column."""
        cells: dict[str, Cell] = {}
        if self.state_bits is not None:
            cells["state_bits"] = candidate.state_bits or self.state_bits
        if self.networks:
            cells["network"] = self.networks[candidate.network]
        return cells


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
