"""Integers of a data set as the floats that networks are trained on: shares of the largest integer of a frame."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from hwsearch.data.frames import timestep_inputs
from hwsearch.graph.graph import Input

_CHUNK = 256  # samples that are binned at a time: as 32-bit integers a whole data set may be too large


def as_input(x: np.ndarray, read: Input, timesteps: int) -> Tensor:
    """Return what a network reads as floats.

    Args:
        x: Integers: still images [N, C, H, W], or sequences [N, T0, C, H, W].
        read: What the network reads.
        timesteps: T.

    Returns:
        Still images [N, C, H, W]; sequences [N, T, C, H, W], whose sums may exceed 1.
    """
    return as_floats(stored_inputs(x, read, timesteps), read.max)


def stored_inputs(x: np.ndarray, read: Input, timesteps: int) -> Tensor:
    """Return inputs as they are held while a network is trained: sequences as small integers, images as floats."""
    if read.still:
        return torch.from_numpy(x.astype(np.float32) / np.float32(read.max))
    kind = np.uint8 if read.max_at(timesteps) < 256 else np.int32
    parts = [
        timestep_inputs(x[i : i + _CHUNK], read, timesteps).astype(kind) for i in range(0, len(x), _CHUNK)
    ]
    return torch.from_numpy(np.concatenate(parts))


def as_floats(x: Tensor, largest: int) -> Tensor:
    """Return stored inputs as floats."""
    return x if x.is_floating_point() else x.float() / largest
