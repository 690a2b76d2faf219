"""Whether a study's data files are what they were: a digest of their content, without reading them as samples.

Not for shipped data sets, which are described and do not change, nor for a plugin's, which names no files: what these
gave is known by its samples alone (`plan.Plan.samples_digest`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from hwsearch.data.readers.files import path_below
from hwsearch.study.data_section import FORMATS, IdxData, NamedData, PluginData
from hwsearch.study.parts_section import Parts

_CHUNK = 1 << 20


def content_digest(data: Parts) -> str | None:
    """Return 16 hex digits over the content of the files that a study's data name; None: they name none.

    Raises:
        InputError: A file is not there.
        OSError: It cannot be read.
    """
    if isinstance(data, NamedData | PluginData):
        return None
    found = hashlib.sha256()
    for key, name in _named(data):
        path = path_below(data.root, name, f"data.{key}")
        for file in _files(path):
            found.update(f"{key} {file.relative_to(path).as_posix()} ".encode())
            found.update(_digest_of(file))
    return found.hexdigest()[:16]


def names_plugins(data: Parts) -> bool:
    """Return whether code of the user's own makes samples or encodes them: what it gives is known when it has run."""
    return isinstance(data, PluginData) or data.encode.plugin is not None


def _named(data: Parts) -> Iterator[tuple[str, str]]:
    """Yield the key and the path of every file or folder that a section names."""
    if isinstance(data, IdxData):
        yield from ((f"idx.{key}", name) for key, name in dict(data.idx).items() if name is not None)
        return
    for key in (*FORMATS, "test_from"):
        name = getattr(data, key, None)
        if name is not None:
            yield key, name


def _files(path: Path) -> list[Path]:
    """Return a file, or all files of a folder by their names."""
    return [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())


def _digest_of(path: Path) -> bytes:
    found = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            found.update(chunk)
    return found.digest()
