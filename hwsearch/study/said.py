"""A study that no file says: its sections as values, checked by the same laws, with faults at the arguments' names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hwsearch.errors import Fault, InputError
from hwsearch.study.model import Study
from hwsearch.study.yaml_border import Loc, YamlDocument, validate

_NOWHERE = Path()


def said_study(content: Mapping[str, Any], names: Mapping[str, str]) -> Study:
    """Return the study that these sections say.

    Args:
        content: Sections as a study file has them; numpy's numbers and tuples are taken as plain ones.
        names: What arguments are called that say a key: ``{"search.candidates": "candidates"}``.

    Raises:
        InputError: They break laws of a study; each fault names the argument or the key.
    """
    faults: list[Fault] = []
    plain = _plain(content, (), faults)
    if faults:
        raise InputError(at_arguments(faults, names))
    document = YamlDocument(_NOWHERE, plain, dict.fromkeys(_places(plain, ()), 0))
    found = validate(document, Study, plain)
    if isinstance(found, list):
        raise InputError(at_arguments(found, names, _NOWHERE))
    return found


def at_arguments(faults: Iterable[Fault], names: Mapping[str, str], path: Path | None = None) -> list[Fault]:
    """Return faults of a study's keys as faults of the arguments that say them.

    Args:
        faults: As a study file's.
        names: What the arguments are called, by the keys that they say; whole keys, or the first parts of longer ones.
        path: The study's file, which the asker has not written: it is not named.
    """
    return [_at_argument(fault, names, path) for fault in faults]


def _at_argument(fault: Fault, names: Mapping[str, str], path: Path | None) -> Fault:
    if fault.path is not None and fault.path != path:
        return fault
    # the longest key goes first: search.candidates before search
    for key in sorted(names, key=len, reverse=True):
        if fault.where == key or fault.where.startswith(f"{key}."):
            where = names[key] + fault.where[len(key) :]
            return replace(fault, where=where, path=None, line=None)
    return replace(fault, path=None, line=None)


def _plain(value: Any, loc: Loc, faults: list[Fault]) -> Any:
    """Return a setting as YAML would give it; what it cannot is added to the faults."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Path):
        return str(value)
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: _plain(part, (*loc, key), faults) for key, part in value.items()}
    if isinstance(value, list | tuple | range) or (isinstance(value, np.ndarray) and value.ndim == 1):
        return [_plain(part, (*loc, index), faults) for index, part in enumerate(value)]
    law = "a setting must be plain: numbers, text, lists of them, or a dict with text as keys"
    faults.append(Fault(".".join(map(str, loc)), law, f"a value of type {type(value).__name__}"))
    return None


def _places(value: Any, loc: Loc) -> Iterator[Loc]:
    """Yield the path of every key and item."""
    parts: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, list):
        parts = enumerate(value)
    for key, part in parts:
        yield (*loc, key)
        yield from _places(part, (*loc, key))
