"""From the frames of a sample to the timesteps of a network: T bins of T0 frames.

Frame t falls into bin ``t * T // T0``, so every bin has a frame and none has two more than another. Not for how a
recording becomes frames: that is its loader's.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hwsearch.graph.graph import Input


def timestep_inputs(x: npt.NDArray[np.unsignedinteger], read: Input, timesteps: int) -> npt.NDArray[np.int32]:
    """Return what a network reads at each timestep.

    Args:
        x: Frames [N, T0, C, H, W]; still images [N, C, H, W] are shown at every timestep.
        read: What the network reads: how many frames, and whether a bin is their ``sum`` or their ``mean``, which is
            rounded: floor(sum / n + 1/2).
        timesteps: T.

    Returns:
        [N, T, C, H, W]; read-only for still images, which it does not copy.

    Raises:
        ValueError: There are more timesteps than frames.
    """
    values = x.astype(np.int32)
    if read.frames is None:
        return np.broadcast_to(values[:, None], (len(x), timesteps, *x.shape[1:]))
    starts = bin_starts(read.frames, timesteps)
    sums = np.add.reduceat(values, starts, axis=1, dtype=np.int32)
    if read.binning == "sum":
        return sums
    counts = np.diff(starts, append=read.frames).astype(np.int32).reshape(-1, 1, 1, 1)
    return (2 * sums + counts) // (2 * counts)


def timestep_labels(y: npt.NDArray[np.int64], timesteps: int) -> npt.NDArray[np.int64]:
    """Return the label of each timestep: that of its last frame, since a network has then seen all of the bin.

    Args:
        y: A label a frame [N, T0]; a label a sample [N] stays.
        timesteps: T.

    Returns:
        [N, T], or [N].

    Raises:
        ValueError: There are more timesteps than frames.
    """
    if y.ndim == 1:
        return y
    n_frames = y.shape[1]
    ends = np.append(bin_starts(n_frames, timesteps)[1:], n_frames) - 1
    return y[:, ends]


def bin_starts(n_frames: int, timesteps: int) -> npt.NDArray[np.int64]:
    """Return the first frame of each bin; [T].

    Raises:
        ValueError: There are more timesteps than frames.
    """
    if timesteps > n_frames:
        raise ValueError(f"a sample of {n_frames} frames has {n_frames} timesteps at most; got {timesteps}")
    # the least t with t * T >= bin * T0
    return -(-np.arange(timesteps, dtype=np.int64) * n_frames // timesteps)
