"""Seeds made of seeds: what is drawn for one purpose, of one study, is drawn for no other.

A sum will not do: seed 0 plus 10,000 is another study's seed, and neighbouring studies share all but one of theirs.
"""

from __future__ import annotations

import hashlib

_BITS = 52  # a table's float holds it exactly


def seed_of(purpose: str, *numbers: int) -> int:
    """Return the seed for a purpose: a hash of it and of the numbers, in 2**52 .. 2**53 - 1.

    No study's seed is one of these (they are below 2**32), and two that differ in purpose or in a number are the same
    with a chance of 2**-52.
    """
    text = "/".join([purpose, *(str(int(number)) for number in numbers)])
    drawn = int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
    return 1 << _BITS | drawn >> (256 - _BITS)
