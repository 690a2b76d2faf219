"""Arrays of an npz file as samples. Nothing is unpickled: arrays of objects are refused by their headers."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hwsearch.data.readers.arrays import MOST_BYTES, Places, samples_of
from hwsearch.data.readers.files import File, every, open_files, path_below
from hwsearch.data.samples import Samples
from hwsearch.errors import Fault, InputError, did_you_mean
from hwsearch.study.data_section import NpzData

PARTS = {"train": False, "test": True}
"""What an official part may be called, and whether it is the test."""


def read_npz(data: NpzData) -> Samples:
    """Read the arrays that a study names.

    Raises:
        InputError: The file or an array is missing, damaged, of objects or too large, or the arrays break a law of
            ``samples_of``; all faults that can be told.
    """
    path = path_below(data.root, data.npz, "data.npz")
    names = {"x": data.x, "y": data.y, "group": data.group, "part": data.part}
    arrays, faults = {}, []
    with open_files(path, most=MOST_BYTES) as files:
        known = {file.name.removesuffix(".npy"): file for file in files}
        for key, name in names.items():
            if name is None:
                continue
            if name not in known:
                todo = did_you_mean(name, known, "arrays")
                faults.append(Fault(f"data.{key}", f"{path.name} must have this array", repr(name), todo))
                continue
            try:
                arrays[key] = _array(known[name], path, name)
            except InputError as error:
                faults += error.faults
    test = None
    if "part" in arrays:
        test, more = parts_of(arrays["part"], str(data.part), path)
        faults += more
    if faults:
        raise every(faults)
    of = {"x": data.x, "y": data.y, "axes": "data.axes"}
    of |= {"groups": str(data.group), "official_test": str(data.part)}
    return samples_of(
        arrays["x"],
        arrays["y"],
        axes=data.axes,
        groups=arrays.get("group"),
        official_test=test,
        places=Places(of, path),
    )


def read_array(path: Path, name: str) -> npt.NDArray[Any]:
    """Return one array of an npz file, as it is.

    Raises:
        InputError: The file or the array is missing, damaged, of objects or too large.
    """
    with open_files(path, most=MOST_BYTES) as files:
        known = {file.name.removesuffix(".npy"): file for file in files}
        if name not in known:
            law, todo = f"{path.name} must have this array", did_you_mean(name, known, "arrays")
            raise InputError([Fault(name, law, "none of that name", todo, path)])
        return _array(known[name], path, name)


def parts_of(
    parts: npt.NDArray[Any], name: str, path: Path
) -> tuple[npt.NDArray[np.bool_] | None, list[Fault]]:
    """Return which samples are of the test part, or what is wrong.

    Args:
        parts: ``train`` or ``test`` of each sample.
        name: Of the array or column.
        path: Of the file.
    """
    law = "parts must be train or test, as text"
    if parts.dtype.kind != "U":
        return None, [Fault(name, law, f"type {parts.dtype}", "write the words", path)]
    strange = sorted(set(parts.ravel().tolist()) - set(PARTS))
    if strange:
        got = ", ".join(repr(word) for word in strange[:8])
        return None, [Fault(name, law, got, "validation samples are drawn from train", path)]
    return parts == "test", []


def _array(file: File, path: Path, name: str) -> npt.NDArray[Any]:
    """Return one array, whose header is judged before anything of it is made."""
    stream = io.BytesIO(file.read())
    try:
        version = np.lib.format.read_magic(stream)
        header = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = header(stream)
    except ValueError as error:
        law = "it must be an array as numpy.savez writes it"
        raise InputError([Fault(name, law, str(error).partition("\n")[0], "save it anew", path)]) from None
    size = math.prod(shape) * dtype.itemsize
    if dtype.hasobject:
        law = "arrays of objects are not read, since reading them could run code"
        todo = "save it as numbers or text: x.astype(float), y.astype(str)"
        raise InputError([Fault(name, law, f"type {dtype}", todo, path)])
    if size > MOST_BYTES:
        law = f"an array may take {MOST_BYTES >> 30} GiB of memory at most"
        raise InputError([Fault(name, law, f"{size / 2**30:.1f} GiB, shape {shape}", "save fewer", path)])
    left = len(stream.getbuffer()) - stream.tell()
    if left != size:
        law = f"an array of shape {shape} and type {dtype} must have {size} bytes"
        raise InputError([Fault(name, law, f"{left} bytes", "save it anew", path)])
    stream.seek(0)
    return np.lib.format.read_array(stream, allow_pickle=False)
