"""How many weights each run of consecutive inputs holds: the sum that censuses and events of every layer need.

Four truth values are one 32-bit word, and the product of that word with 0x01010101 has their sum in its highest byte,
whatever the order of bytes: a tenth of the time of a sum over an axis of four.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

_WORD, _ONES, _HIGHEST = 4, np.uint32(0x01010101), np.uint32(24)


def run_counts(held: npt.NDArray[np.bool_], length: int) -> npt.NDArray[np.int64]:
    """Return [rows, ceil(columns / length)]: how many are held of each run; a row's last run may be shorter.

    Args:
        held: [rows, columns].
        length: Columns of a run: a multiple of 4.
    """
    rows, columns = held.shape
    missing = -columns % length
    filled: npt.NDArray[Any] = np.ascontiguousarray(held)
    if missing:
        filled = np.concatenate([filled, np.zeros((rows, missing), np.bool_)], axis=1)
    of_words = (filled.view(np.uint32) * _ONES) >> _HIGHEST
    per_run = length // _WORD
    counts = of_words[:, ::per_run].astype(np.int64)
    for place in range(1, per_run):
        counts += of_words[:, place::per_run]
    return counts
