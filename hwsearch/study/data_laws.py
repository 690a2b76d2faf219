"""The laws of single values in a study's section ``data``: paths, patterns of names, durations, choices of files."""

from __future__ import annotations

import functools
import re
from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from hwsearch.study.laws import law
from hwsearch.study.units import read_quantity
from hwsearch.study.yaml_border import broken

_FIELD = re.compile(r"\{(\w*)\}")
_RANGE = re.compile(r"(\d{1,9})\.\.(\d{1,9})")
_MOST_VALUES = 1_000_000
_MOST_PATH, _MOST_NAME, _MOST_FIELDS = 4096, 256, 8


def _path(value: Any) -> Any:
    """Read a path that stays below the folder that it is taken from."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        raise broken("a path may not be empty")
    if len(value) > _MOST_PATH:
        raise broken(f"a path may have {_MOST_PATH:,} characters at most")
    windows, posix = PureWindowsPath(value), PurePosixPath(value)
    if windows.drive or windows.root or ".." in windows.parts or posix.parts[:1] == ("~",) or "\0" in value:
        law = "a path must lie below the study's folder, or below data.root"
        raise broken(
            law, value, "set data.root to the folder that holds the data, and write the path from there"
        )
    return value


def fields_of(pattern: str) -> list[str]:
    """Return the names in braces of a pattern, in order."""
    return _FIELD.findall(pattern)


def match_pattern(pattern: str, name: str) -> dict[str, str] | None:
    """Return what each field of a pattern stands for in a name; None: the name is not of the pattern.

    A field stands for one character or more, none of them ``/``, and for as few as can be, the first field first. Each
    place of the name is tried once for each field, so that no pattern and no name take long together.
    """
    parts = _FIELD.split(pattern)
    texts, names = parts[::2], parts[1::2]
    if len(name) > _MOST_PATH or not name.startswith(texts[0]):
        return None

    @functools.cache
    def rest(field: int, start: int) -> tuple[str, ...] | None:
        """Return what the fields from one on stand for, from a place on."""
        if field == len(names):
            return () if start == len(name) else None
        slash = name.find("/", start)
        most = len(name) if slash < 0 else slash
        end = name.find(texts[field + 1], start + 1)
        while 0 <= end <= most:
            after = rest(field + 1, end + len(texts[field + 1]))
            if after is not None:
                return name[start:end], *after
            end = name.find(texts[field + 1], end + 1)
        return None

    found = rest(0, len(texts[0]))
    return None if found is None else dict(zip(names, found, strict=True))


def _label_pattern(value: str) -> str:
    """Refuse a pattern from which no label can be read."""
    if value == "folder":
        return value
    law = "label must be folder, or a pattern of file names with {label} in it, such as {label}_{group}_{take}.wav"
    names = fields_of(value)
    if len(value) > _MOST_NAME or len(names) > _MOST_FIELDS:
        law = f"label may have {_MOST_NAME} characters and {_MOST_FIELDS} fields at most"
        raise broken(law)
    if names.count("label") != 1 or len(set(names)) != len(names):
        raise broken(law, value, "name each field once, {label} among them")
    if (
        not all(name.isidentifier() for name in names)
        or "{" in _FIELD.sub("", value)
        or "}" in _FIELD.sub("", value)
    ):
        raise broken(law, value, "a field is a name in braces")
    if "}{" in value:
        raise broken(law, value, "write something between two fields, so that it is plain where one ends")
    return value


def _duration(value: Any) -> Any:
    """Read a time with its unit, in seconds."""
    law = "a time must be above 0 and carry its unit"
    if isinstance(value, str):
        try:
            value = read_quantity(value, "time")
        except ValueError as error:
            raise broken(law, value, str(error)) from None
    elif isinstance(value, bool) or not isinstance(value, float):
        raise broken(law, todo="write for example 16 ms")
    if not 0 < value < 1e6:
        raise broken(law)
    return value


def _choice(value: Any) -> Any:
    """Read which values of a field are meant: ``0..4``, one value, or a list, as text."""
    law = "write a range of whole numbers (0..4), a value, or a list of values"
    if isinstance(value, str) and (match := _RANGE.fullmatch(value.strip())):
        low, high = int(match[1]), int(match[2])
        if not low <= high < low + _MOST_VALUES:
            raise broken(law, value)
        return tuple(str(number) for number in range(low, high + 1))
    values = value if isinstance(value, list | tuple) else [value]
    if not values or not all(isinstance(item, str | int) and not isinstance(item, bool) for item in values):
        raise broken(law)
    return tuple(str(item) for item in values)


FileName = Annotated[str, BeforeValidator(_path)]
Column = Annotated[
    str,
    law("a name may not be empty", str.strip),
    law(f"a name may have {_MOST_NAME} characters at most", lambda v: len(v) <= _MOST_NAME),
]
LabelPattern = Annotated[str, AfterValidator(_label_pattern)]
Duration = Annotated[float, BeforeValidator(_duration)]
Choice = Annotated[tuple[str, ...], BeforeValidator(_choice)]
