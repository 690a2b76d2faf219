"""What a device's widths take from a network: counted where it is folded, and where it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any


@dataclass(frozen=True)
class WidthLoss:
    """What was lost, in all layers.

    Attributes:
        weights_zeroed: Non-zero weights that a coarser grid rounded to zero.
        biases_clipped: Biases beyond their width.
        thresholds_clipped: Thresholds beyond their width or the membrane's.
        sums_clipped: Sums, and potentials of the readout, that were clipped to the accumulator: mean of an inference.
        membranes_clipped: Membranes that were clipped to their width: mean of an inference.
    """

    weights_zeroed: int = 0
    biases_clipped: int = 0
    thresholds_clipped: int = 0
    sums_clipped: float = 0.0
    membranes_clipped: float = 0.0

    def __add__(self, other: WidthLoss) -> WidthLoss:
        """Return the losses of both."""
        return WidthLoss(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def with_clipped(self, sums_clipped: float, membranes_clipped: float) -> WidthLoss:
        """Return the loss with what a run clipped."""
        return replace(self, sums_clipped=sums_clipped, membranes_clipped=membranes_clipped)

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> WidthLoss:
        """Return the loss that a row of front.csv or summary.json holds; what it does not hold is none."""
        counts: dict[str, Any] = {f.name: float(row[f.name]) for f in fields(cls) if row.get(f.name)}
        return cls(**counts)

    @property
    def words(self) -> str:
        """The losses in words; empty if there are none."""
        parts = [
            (self.weights_zeroed, "weights rounded to zero by a coarser grid"),
            (self.biases_clipped, "biases clipped"),
            (self.thresholds_clipped, "thresholds clipped"),
            (self.sums_clipped, "sums clipped an inference"),
            (self.membranes_clipped, "membranes clipped an inference"),
        ]
        return ", ".join(f"{count:,.3g} {what}" for count, what in parts if count)
