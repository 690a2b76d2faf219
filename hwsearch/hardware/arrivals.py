"""How what arrives over a connection falls into calls, lists and channels: counted while a network runs.

A kernel of the C library takes events in lists of at most LIST_EVENTS, in the order of its inputs, and filters decode
their weights anew for each channel of a list. Spikes come together in some timesteps and channels, so neither follows
from their number.
"""

from __future__ import annotations

from dataclasses import dataclass

LIST_EVENTS = 32
"""Events that a scan hands to a kernel at most: SNNK_EVENTS of the library."""


@dataclass(frozen=True)
class Arrivals:
    """What a connection reads in an inference, mean over samples, in the timesteps in which its target is computed.

    Attributes:
        events: Values that are not zero, pooled on the way: spikes that are added up over a window are one event.
        lists: Lists of events, the last of each call, which is not full, included.
        filled: Lists that hold any event.
        runs: Runs of one channel's events in one list; of a matrix one a list.
    """

    events: float
    lists: float
    filled: float
    runs: float
