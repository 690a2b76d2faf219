"""Reads idx, the file format of MNIST: a magic number, the shape, then unsigned bytes; plain or packed with gzip.

Not for idx files of other number types, which no data set here uses.
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from hwsearch.data.readers.arrays import MOST_BYTES
from hwsearch.data.readers.files import MOST_COMPRESSION
from hwsearch.errors import Fault, InputError

_UNSIGNED_BYTE = 8
_MOST_AXES = 4
_GZIP = b"\x1f\x8b"


def read_idx(path: Path, item_shape: tuple[int, ...] | None = ()) -> npt.NDArray[np.uint8]:
    """Read one idx file of unsigned bytes.

    Args:
        path: The file, packed with gzip or not, whatever its name says.
        item_shape: Shape of one item: (28, 28) for images, () for labels; None: as the file says, 3 axes at most.

    Returns:
        [N, *item_shape], at least one item.

    Raises:
        InputError: The file is missing, is damaged, or breaks the idx format; it names the file and the law.
    """
    packed = False
    try:
        with path.open("rb") as plain:
            packed = plain.read(2) == _GZIP
            plain.seek(0)
            if not packed:
                return _read(path, plain, item_shape, path.stat().st_size)
            with gzip.open(plain) as stream:
                return _read(path, stream, item_shape, MOST_COMPRESSION * path.stat().st_size)
    except (OSError, EOFError, zlib.error) as error:
        law = "the file must be a readable gzip file" if packed else "the file must be readable"
        raise _broken(path, law, str(error)) from None


def _read(
    path: Path, stream: IO[bytes] | gzip.GzipFile, item_shape: tuple[int, ...] | None, most: int
) -> npt.NDArray[np.uint8]:
    """Return the items of an opened file, which cannot hold more than ``most`` bytes."""
    shape = _shape(path, stream, item_shape)
    size = math.prod(shape)
    if size > most:
        law = "the file must hold the items that its header counts"
        raise _broken(path, law, f"{shape[0]} items of shape {shape[1:]}")
    if size > MOST_BYTES:
        law = f"samples may take {MOST_BYTES >> 30} GiB of memory at most"
        raise _broken(path, law, f"{size / 2**30:.1f} GiB", "take fewer")
    body = stream.read(size + 1)
    if len(body) != size:
        got = f"{len(body)} bytes" if len(body) < size else "more"
        raise _broken(path, f"the header's shape {shape} needs exactly {size} bytes behind it", got)
    # a copy, because frombuffer's array is read-only, which torch warns of
    return np.frombuffer(body, dtype=np.uint8).reshape(shape).copy()


def _shape(
    path: Path, stream: IO[bytes] | gzip.GzipFile, item_shape: tuple[int, ...] | None
) -> tuple[int, ...]:
    """Return [N, *item_shape] from the header, or say which law it breaks."""
    magic = stream.read(4)
    _check_magic(path, magic, None if item_shape is None else 1 + len(item_shape))
    sides = stream.read(4 * magic[3])
    if len(sides) < 4 * magic[3]:
        raise _broken(path, "the header must give the shape", f"{4 + len(sides)} bytes in all")
    shape = tuple(int(side) for side in np.frombuffer(sides, dtype=">u4"))
    if item_shape is not None and shape[1:] != item_shape:
        raise _broken(path, f"one item must have the shape {item_shape}", str(shape[1:]))
    if shape[0] == 0:
        raise _broken(path, "there must be at least one item", "0 items")
    return shape


def _check_magic(path: Path, magic: bytes, axes: int | None) -> None:
    """Refuse a file that does not begin as idx does."""
    begin = bytes((0, 0, _UNSIGNED_BYTE))
    if (
        magic[:3] == begin
        and len(magic) == 4
        and magic[3] in (range(1, 1 + _MOST_AXES) if axes is None else (axes,))
    ):
        return
    wanted = (
        f"{begin.hex()}01 .. {begin.hex()}{_MOST_AXES:02x}"
        if axes is None
        else (begin + bytes((axes,))).hex()
    )
    got, todo = magic.hex() or "an empty file", "fetch the file anew"
    if magic[:2] == _GZIP:
        got, todo = f"{got}, gzip within gzip", "unpack it once"
    elif magic.lstrip()[:1] == b"<":
        got += ", the beginning of a web page"
    elif magic[:2] == b"\0\0" and len(magic) == 4 and magic[2] in (9, 11, 12, 13, 14):
        todo = "save it as unsigned bytes"
    raise _broken(path, f"the magic number must be {wanted} (idx, unsigned bytes)", got, todo)


def _broken(path: Path, law: str, got: str, todo: str = "fetch the file anew") -> InputError:
    return InputError([Fault("", law, got, todo, path)])
