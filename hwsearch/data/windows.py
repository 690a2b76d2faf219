"""Windows that were cut from recordings: which overlap, and stretches of a recording that share no frame.

Not for cutting windows, which readers do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hwsearch.data.together import on_one_line

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
_FEWEST = 10


def overlaps(spans: Ints, some: Ints, others: Ints) -> Bools:
    """Return which of some windows share a frame with any of others; [n_some].

    Args:
        spans: [N, 3]: recording, first frame, frame behind the last.
        some: Indices.
        others: Indices.
    """
    starts, ends = on_one_line(spans)
    begun = np.searchsorted(np.sort(starts[others]), ends[some], side="left")
    over = np.searchsorted(np.sort(ends[others]), starts[some], side="right")
    found: Bools = begun > over
    return found


def stretches(spans: Ints, labels: Ints, n_each: int) -> tuple[Ints, Bools]:
    """Cut recordings into stretches of equally many windows, as few as give every class enough of them.

    Windows that begin before the stretch in front has ended are left out, so stretches share no frame.

    Args:
        spans: [N, 3]: recording, first frame, frame behind the last.
        labels: [N].
        n_each: Stretches in which each class should stand.

    Returns:
        The number of each window's stretch, [N], and which windows are kept, [N].
    """
    starts, ends = on_one_line(spans)
    order = np.lexsort((ends, starts))
    in_order = _InOrder(spans[order, 0], starts[order], ends[order])
    cuts = []
    n = _FEWEST
    while True:
        length = -(-len(order) // n)
        stretch, kept = in_order.cut(length)
        cuts.append((min(holders(stretch[kept], labels[order][kept]).values()), stretch, kept))
        if cuts[-1][0] >= n_each or length <= 2:
            break
        n *= 2
    _, stretch, kept = cuts[-1] if cuts[-1][0] >= n_each else max(cuts, key=lambda one: one[0])
    back = np.argsort(order)
    return stretch[back], kept[back]


def holders(numbers: Ints, labels: Ints) -> dict[int, int]:
    """Return in how many of what belongs together (by its number, [N]) each class stands."""
    pairs = np.unique(np.stack([labels, numbers]), axis=1)
    classes, counts = np.unique(pairs[0], return_counts=True)
    return dict(zip(classes.tolist(), counts.tolist(), strict=True))


@dataclass(frozen=True)
class _InOrder:
    """Windows in the order of time, recordings laid one behind another; [N] each."""

    recording: Ints
    starts: Ints
    ends: Ints

    def cut(self, length: int) -> tuple[Ints, Bools]:
        """Return the stretch of each window, for stretches of so many windows, and which are kept."""
        _, first, recording = np.unique(self.recording, return_index=True, return_inverse=True)
        begins = (np.arange(len(recording)) - first[recording]) % length == 0
        stretch = np.cumsum(begins) - 1
        ended = np.maximum.accumulate(self.ends)
        at = np.flatnonzero(begins)
        before = np.where(at > 0, ended[at - 1], 0)
        return stretch, self.starts >= before[stretch]
