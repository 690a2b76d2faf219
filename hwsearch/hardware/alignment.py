"""Channel counts in multiples of what a device works off together: how many channels may go, so that the rest is whole.

The device's number is `Limits.channel_multiple`; `rules.toolchain_limits.channels_in_multiples` refuses others. Not for
which channels go: `compress.masks` ranks them.
"""

from __future__ import annotations


def aligned_removal(channels: int, removed: int, multiple: int | None) -> int:
    """Return the most channels, no more than asked for, that may go so that a multiple of so many stays.

    Where the channels are no multiple to begin with, the fewest that make them one may go, if so many are asked for.
    One multiple stays at least.

    Args:
        channels: Of a population, or of a group that shares them.
        removed: To be removed.
        multiple: Of which the rest must be a multiple; None: of anything.
    """
    if not multiple or multiple == 1:
        return removed
    staying = max(multiple, -(-(channels - removed) // multiple) * multiple)
    return max(0, channels - staying)
