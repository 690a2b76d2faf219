"""Whole numbers of another range: floor(x new / old + 1/2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hwsearch.data.samples import Images


@dataclass(frozen=True)
class Requantise:
    """Another largest whole number.

    Attributes:
        old_max: Largest before.
        max: Largest after.
    """

    old_max: int
    max: int

    def __call__(self, x: Images) -> Images:
        """Return whole numbers 0 .. max of whole numbers 0 .. old_max; same shape."""
        return requantise(x, self.old_max, self.max)

    @property
    def settings(self) -> dict[str, Any]:
        """All that it takes to do the same elsewhere, as plain values."""
        return {"old_max": self.old_max, "max": self.max}


def requantise(x: Images, old_max: int, new_max: int) -> Images:
    """Return floor(x * new_max / old_max + 1/2), in integers; same shape."""
    if new_max == old_max:
        return x
    values = np.arange(old_max + 1)
    table = ((2 * values * new_max + old_max) // (2 * old_max)).astype(np.uint8)
    return table[x]
