"""Arrays as Python's users hold them (numpy, torch, pandas, lists) as numpy's, and as a file of a study.

Not for what they must be (`readers.arrays`).
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hwsearch.errors import Fault, InputError, RecordError
from hwsearch.whole_files import whole_file

Array = npt.NDArray[Any]


def numpy_of(value: Any, where: str) -> Array:
    """Return an array, a tensor (of any device, with a gradient or without), a pandas frame or a list as numpy's.

    Text that came as Python objects, as pandas holds it, becomes numpy's text.

    Args:
        value: What somebody gave.
        where: The argument's name.

    Raises:
        InputError: It is no array: ragged, or of a kind that numpy lacks.
    """
    try:
        if hasattr(value, "detach"):
            value = value.detach().cpu().numpy()
        elif hasattr(value, "to_numpy"):
            value = value.to_numpy()
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:
        law = "it must be an array, a tensor, or a list of rows of equal length"
        raise InputError([Fault(where, law, str(error).splitlines()[0][:120])]) from None
    if array.dtype == object and array.size and all(isinstance(item, str) for item in array.flat):
        return array.astype(str)
    return array


def digest_of_arrays(arrays: Mapping[str, Array]) -> str:
    """Return the SHA-256 of arrays by name: of their types, shapes and values."""
    found = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        found.update(f"{name} {array.dtype.str} {array.shape} ".encode())
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def write_arrays(arrays: Mapping[str, Array], path: Path) -> None:
    """Write arrays as one npz file in one step; nothing is pickled.

    Raises:
        ValueError: An array holds Python objects.
    """
    if any(array.dtype.hasobject for array in arrays.values()):
        raise ValueError("arrays of Python objects are not written")
    with whole_file(path) as unfinished, unfinished.open("wb") as stream:
        np.savez(stream, **arrays)  # type: ignore[arg-type]  # its keywords are names of arrays


def read_arrays(path: Path) -> dict[str, Array]:
    """Read what `write_arrays` wrote; nothing is unpickled.

    Raises:
        RecordError: The file is damaged.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, EOFError, ValueError, zipfile.BadZipFile) as error:
        law = "the arrays of a run must be as they were written"
        raise RecordError(
            f"{path}: {law}; got: {error} (choose another folder, or delete this one)"
        ) from None
