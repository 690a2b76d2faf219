"""What a C network is fed: raw frames or an image, and how frames become timesteps without a division.

The mean of n frames is floor((2 * sum + n) / (2 * n)). With x = 2 * sum + n <= X the quotient is (x * m) >> s, where
s = bits(X) + bits(2 * n) and m = ceil(2**s / (2 * n)): the error of m is below 2 * n, so that of the quotient below
X * 2 * n / 2**s / (2 * n) < 1 / (2 * n), which moves no quotient past the next integer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hwsearch.data.frames import bin_starts
from hwsearch.export.c.types import BITS, length, unsigned_type
from hwsearch.graph.graph import Input
from hwsearch.network.integers import IntegerNetwork


@dataclass(frozen=True)
class Reciprocal:
    """How a mean of n frames is taken.

    Attributes:
        frames: n.
        multiplier, shift: m and s.
        wide: Whether the product needs 64 bits.
    """

    frames: int
    multiplier: int
    shift: int
    wide: bool


@dataclass(frozen=True)
class Feeding:
    """What a network is fed.

    Attributes:
        inputs: Values of a frame.
        frames: Frames of a sample; None: a still image.
        raw: Kind of the values that the caller hands over.
        read: Kind of the values of a timestep.
        bins: How frames are added up: None where each frame is a timestep, else ``sum`` or ``mean``.
        counts: Kind of the sums, in an array of their own; None where they lie in the input's place.
        means: How sums become means, one for each number of frames in a bin; the smaller first.
    """

    inputs: int
    frames: int | None
    raw: str
    read: str
    bins: str | None
    counts: str | None
    means: tuple[Reciprocal, ...]

    @property
    def raw_length(self) -> int:
        """Elements of a raw frame."""
        return length(self.raw, self.inputs)


def feeding(network: IntegerNetwork) -> Feeding:
    """Return what a network is fed."""
    data, timesteps = network.input, network.timesteps
    raw = BITS if not data.still and data.max == 1 else unsigned_type(data.max)
    inputs = math.prod(data.shape)
    if data.frames is None or data.frames == timesteps:
        return Feeding(inputs, data.frames, raw, raw, None, None, ())
    most = data.max * -(-data.frames // timesteps)
    if data.binning == "sum":
        return Feeding(inputs, data.frames, raw, unsigned_type(most), "sum", None, ())
    means = tuple(_reciprocal(n, data.max) for n in _bin_sizes(data, timesteps))
    if data.max == 1:
        return Feeding(inputs, data.frames, raw, BITS, "mean", unsigned_type(most), means)
    return Feeding(inputs, data.frames, raw, unsigned_type(most), "mean", None, means)


def _bin_sizes(data: Input, timesteps: int) -> list[int]:
    """Return the different numbers of frames in a bin."""
    assert data.frames is not None
    starts = bin_starts(data.frames, timesteps)
    return [int(n) for n in np.unique(np.diff(starts, append=data.frames))]


def _reciprocal(n: int, most: int) -> Reciprocal:
    top = 2 * most * n + n
    shift = top.bit_length() + (2 * n).bit_length()
    multiplier = -(-(1 << shift) // (2 * n))
    return Reciprocal(n, multiplier, shift, wide=top * multiplier >= 2**32 or shift > 31)


def raw_bytes(x: np.ndarray, feed: Feeding) -> bytes:
    """Return samples as the C code is handed them: frame by frame, little-endian.

    Args:
        x: [N, C, H, W] or [N, T0, C, H, W].
        feed: How they are fed.
    """
    frames = x.reshape(-1, feed.inputs)
    if feed.raw == BITS:
        return np.packbits(frames.astype(np.uint8), axis=1, bitorder="little").tobytes()
    return frames.astype({"u8": "<u1", "u16": "<u2", "u32": "<u4"}[feed.raw]).tobytes()
