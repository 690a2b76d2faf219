"""What packed weights must say of themselves before they are unpacked: they may come from anybody's file.

Not for what the streams hold: `packing` finds that out while it reads them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hwsearch.compress.packing import Packed

_STREAMS = {
    "dense": ("values",), "csr": ("pointers", "indices", "values"), "delta": ("pointers", "indices", "values"),
    "nm": ("indices", "values"), "bitmap": ("bitmap", "values"), "block": ("bitmap", "values"),
    "kernel": ("bitmap", "values"),
}  # fmt: skip
"""The streams of a kind of format, in their order."""
MOST_WEIGHTS = 2**26
"""Weights of a connection that are unpacked: sparse data may claim to be of a shape that no memory holds."""


def check_streams(packed: Packed) -> None:
    """Refuse streams that are not those of the format, and shapes that are none.

    Raises:
        ValueError: They are not.
    """
    kind = packed.format.partition(":")[0]
    names, wanted = tuple(stream.name for stream in packed.streams), _STREAMS[kind]
    if names != wanted:
        got = ", ".join(map(str, names))
        raise ValueError(f"the streams of {packed.format} must be {', '.join(wanted)}; got {got}")
    if not all(1 <= stream.bits <= 63 for stream in packed.streams):
        raise ValueError("a field of packed weights must have 1 .. 63 bits")
    size = math.prod(packed.shape)
    if len(packed.shape) not in (2, 4) or size * max(1, packed.slots if kind == "nm" else 1) > MOST_WEIGHTS:
        law = f"packed weights must be of two or four axes, and {MOST_WEIGHTS:,} at most"
        raise ValueError(f"{law}; got shape {packed.shape}")
    if packed.groups < 1 or packed.shape[0] % packed.groups:
        raise ValueError(f"groups must share out {packed.shape[0]} channels; got {packed.groups}")
