"""Disturbances of inputs: whole numbers of the encoder's range in, whole numbers of that range out.

Noise, drift and offset are told in shares of the range 0 .. max, rounded to whole numbers and clipped to it: what a
network reads is what the study's encoder could have given. They stand behind the encoder, so they are no disturbance of
the raw signal. Not for disturbances of the network (`models`).

Every function takes x, [N, C, H, W] or sequences [N, T0, C, H, W] in 0 .. max, returns the same shape and type, and
leaves x as it is.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hwsearch.graph.graph import Input
from hwsearch.stress.draws import Draw

Values = npt.NDArray[np.unsignedinteger]
_CHANNEL_AXIS = -3


def noise(x: Values, read: Input, level: float, draw: Draw) -> Values:
    """Add Gaussian noise of a standard deviation of ``level`` x max to each value of each sample on its own."""
    added = draw.rng.standard_normal(x.shape, dtype=np.float32)
    return _within(x + np.float32(level * read.max) * added, x, read)


def drift(x: Values, read: Input, level: float, draw: Draw) -> Values:
    """Add to each sensor (channel and place) an offset of its own, Gaussian of ``level`` x max of all samples."""
    added = draw.rng.standard_normal(read.shape)
    return _within(x + level * read.max * added, x, read)


def offset(x: Values, read: Input, level: float, draw: Draw) -> Values:
    """Add ``level`` x max to all values; an odd draw takes it away."""
    return _within(x + draw.sign * level * read.max, x, read)


def gain(x: Values, read: Input, level: float, draw: Draw) -> Values:
    """Multiply all values by 1 + ``level``; an odd draw divides by it."""
    return _within(x * (1.0 + level) ** draw.sign, x, read)


def dropped(x: Values, read: Input, level: float, draw: Draw) -> Values:
    """Lose each event with a chance of ``level``: a count becomes a binomial one; a value becomes 0, or stays."""
    if _events(read):
        return draw.rng.binomial(x, 1.0 - level).astype(x.dtype)
    return np.where(draw.rng.random(x.shape, dtype=np.float32) < level, 0, x).astype(x.dtype)


def spurious(x: Values, read: Input, level: float, draw: Draw) -> Values:
    """Add an event to each place and frame with a chance of ``level``; a value becomes an even draw of 0 .. max."""
    rng = draw.rng
    struck = rng.random(x.shape, dtype=np.float32) < level
    if _events(read):
        return np.minimum(x.astype(np.int64) + struck, read.max).astype(x.dtype)
    return np.where(struck, rng.integers(0, read.max, x.shape, endpoint=True), x).astype(x.dtype)


def jitter(x: Values, read: Input, level: float, draw: Draw) -> Values:
    """Move what a place has in a frame by a Gaussian number of frames of ``level``, rounded, to the ends at most.

    Counts that meet in a frame add up, to max at most. Of values each frame is read from as far away, all places alike.
    """
    n, frames, rng = len(x), x.shape[1], draw.rng
    if not _events(read):
        moved = np.rint(level * rng.standard_normal((n, frames))).astype(np.int64)
        source = np.clip(np.arange(frames) + moved, 0, frames - 1)
        return np.asarray(x[np.arange(n)[:, None], source])
    there = np.nonzero(x)
    moved = np.rint(level * rng.standard_normal(x.shape, dtype=np.float32)).astype(np.int64)[there]
    arrived = np.clip(there[1] + moved, 0, frames - 1)
    out = np.zeros(x.shape, np.int64)
    np.add.at(out, (there[0], arrived, *there[2:]), x[there].astype(np.int64))
    return np.asarray(np.minimum(out, read.max), x.dtype)


def missing(x: Values, read: Input, level: float, draw: Draw) -> Values:
    """Read 0 from ``level`` of the channels, drawn once for all samples."""
    gone = draw.rng.permutation(read.shape[0])[: int(level)]
    out = np.moveaxis(x.copy(), _CHANNEL_AXIS, 0)
    out[gone] = 0
    return np.asarray(np.moveaxis(out, 0, _CHANNEL_AXIS))


def _events(read: Input) -> bool:
    """Return whether inputs are spikes or counts of them, not values."""
    return not read.still and read.binning == "sum"


def _within(values: np.ndarray, x: Values, read: Input) -> Values:
    return np.asarray(np.clip(np.rint(values), 0, read.max), x.dtype)


def why_no_values(read: Input) -> str:
    """Say why a disturbance of values does not apply; empty where it does."""
    return "inputs are events, which have no size" if _events(read) else ""


def why_no_frames(read: Input) -> str:
    """Say why a disturbance of time does not apply; empty where it does."""
    return "inputs are still images, which have no frames" if read.still else ""


def why_no_channels(read: Input) -> str:
    """Say why no channel can be missing; empty where one can."""
    return "inputs have one channel" if read.shape[0] == 1 else ""
