"""Windows over the rows of recordings: where they start, which label they have, and what fills none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Windows:
    """Windows of equal length.

    Attributes:
        rows: [N, T0] numbers of the rows of each.
        spans: [N, 3]: recording, first row of it, row behind the last.
        skipped: What fills no window, a sentence each.
    """

    rows: npt.NDArray[np.int64]
    spans: npt.NDArray[np.int64]
    skipped: tuple[str, ...]


def cut(recordings: npt.NDArray[np.int64], names: Sequence[str], window: int, hop: int) -> Windows:
    """Cut windows that lie within one recording each.

    Args:
        recordings: [n] number of the recording of each row, in order within it; recordings may be interleaved.
        names: Of each recording, for what is said of it.
        window: Rows of a window, T0.
        hop: Rows from the start of one to that of the next.
    """
    rows, spans, short = [], [], []
    unused = at_ends = 0
    for number, name in enumerate(names):
        own = np.flatnonzero(recordings == number)
        starts = np.arange(0, len(own) - window + 1, hop)
        if not len(starts):
            short.append(f"{name} has {len(own)} rows, fewer than the window of {window}")
            continue
        rows.append(own[starts[:, None] + np.arange(window)])
        spans.append(np.stack([np.full_like(starts, number), starts, starts + window], 1))
        rest = len(own) - int(starts[-1]) - window
        unused, at_ends = unused + rest, at_ends + (rest > 0)
    if unused:
        ends = "its end" if len(names) == 1 else f"the ends of {at_ends} recordings"
        short.append(f"{unused} rows at {ends} fill no window of {window}")
    if hop > window and rows:
        short.append(f"hop {hop} leaves out {hop - window} rows between one window and the next")
    if not rows:
        return Windows(np.empty((0, window), np.int64), np.empty((0, 3), np.int64), tuple(short))
    return Windows(np.concatenate(rows), np.concatenate(spans).astype(np.int64), tuple(short))


def window_labels(
    labels: npt.NDArray[np.int64], rule: Literal["last", "majority", "frame"]
) -> npt.NDArray[np.int64]:
    """Return the label of each window.

    Args:
        labels: [N, T0] class of each row.
        rule: ``last``: of the last row; ``majority``: the most frequent, the lowest of equals; ``frame``: all of them.

    Returns:
        [N], or [N, T0].
    """
    if rule == "frame":
        return labels
    if rule == "last":
        return labels[:, -1]
    classes = int(labels.max()) + 1
    counts = np.zeros((len(labels), classes), np.int64)
    np.add.at(counts, (np.arange(len(labels))[:, None], labels), 1)
    most: npt.NDArray[np.int64] = counts.argmax(1)
    return most
