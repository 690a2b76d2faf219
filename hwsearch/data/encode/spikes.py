"""Whole numbers as spikes, 0 or 1 in each frame: random ones, one early or late, or one where a level is crossed.

Each depends on a sample's values and its settings alone, so a device that does the same gets the same spikes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hwsearch.data.samples import Images


@dataclass(frozen=True)
class Rate:
    """Spikes in a share of x / max of the frames, drawn: value i fires in frame t where h(seed, t, i) max < x 2**32.

    h is ``hashed``: the same draw for each sample, as of a generator that a device starts anew with each.

    Attributes:
        frames: T0.
        seed: Of the draw.
        max: Largest value of an input.
    """

    frames: int
    seed: int
    max: int

    def __call__(self, x: Images) -> Images:
        """Return spikes [N, T0, C, H, W] of still images [N, C, H, W]."""
        size = int(np.prod(x.shape[1:]))
        index = np.arange(self.frames * size, dtype=np.uint32).reshape(1, self.frames, *x.shape[1:])
        drawn = hashed(index ^ hashed(np.array(self.seed, dtype=np.uint32)))
        reached = x.astype(np.uint64)[:, None] << np.uint64(32)
        fires = drawn.astype(np.uint64) * np.uint64(self.max) < reached
        return np.asarray(fires, dtype=np.uint8)

    @property
    def settings(self) -> dict[str, Any]:
        """All that it takes to do the same elsewhere, as plain values."""
        return {"frames": self.frames, "seed": self.seed, "max": self.max}


@dataclass(frozen=True)
class Latency:
    """One spike a value, in frame floor((max - x) T0 / max): the largest first; a value of 0 gives none.

    Attributes:
        frames: T0.
        max: Largest value of an input.
    """

    frames: int
    max: int

    def __call__(self, x: Images) -> Images:
        """Return spikes [N, T0, C, H, W] of still images [N, C, H, W]."""
        first = (self.max - x.astype(np.int32)) * self.frames // self.max
        frames = np.arange(self.frames).reshape(1, -1, *[1] * (x.ndim - 1))
        # a value of 0 would fire in frame T0, which there is not
        return np.asarray(first[:, None] == frames, dtype=np.uint8)

    @property
    def settings(self) -> dict[str, Any]:
        """All that it takes to do the same elsewhere, as plain values."""
        return {"frames": self.frames, "max": self.max}


@dataclass(frozen=True)
class Delta:
    """Step-forward encoding: a level follows each value by steps of one threshold, one step a frame at most.

    The level begins at the first frame's value. Where x[t] >= level + threshold, the upward channel fires and the
    level rises by one threshold; where x[t] <= level - threshold, the downward channel fires and it falls by one.

    Source: B. Petro, N. Kasabov, R. M. Kiss, "Selection and optimization of temporal spike encoding methods for spiking
    neural networks", IEEE TNNLS 31(2), 2020, step-forward algorithm (there with > and <).

    Attributes:
        threshold: In whole numbers of the input.
    """

    threshold: int

    def __call__(self, x: Images) -> Images:
        """Return spikes [N, T0, 2 C, H, W] of sequences [N, T0, C, H, W]: upward channels, then downward ones."""
        level = x[:, 0].astype(np.int32)
        spikes = np.zeros((*x.shape[:2], 2 * x.shape[2], *x.shape[3:]), dtype=np.uint8)
        for frame in range(x.shape[1]):
            up = x[:, frame] >= level + self.threshold
            down = x[:, frame] <= level - self.threshold
            spikes[:, frame] = np.concatenate([up, down], axis=1)
            level += self.threshold * (up.astype(np.int32) - down)
        return spikes

    @property
    def settings(self) -> dict[str, Any]:
        """All that it takes to do the same elsewhere, as plain values."""
        return {"threshold": self.threshold}


def hashed(x: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """Return well-mixed 32 bits of 32 bits, each step modulo 2**32.

    x ^= x >> 16;  x *= 0x7feb352d;  x ^= x >> 15;  x *= 0x846ca68b;  x ^= x >> 16.

    Source: C. Wellons, "Prospecting for Hash Functions", 2018, lowbias32.
    """
    x = x ^ (x >> np.uint32(16))
    x = (x.astype(np.uint64) * np.uint64(0x7FEB352D)).astype(np.uint32)
    x = x ^ (x >> np.uint32(15))
    x = (x.astype(np.uint64) * np.uint64(0x846CA68B)).astype(np.uint32)
    return x ^ (x >> np.uint32(16))
