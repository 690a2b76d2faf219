"""Measured values as whole numbers: by mean and deviation of the training samples.

    q = floor((min(max((x - mean) / deviation, -clip), clip) + clip) max / (2 clip) + 1/2)

in double precision; what does not vary in training (deviation 0) becomes the middle, floor(max / 2 + 1/2). Not for
whole numbers that only change their range (`requantise`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hwsearch.data.samples import Images, Values

_AXES = {"channel": (-2, -1), "value": (), "all": (-3, -2, -1)}
_AT_ONCE = 2**22


@dataclass(frozen=True, eq=False)
class Standardise:
    """A fitted standardisation.

    Attributes:
        by: What has a mean of its own: each ``channel``, each ``value`` of a frame, or ``all`` together.
        clip: Deviations from the mean that 0 and ``max`` stand for.
        max: Largest whole number.
        mean: [C, 1, 1], [C, H, W] or [1, 1, 1], in the unit of the values.
        deviation: Likewise; 0: the value does not vary in training.
    """

    by: str
    clip: float
    max: int
    mean: npt.NDArray[np.float64]
    deviation: npt.NDArray[np.float64]

    def __call__(self, x: Values) -> Images:
        """Return values [..., C, H, W] as whole numbers 0 .. max."""
        found = np.empty(x.shape, dtype=np.uint8)
        n = max(1, _AT_ONCE // max(1, x[:1].size))  # eight bytes a value: not of all samples at once
        scale = np.where(self.deviation == 0, 1.0, self.deviation)
        for start in range(0, len(x), n):
            z = np.where(self.deviation == 0, 0.0, (x[start : start + n] - self.mean) / scale)
            z = np.clip(z, -self.clip, self.clip)
            found[start : start + n] = np.floor((z + self.clip) * self.max / (2 * self.clip) + 0.5)
        return found

    @property
    def settings(self) -> dict[str, Any]:
        """All that it takes to do the same elsewhere, as plain values."""
        return {
            "by": self.by,
            "clip": self.clip,
            "max": self.max,
            "mean": self.mean.tolist(),
            "deviation": self.deviation.tolist(),
        }


def fit_standardise(x_train: Values, by: str, clip: float, largest: int) -> Standardise:
    """Return the standardisation of training samples.

    Args:
        x_train: [N, C, H, W] or [N, T0, C, H, W].
        by: See `Standardise`.
        clip: See `Standardise`.
        largest: Largest whole number, 1 .. 255.
    """
    axes = (*range(x_train.ndim - 3), *(axis % x_train.ndim for axis in _AXES[by]))
    mean = x_train.mean(axis=axes, keepdims=True, dtype=np.float64)
    deviation = x_train.std(axis=axes, keepdims=True, dtype=np.float64)
    # of equal values, rounding alone makes a deviation
    constant = x_train.min(axis=axes, keepdims=True) == x_train.max(axis=axes, keepdims=True)
    deviation[constant] = 0.0
    shape = mean.shape[-3:]
    return Standardise(by, clip, largest, mean.reshape(shape), deviation.reshape(shape))
