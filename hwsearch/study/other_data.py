"""Other data for a study's question: the same section ``data``, read from another file, or a section of its own.

What the network reads, and how it was made whole numbers, stays: the encoder of the study's own data. Not for whether
what is in the files suits a network (`data.suits`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hwsearch.errors import Fault, InputError
from hwsearch.study.data_section import FORMATS, Data, IdxData, NamedData, NpzData, PluginData
from hwsearch.study.parts_section import Parts
from hwsearch.study.section import Section
from hwsearch.study.yaml_border import read_yaml, validate

_YAML = (".yaml", ".yml")
_FIXED = ("encode", "input_bits")
"""Keys of the encoder: it is part of what runs on the device."""


class _Document(Section):
    """A file that says other data."""

    data: Data


def other_data(data: Parts, path: Path, where: str = "--data") -> Parts:
    """Return the section of other data.

    Args:
        data: The study's own.
        path: A YAML file with a section ``data`` (a study is one too); else a file or folder in the format of the
            study's data, which takes the place of theirs; of a shipped set the folder of data sets, or an npz.
        where: What names it, for faults.

    Returns:
        The section, with the folder that its paths start from as its ``root``; the encoder is that of ``data``.

    Raises:
        InputError: There is no such file, it breaks a law of a section, or the format needs a section of its own.
    """
    if not path.exists():
        raise InputError([Fault(where, "the file or folder must exist", str(path), "correct the path")])
    found = _of_yaml(data, path) if path.suffix.lower() in _YAML else _in_place(data, path, where)
    return found.model_copy(update={key: getattr(data, key) for key in _FIXED})


def _of_yaml(data: Parts, path: Path) -> Parts:
    document = read_yaml(path)
    content = {key: value for key, value in document.data.items() if key == "data"}
    result = validate(document, _Document, content)
    faults = [fault for fault in document.repeats if fault.where.partition(".")[0] == "data"]
    if isinstance(result, list):
        raise InputError([*faults, *result])
    found: Parts = result.data
    faults += [
        document.fault(
            ("data", key), "the encoder stays that of the export, since it runs on the device",
            _shown(getattr(found, key)), "remove the key",
        )
        for key in _FIXED
        if key in found.model_fields_set and getattr(found, key) != getattr(data, key)
    ]  # fmt: skip
    if faults:
        raise InputError(faults)
    if isinstance(found, NamedData):
        return found
    return found.model_copy(update={"root": str((path.parent / (found.root or "")).resolve())})


def _shown(value: Any) -> str:
    return str(value)[:80]


def _in_place(data: Parts, path: Path, where: str) -> Parts:
    """Return a section whose file or folder is another."""
    root = str(path.parent.resolve())
    if isinstance(data, NamedData):
        if path.is_dir():
            return data.model_copy(update={"root": str(path.resolve())})
        if path.suffix.lower() == ".npz":
            kept = {key: getattr(data, key) for key in Parts.model_fields if key in data.model_fields_set}
            return NpzData(npz=path.name, **{**kept, "root": root})
        law = f"other data for {data.name} must be a folder of data sets, an npz, or a YAML file"
        raise InputError([Fault(where, law, path.name, "write a YAML file with a section data")])
    lone = not isinstance(data, IdxData | PluginData) and getattr(data, "test_from", None) is None
    if not lone:
        law = "data of several files, or of a plugin, need a section of their own"
        raise InputError([Fault(where, law, path.name, "write a YAML file with a section data")])
    key = next(key for key, kind in FORMATS.items() if isinstance(data, kind))
    return data.model_copy(update={key: path.name, "root": root})
