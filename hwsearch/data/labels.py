"""Labels as a network of so many timesteps is asked for them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hwsearch.data.frames import timestep_labels


def labels_at(y: npt.NDArray[np.int64], timesteps: int) -> npt.NDArray[np.int64]:
    """Return what each prediction is compared with.

    Args:
        y: A label a sample [N], or a frame [N, T0].
        timesteps: T.

    Returns:
        [N], or a label a timestep [N, T].

    Raises:
        ValueError: There are more timesteps than frames.
    """
    return y if y.ndim == 1 else timestep_labels(y, timesteps)
