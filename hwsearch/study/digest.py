"""A short name for a value: the same settings give the same digest on every machine and in every process.

Not for secrets: 64 bits tell studies and candidates apart, they do not withstand an attacker.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

# raise it whenever the meaning of a digested value changes, so that old records are not taken for new ones
FORMAT_VERSION = 1
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(value: Any) -> str:
    """Return 16 hex digits of the SHA-256 of a value's canonical JSON and of the format version.

    Args:
        value: Dataclasses, pydantic models, mappings with text keys, lists, tuples, text, numbers, None.

    Raises:
        TypeError: The value holds something else (a set, an array, a path, a key that is no text).
        ValueError: A number is not finite.
    """
    content = {"format": FORMAT_VERSION, "value": _plain(value)}
    return hashlib.sha256(_CANONICAL.encode(content).encode()).hexdigest()[:16]


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind is str or kind is int or value is None:  # nearly all there is
        return value
    if kind is float:
        return value + 0.0  # -0.0 is 0.0
    if isinstance(value, BaseModel):
        return _plain(dict(value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("a digested mapping must have text keys")
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return float(value) + 0.0
    if isinstance(value, str | int):
        return value
    raise TypeError(f"a value of type {type(value).__name__} has no digest")
