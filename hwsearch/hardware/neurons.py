"""How the neurons of a device compute, as its profile states it.

Not for whether the integer model computes the same: `arithmetic` says that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Comparison = Literal[">=", ">"]
"""A neuron fires at v >= threshold, or at v > threshold."""

Leak = Literal[
    "floor", "floor_unless_fired", "floor_at_least_one", "toward_zero", "away_from_zero", "nearest", "constant", "none"
]  # fmt: skip
"""What a leak takes from a membrane v: v / 2^k, rounded as the word says (``floor``: an arithmetic shift;
``unless_fired``: nothing where it has just fired; ``at_least_one``: 1 or more where v > 0); a constant; nothing."""

Firing = Literal["once", "several", "each_event"]
"""When a neuron compares: once a timestep, when its sum is complete; then too, but it may fire several times; after
each event that reaches it."""


@dataclass(frozen=True)
class Arithmetic:
    """How a device's neurons compute; None: nobody knows.

    Attributes:
        comparison: With the threshold.
        leak: What a leak takes.
        firing: When and how often a neuron fires.
    """

    comparison: Comparison | None = None
    leak: Leak | None = None
    firing: Firing | None = None
