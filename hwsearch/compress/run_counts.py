"""How many weights each run of consecutive inputs holds: the sum that censuses and events of every layer need.

Four truth values are one 32-bit word, and the product of that word with 0x01010101 has their sum in its highest byte,
whatever the order of bytes: a tenth of the time of a sum over an axis of four. Longer runs are added up from shorter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

_WORD, _ONES, _HIGHEST = 4, np.uint32(0x01010101), np.uint32(24)


def run_counts(held: npt.NDArray[np.bool_], lengths: Sequence[int]) -> dict[int, npt.NDArray[np.int32]]:
    """Return by length [rows, ceil(columns / length)]: how many are held of each run; a row's last may be shorter.

    Args:
        held: [rows, columns].
        lengths: Columns of a run, rising: each a multiple of 4, and of the one before.
    """
    words: npt.NDArray[Any] = _filled(np.ascontiguousarray(held), _WORD)
    of_words = (words.view(np.uint32) * _ONES) >> _HIGHEST
    counts, before, found = of_words.view(np.int32), _WORD, dict[int, npt.NDArray[np.int32]]()
    for length in lengths:
        counts, before = _added_up(counts, length // before), length
        found[length] = counts
    return found


def _added_up(counts: npt.NDArray[np.int32], together: int) -> npt.NDArray[np.int32]:
    """Return the sums of so many consecutive columns."""
    filled = _filled(counts, together)
    total: npt.NDArray[np.int32] = filled[:, ::together]
    for place in range(1, together):
        total = total + filled[:, place::together]
    return total


def _filled(rows: npt.NDArray[Any], multiple: int) -> npt.NDArray[Any]:
    """Return rows with columns of zeros behind them up to a multiple."""
    missing = -rows.shape[1] % multiple
    if not missing:
        return rows
    return np.concatenate([rows, np.zeros((len(rows), missing), rows.dtype)], axis=1)
