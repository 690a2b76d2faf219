"""Which samples belong together, so that no split may part them: groups, equal samples, overlapping windows.

Each is said by a number a sample: equal numbers belong together. Not for drawing parts (`split`).
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from hwsearch.data.samples import Values

Ints = npt.NDArray[np.int64]


def equal_samples(x: Values) -> Ints:
    """Return the index of the first sample that each equals, bit by bit; [N].

    Args:
        x: [N, ...].
    """
    first: dict[bytes, int] = {}
    # adding nothing makes -0.0 the 0.0 that it equals
    rows = np.ascontiguousarray(x if x.dtype == np.uint8 else np.add(x, 0, dtype=np.float32))
    return np.array(
        [
            first.setdefault(hashlib.blake2b(row.data, digest_size=16).digest(), index)
            for index, row in enumerate(rows)
        ],
        dtype=np.int64,
    )


def overlapping_windows(spans: Ints) -> Ints:
    """Return numbers of chains of windows, each of which overlaps another of its chain; [N].

    Args:
        spans: [N, 3]: recording, first frame, frame behind the last.
    """
    starts, ends = on_one_line(spans)
    order = np.lexsort((ends, starts))
    ended = np.maximum.accumulate(ends[order])
    chains = np.concatenate([[0], np.cumsum(starts[order][1:] >= ended[:-1])])
    found = np.empty(len(spans), dtype=np.int64)
    found[order] = chains
    return found


def on_one_line(spans: Ints) -> tuple[Ints, Ints]:
    """Return the first frame, and the frame behind the last, of each window, recordings laid one behind another."""
    _, recording = np.unique(spans[:, 0], return_inverse=True)
    low = int(spans[:, 1].min(initial=0))
    length = int(spans[:, 2].max(initial=0)) - low
    return recording * length + spans[:, 1] - low, recording * length + spans[:, 2] - low


def joined(*numbers: Ints) -> Ints:
    """Return the numbers of what belongs together by any of several reasons, and so by a chain of them; [N].

    Args:
        numbers: [N] each, one at least.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components  # slow to import, and most data need none

    n = len(numbers[0])
    rows, columns = [], []
    for one in numbers:
        order = np.argsort(one, kind="stable")
        same = one[order][1:] == one[order][:-1]
        rows.append(order[:-1][same])
        columns.append(order[1:][same])
    row, column = np.concatenate(rows), np.concatenate(columns)
    links = coo_array((np.ones(len(row), dtype=np.int8), (row, column)), shape=(n, n))
    _, found = connected_components(links, directed=False)
    return np.asarray(found, dtype=np.int64)
