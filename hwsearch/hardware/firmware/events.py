"""How the events of a connection fall into lists and channels: as counted, or expectations from their number alone.

Expected before a network is trained: each of n values is an event with the same probability p, independently. Real
events come together in some channels and timesteps, so that there are fewer runs than expected, by half in places.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from hwsearch.hardware.arrivals import LIST_EVENTS
from hwsearch.hardware.firmware.program import LibraryConnection
from hwsearch.hardware.workload import BLOCKS, NM_GROUPS, ConnectionWork, Workload

_BYTE = 8


@dataclass(frozen=True)
class Lists:
    """Lists of events of a connection in an inference.

    Attributes:
        all: Lists, the last of each call, which is not full, included.
        filled: Lists that hold any event.
        groups: Runs of one channel's events in one list.
    """

    all: float
    filled: float
    groups: float


def lists_of(c: LibraryConnection) -> Lists:
    """Return the lists of a connection.

    Those that were counted, where they were. Else each value is an event as likely as any other, and
    full lists are E[floor(n / 32)] = sum over k of P(n >= 32 k), n binomial, by the normal approximation. A channel
    that straddles two lists is a run in each.
    """
    values, counted = c.work.inputs, c.work.arrivals
    if not values or not c.calls:
        return Lists(0.0, 0.0, 0.0)
    if counted is not None:
        return Lists(counted.lists, counted.filled, counted.runs)
    n = c.events / c.calls
    p = min(1.0, n / values)
    deviation = math.sqrt(n * (1 - p))
    full = sum(_reaches(n, deviation, k * LIST_EVENTS) for k in range(1, values // LIST_EVENTS + 1))
    some = 1 - (1 - p) ** values
    channels = _channels(c)
    active = channels * (1 - (1 - p) ** (values / channels))
    split = max(0.0, 1 - active / n) if n else 0.0
    groups = min(n, active + full * split)
    return Lists(c.calls * (full + 1), c.calls * (full + some), c.calls * groups)


def _channels(c: LibraryConnection) -> int:
    height, width = c.work.in_size
    return max(1, c.work.inputs // (height * width)) if c.work.kind == "conv" else 1


def _reaches(mean: float, deviation: float, n: int) -> float:
    """Return P(events >= n)."""
    if deviation == 0:
        return float(mean >= n)
    return 0.5 * math.erfc((n - 0.5 - mean) / deviation / math.sqrt(2))


def bits_looked_at(c: LibraryConnection) -> tuple[float, float]:
    """Return the turns that a scan of bits spends on a bit, and on a byte of which nothing is left, in an inference.

    It looks at a byte's bits up to the last spike; a byte whose last bit spikes needs no further look.
    """
    values = c.work.inputs * c.calls
    p = min(1.0, c.events / values) if values else 0.0
    whole, rest = divmod(c.work.inputs, _BYTE)
    looked = [1 - (1 - p) ** length for length in range(1, _BYTE + 1)]
    bits = whole * sum(looked) + sum(looked[:rest])
    return c.calls * bits, c.calls * (whole + (rest > 0)) * (1 - p)


def further_bytes(bits: int) -> float:
    """Return the bytes beyond its first that a field of so many bits reaches into, mean over where it may begin."""
    if not bits:
        return 0.0
    starts = range(0, _BYTE, math.gcd(bits, _BYTE))
    return sum((start + bits - 1) // _BYTE for start in starts) / len(starts)


def hits_of(c: LibraryConnection) -> float:
    """Return the weights, not zero, that listed events meet."""
    return _of_events(c, c.work.ops.nonzero)


def unused_of(c: LibraryConnection, slots: int) -> float:
    """Return the slots without a weight that listed events meet; spread evenly over inputs where not counted."""
    if not c.work.ops.nm_unused:
        return (slots - c.work.census.nonzero) * c.events / max(1, c.work.census.in_channels)
    return _of_events(c, c.work.ops.nm_unused[NM_GROUPS.index(c.unit)])


def in_blocks_of(c: LibraryConnection) -> float:
    """Return the weights of stored blocks that listed events meet."""
    return _of_events(c, c.work.ops.blocks[BLOCKS.index(c.unit)])


def _of_events(c: LibraryConnection, met: float) -> float:
    """Return what listed events meet of what spikes meet: a pooled sum is one event, whatever its value."""
    return met * c.events / c.work.spikes_in if c.work.spikes_in else 0.0


def listed(c: ConnectionWork, workload: Workload, calls: float) -> float:
    """Return the events that a connection lists in an inference, in so many calls.

    Spikes that are added up over a window are one event. What arrives in timesteps that a readout leaves out is not
    looked at. Those that were counted, where they were.
    """
    if c.arrivals is not None:
        return c.arrivals.events
    if c.analog and workload.still:
        return c.spikes_in
    share = calls / workload.timesteps
    if c.pooling.kind != "sum" or c.pooling.area == 1 or c.analog:
        return c.spikes_in * share
    windows = c.inputs * workload.timesteps
    p = min(1.0, c.spikes_in / (windows * c.pooling.area)) if windows else 0.0
    return windows * (1 - (1 - p) ** c.pooling.area) * share
