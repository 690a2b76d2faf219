"""The rule that firmware runs after each inference, in whole numbers, and this computer likewise, bit for bit.

Each value v is held against what inferences of the same predicted class c have, in sixteenths of the spread::

    z = clip((min(v >> down, 65535) * gain - offset[c]) >> shift, -64, 64)
    above = max(0, above + z - 8),  below = max(0, below - z - 8)

and a sum that exceeds the limit is an alarm, after which all sums begin at 0 again. So a value may lie half a spread
off without end, and what lies farther off adds up, four spreads at most of an inference.

Source: Page 1954, Biometrika 41, "Continuous inspection schemes" (the sums).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hwsearch.monitor.quantities import Ints, Quantity, Seen

SPREAD = 16
"""Units of a score in which the spread of a quantity is told."""
SLACK = 8
"""What a value may be off, in these units, without anything adding up."""
CLIP = 64
"""The most that one inference may be off."""
MOST_VALUE, MOST_GAIN, MOST_SHIFT = 2**16 - 1, 2**14 - 1, 24
"""A value times a gain stays below 2**30."""
MOST_LIMIT = 2**15 - 1 - 2 * CLIP
"""Sums are 16 bits wide."""


@dataclass(frozen=True)
class Watch:
    """How one quantity is made a score.

    Attributes:
        quantity: Which.
        down: Bits that a value is shifted right by first.
        gain, shift: The score is gain / 2**shift a unit.
        offsets: What is taken away for each predicted class.
    """

    quantity: Quantity
    down: int
    gain: int
    shift: int
    offsets: tuple[int, ...]


@dataclass(frozen=True)
class Rule:
    """A monitor's rule.

    Attributes:
        watches: One a quantity.
        limit: What no sum may exceed.
    """

    watches: tuple[Watch, ...]
    limit: int


@dataclass(frozen=True)
class Alarm:
    """What was noticed after an inference.

    Attributes:
        inference: Its place in the stream, from 0.
        above, below: Places of the quantities whose values have come to lie too high, and too low.
    """

    inference: int
    above: tuple[int, ...]
    below: tuple[int, ...]


def scores(watches: Sequence[Watch], what: Seen) -> Ints:
    """Return z of each inference, [N, Q]."""
    columns = []
    for watch, value in zip(watches, what.values.T, strict=True):
        offset = np.array(watch.offsets, np.int64)[what.classes]
        z = (np.minimum(value >> watch.down, MOST_VALUE) * watch.gain - offset) >> watch.shift
        columns.append(np.clip(z, -CLIP, CLIP))
    return np.stack(columns, 1)


def alarms(rule: Rule, what: Seen) -> list[Alarm]:
    """Return every alarm of a stream; sums begin at 0 after each."""
    found = []
    for n, (above, below) in enumerate(sums(rule, what)):
        high, low = np.flatnonzero(above > rule.limit), np.flatnonzero(below > rule.limit)
        if len(high) or len(low):
            found.append(Alarm(n, tuple(map(int, high)), tuple(map(int, low))))
    return found


def sums(rule: Rule, what: Seen) -> Iterator[tuple[Ints, Ints]]:
    """Yield both sums of each quantity, [Q], after each inference, before an alarm lets them begin again."""
    above = below = np.zeros(len(rule.watches), np.int64)
    for z in scores(rule.watches, what):
        above, below = _grown(above, below, z)
        yield above, below
        if max(above.max(), below.max()) > rule.limit:
            above = below = np.zeros(len(rule.watches), np.int64)


def highest(z: np.ndarray, streams: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the highest sum of any quantity after each inference of many streams, [S] or [S, K], without alarms.

    They are told up to ``MOST_LIMIT``.

    Args:
        z: Scores [N, Q], or of several rules [N, Q, K].
        streams: [S, H] which sample comes when.
    """
    small = np.ascontiguousarray(z, np.int16)
    above = np.zeros((len(streams), *z.shape[1:]), np.int16)
    below = above.copy()
    for chosen in streams.T:
        now = small[chosen]
        above += now - np.int16(SLACK)
        below -= now + np.int16(SLACK)
        for each in (above, below):
            np.clip(each, 0, MOST_LIMIT, out=each)
        yield np.maximum(above, below).max(1)


def _grown(above: np.ndarray, below: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both sums after one more inference."""
    return np.maximum(above + z - SLACK, 0), np.maximum(below - z - SLACK, 0)
