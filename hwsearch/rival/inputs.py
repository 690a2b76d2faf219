"""What a plain network is given: the samples of the study as vectors of integers.

A still image is flattened. A network without states sees all of a sequence at once: its frames are put into 1, 4 or 16
bins, as a spiking network of so many timesteps would read them, and flattened.
"""

from __future__ import annotations

import numpy as np

from hwsearch.data.frames import timestep_inputs
from hwsearch.data.samples import Dataset
from hwsearch.graph.graph import Input

_BINS = (1, 4, 16)


def bins_offered(data: Dataset) -> tuple[int, ...]:
    """Return into how many bins the frames of a sample may go; 0: there are none, but an image."""
    return (0,) if data.frames is None else tuple(n for n in _BINS if n <= data.frames)


def flattened(x: np.ndarray, data: Dataset, bins: int) -> np.ndarray:
    """Return samples as vectors, [N, in] integers of 0 .. `largest`.

    Args:
        x: Of the data: [N, C, H, W], or [N, T0, C, H, W].
        data: What they are of.
        bins: Of `bins_offered`.
    """
    binned = timestep_inputs(x, _read(data), bins) if bins else x.astype(np.int32)
    return binned.reshape(len(x), -1)


def largest(data: Dataset, bins: int) -> int:
    """Return the largest value of such a vector."""
    return _read(data).max_at(bins) if bins else data.input_max


def _read(data: Dataset) -> Input:
    return Input(data.input_shape, data.input_max, data.input_bits, data.frames, data.binning)
