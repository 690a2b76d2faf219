"""Reads idx.gz, the file format of MNIST: a magic number, the shape, then unsigned bytes.

Not for idx files of other number types, which no data set here uses.
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hwsearch.errors import Fault, InputError

_UNSIGNED_BYTE = 8
# deflate cannot do better, so a header that promises more is wrong (and would ask for all memory)
_MOST_COMPRESSION = 1032


def read_idx(path: Path, item_shape: tuple[int, ...] = ()) -> npt.NDArray[np.uint8]:
    """Read one idx.gz file of unsigned bytes.

    Args:
        path: The file.
        item_shape: Shape of one item: (28, 28) for images, () for labels.

    Returns:
        [N, *item_shape], at least one item.

    Raises:
        InputError: The file is missing, is not gzip, or breaks the idx format; it names the file and the law.
    """
    try:
        with gzip.open(path) as stream:
            header = stream.read(4 * (2 + len(item_shape)))
            shape = _shape(path, header, item_shape)
            size = math.prod(shape)
            if size > _MOST_COMPRESSION * path.stat().st_size:
                raise _broken(
                    path, "the file must hold the items that its header counts", f"{shape[0]} items"
                )
            body = stream.read(size + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise _broken(path, "the file must be a readable gzip file", str(error)) from None
    if len(body) != size:
        got = f"{len(body)} bytes" if len(body) < size else "more"
        raise _broken(path, f"the header's shape {shape} needs exactly {size} bytes behind it", got)
    # a copy, because frombuffer's array is read-only, which torch warns of
    return np.frombuffer(body, dtype=np.uint8).reshape(shape).copy()


def _shape(path: Path, header: bytes, item_shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return [N, *item_shape] from the header, or say which law it breaks."""
    magic = bytes((0, 0, _UNSIGNED_BYTE, 1 + len(item_shape)))
    if header[:4] != magic:
        got = header[:4].hex() or "an empty file"
        raise _broken(path, f"the magic number must be {magic.hex()} (idx, unsigned bytes)", got)
    if len(header) < 4 * (2 + len(item_shape)):
        raise _broken(path, "the header must give the shape", f"{len(header)} bytes in all")
    shape = tuple(int(side) for side in np.frombuffer(header[4:], dtype=">u4"))
    if shape[1:] != item_shape:
        raise _broken(path, f"one item must have the shape {item_shape}", str(shape[1:]))
    if shape[0] == 0:
        raise _broken(path, "there must be at least one item", "0 items")
    return shape


def _broken(path: Path, law: str, got: str) -> InputError:
    return InputError([Fault("", law, got, "fetch the file anew", path)])
