"""Files of the cache that know their name and content: what is damaged, swapped or edited is told from what is whole.

A sealed file is a safetensors file whose header also names the file and holds the SHA-256 of all its bytes, the digits
of the checksum itself counted as zeros. It is checked before anything of it is read. Not a signature: who writes a file
anew with another checksum is believed.
"""

from __future__ import annotations

import hashlib
import json
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from hwsearch.errors import RecordError
from hwsearch.network.store import load_tensors
from hwsearch.records.files import write_bytes

_FILE, _CHECKSUM = "file", "checksum"
_BLANK = b"0" * 64
_SEAL = re.compile(rb'"checksum":"\\"([0-9a-f]{64})\\""')  # a JSON text within the header's
_DAMAGE = (RecordError, KeyError, TypeError, ValueError, AttributeError, OverflowError)
"""What reading a file of an earlier version may raise where it is damaged: those have no checksum."""


def save_sealed(path: Path, tensors: Mapping[str, np.ndarray], values: Mapping[str, object]) -> None:
    """Write tensors and JSON values in one step, sealed.

    Raises:
        ValueError: A value has a name that the seal needs.
    """
    if taken := {_FILE, _CHECKSUM} & set(values):
        raise ValueError(f"the seal needs the name {', '.join(sorted(taken))}")
    path.parent.mkdir(parents=True, exist_ok=True)
    texts = {name: json.dumps(value) for name, value in values.items()}
    texts |= {_FILE: json.dumps(path.name), _CHECKSUM: json.dumps(_BLANK.decode())}
    data = save({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, texts)
    found = _SEAL.search(data)
    assert found is not None
    checksum = hashlib.sha256(data).hexdigest().encode()
    write_bytes(path, data[: found.start(1)] + checksum + data[found.end(1) :])


def load_sealed(path: Path, *, unsealed: bool = False) -> tuple[dict[str, np.ndarray], dict[str, Any]] | None:
    """Read what `save_sealed` wrote; None: there is no such file.

    Args:
        path: The file.
        unsealed: Also read a file without a seal, as earlier versions wrote them.

    Raises:
        RecordError: It is not as it was written, or of another name; the message says which.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a FIFO would be waited for without end
            raise RecordError("cannot be read: no regular file")
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RecordError(f"cannot be read: {error.strerror}") from None
    seal = _SEAL.search(data)
    if seal is None and not unsealed:
        raise RecordError("no checksum")
    if seal is not None:
        blank = data[: seal.start(1)] + _BLANK + data[seal.end(1) :]
        if hashlib.sha256(blank).hexdigest().encode() != seal[1]:
            raise RecordError("its bytes are not those that were written")
    try:
        tensors, values = load_tensors(path)
        name = values.pop(_FILE, None)
        values.pop(_CHECKSUM, None)
    except _DAMAGE as error:
        raise RecordError(f"cannot be read: {error}") from None
    if seal is not None and name != path.name:
        raise RecordError(f"it was written as {name}")
    return tensors, values
