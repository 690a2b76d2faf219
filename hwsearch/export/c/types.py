"""C types of a network's numbers: the narrowest of 8, 16 and 32 bits that holds them."""

from __future__ import annotations

import numpy as np

BITS = "bits"
"""Spikes: a bit each, eight in a byte, the first in the lowest bit."""
SIZES = {BITS: 1, "u8": 1, "u16": 2, "u32": 4, "i8": 1, "i16": 2, "i32": 4}
"""Bytes of an element; of bits, of eight."""
_C = {
    "u8": "uint8_t",
    "u16": "uint16_t",
    "u32": "uint32_t",
    "i8": "int8_t",
    "i16": "int16_t",
    "i32": "int32_t",
}


def c_type(name: str) -> str:
    """Return the C type of a kind of number."""
    return _C["u8" if name == BITS else name]


def unsigned_type(most: int) -> str:
    """Return the kind that holds 0 .. most."""
    return next(
        name for name, bits in (("u8", 8), ("u16", 16), ("u32", 32)) if most < 2**bits or name == "u32"
    )


def state_type(bits: int) -> str:
    """Return the kind of a membrane of a width."""
    return next(name for name, size in (("i8", 8), ("i16", 16), ("i32", 32)) if bits <= size)


def param_type(*arrays: np.ndarray | None) -> str:
    """Return the kind of biases and thresholds: 16 bits, as microcontrollers are priced, or 32."""
    sizes = [np.iinfo(np.int16)] * len(arrays)
    fits = all(
        array is None or not array.size or (info.min <= array.min() and array.max() <= info.max)
        for array, info in zip(arrays, sizes, strict=True)
    )
    return "i16" if fits else "i32"


def length(kind: str, count: int) -> int:
    """Return how many elements of an array hold so many numbers."""
    return -(-count // 8) if kind == BITS else count
