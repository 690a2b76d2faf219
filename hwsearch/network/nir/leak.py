"""The shift that is nearest to a leak, and what taking it costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SHIFTS = (1, 8)
"""Smallest and largest k of a leak 2**-k."""


@dataclass(frozen=True, eq=False)
class Leak:
    """A leak by a shift, and the one that it stands for.

    Attributes:
        shift: k of the leak 2**-k; None: none.
        exact: a = dt / tau as written, one number or one a neuron.
        error: Largest |2**-k - a| of the neurons, over the larger of both; 0 where they are equal.
    """

    shift: int | None
    exact: np.ndarray
    error: float


def nearest_shift(leak: np.ndarray) -> Leak | str:
    """Return the shift that is nearest, on a logarithmic scale, to the leaks of a population; or say why there is none.

    A leak below 2**-9 is none. Each neuron's leak must be within half a shift of the common one.

    Args:
        leak: a, at least 0, of any shape.
    """
    shift: int | None = None
    if (leak >= 2.0 ** -(SHIFTS[1] + 1)).any():
        with np.errstate(divide="ignore"):
            exponents = -np.log2(leak)
        shift = int(np.clip(np.round(np.median(np.minimum(exponents, SHIFTS[1] + 1))), *SHIFTS))
        outer = 1.0 if shift == SHIFTS[1] else 0.5  # between 2**-8 and 2**-9 there is nothing nearer
        far = (exponents < shift - 0.5 - 1e-6) | (exponents > shift + outer + 1e-6)
        if far.any():
            span = (
                f"{leak.min():.4g}" if leak.max() == leak.min() else f"{leak.min():.4g} to {leak.max():.4g}"
            )
            near = f"2**-{shift} = {2.0**-shift:g}"
            return f"{span}, of which {far.sum()} of {far.size} are further than half a shift from {near}"
    taken = 0.0 if shift is None else 2.0**-shift
    error = float((np.abs(taken - leak) / np.maximum(np.maximum(leak, taken), 1e-300)).max())
    if shift is None and not (leak >= 1e-6).any():
        error = 0.0  # what frameworks write that have no neuron without a leak
    return Leak(shift, leak, 0.0 if error < 1e-5 else error)
