"""What a training cost on this machine, and what a search cost: steps counted, energy estimated."""

from __future__ import annotations

from dataclasses import dataclass

CORE_WATTS = 10.0
"""A busy core's share of a processor's rated power: 65 W over 6 cores and 350 W over 32 are both about 11 W."""


@dataclass(frozen=True)
class Spent:
    """What a training cost.

    Attributes:
        seconds: By the clock.
        core_seconds: Of all cores together.
        core_watts: What a busy core is taken to draw.
        search_train_steps: Of the search that found the model; None: unknown.
    """

    seconds: float
    core_seconds: float
    core_watts: float = CORE_WATTS
    search_train_steps: int | None = None

    @property
    def energy_j(self) -> float:
        """Estimated, not measured: core seconds times watts; memory, disks and power supply are left out."""
        return self.core_seconds * self.core_watts
