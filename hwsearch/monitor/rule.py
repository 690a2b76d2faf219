"""The rule that firmware runs after each inference, in whole numbers, and this computer likewise, bit for bit.

Each value v is held against what inferences of the same predicted class c have, in sixteenths of the spread::

    z = clip((min(v >> down, 65535) * gain - offset[c]) >> shift, -64, 64)
    above = max(0, above + z - 8),  below = max(0, below - z - 8)

and a sum that exceeds its limit is an alarm, after which all sums begin at 0 again. So a value may lie half a spread
off without end, and what lies farther off adds up, four spreads at most of an inference. Each sum has a limit of its
own.

Source: Page 1954, Biometrika 41, "Continuous inspection schemes" (the sums).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

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
        limits: Of each quantity what its sum above may not exceed, and its sum below.
    """

    watches: tuple[Watch, ...]
    limits: tuple[tuple[int, int], ...]


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
    most_above, most_below = np.array(rule.limits).T
    found = []
    for n, (above, below) in enumerate(sums(rule, what)):
        high, low = np.flatnonzero(above > most_above), np.flatnonzero(below > most_below)
        if len(high) or len(low):
            found.append(Alarm(n, tuple(map(int, high)), tuple(map(int, low))))
    return found


def sums(rule: Rule, what: Seen) -> Iterator[tuple[Ints, Ints]]:
    """Yield both sums of each quantity, [Q], after each inference, before an alarm lets them begin again."""
    most_above, most_below = np.array(rule.limits).T
    above = below = np.zeros(len(rule.watches), np.int64)
    for z in scores(rule.watches, what):
        above, below = _grown(above, below, z)
        yield above, below
        if (above > most_above).any() or (below > most_below).any():
            above = below = np.zeros(len(rule.watches), np.int64)


def heights(z: npt.NDArray[np.signedinteger], streams: Ints) -> Iterator[npt.NDArray[np.int16]]:
    """Yield the sums above and below of each quantity after each inference of many streams, [S, 2 Q], without alarms.

    They are told up to ``MOST_LIMIT``, in one array that the next inference changes.

    Args:
        z: Scores [N, Q].
        streams: [S, H] which sample comes when.
    """
    both = np.concatenate([z, -z], 1).astype(np.int16) - np.int16(SLACK)
    found = np.zeros((len(streams), both.shape[1]), np.int16)
    for chosen in streams.T:
        found += both[chosen]
        np.clip(found, 0, MOST_LIMIT, out=found)
        yield found


def peaks(z: npt.NDArray[np.signedinteger], streams: Ints) -> npt.NDArray[np.int16]:
    """Return the highest that `heights` come to in each stream, [S, 2 Q]."""
    found = np.zeros((len(streams), 2 * z.shape[1]), np.int16)
    for height in heights(z, streams):
        np.maximum(found, height, out=found)
    return found


def _grown(above: np.ndarray, below: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both sums after one more inference."""
    return np.maximum(above + z - SLACK, 0), np.maximum(below - z - SLACK, 0)
