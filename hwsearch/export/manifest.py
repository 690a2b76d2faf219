"""The manifest of an export, read from a folder that may be anybody's: what it lists, and whether that is files.

Everything is refused that is no plain list of files in the folder: other names, links, FIFOs and devices, files of a
size that no export has. Until a file has passed here, nothing of it is read. Not for what the files hold (`bundle`).
"""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hwsearch.errors import RecordError
from hwsearch.export.replace import MANIFEST

READABLE = (2, 3)
"""Formats that are read; 2: a network was a list of layers."""
MOST_FILES = 1000
MOST_BYTES = 2**30
"""Bytes of a file of an export: a network of this kind takes a thousandth."""
_MOST_TEXT, _MOST_NAME = 2**20, 200
_TODO = "export the trial again"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*){0,7}")


class _File(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="ignore", strict=True)

    bytes: Annotated[int, Field(ge=0, le=MOST_BYTES)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Manifest(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="ignore", strict=True)

    identity: dict[str, str | int | float | bool | None] = {}
    weight_bytes: Annotated[int, Field(ge=0, le=MOST_BYTES)]
    files: Annotated[dict[str, _File], Field(min_length=1, max_length=MOST_FILES)]


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of an export as plain values.

    Raises:
        RecordError: There is none, it is of another version, or what it lists cannot be files of an export.
    """
    path = folder / MANIFEST
    if not os.path.lexists(path):
        what = "there is none" if folder.is_dir() else "there is no such folder"
        todo = "give the folder that hwsearch export wrote, or export the trial again"
        raise RecordError(f"{folder}: an export must have a {MANIFEST}; {what} ({todo})")
    try:
        raw = json.loads(_text(folder))
        if not isinstance(raw, dict) or not isinstance(raw.get("files"), dict) or "format" not in raw:
            raise ValueError("no mapping with format and files")
    except (OSError, ValueError, RecursionError) as error:
        got = repr(error)[:200]
        raise RecordError(f"{folder}: an export must have a {MANIFEST}; got: {got} ({_TODO})") from None
    if type(raw["format"]) is not int or raw["format"] not in READABLE:
        law = f"a {MANIFEST} must be of format {' or '.join(map(str, READABLE))}"
        raise RecordError(f"{folder}: {law}; got {repr(raw['format'])[:80]} ({_TODO})")
    try:
        manifest = _Manifest.model_validate(raw)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(map(str, fault["loc"]))
        got = f"{fault['msg']}, not {repr(fault['input'])[:80]}"
        raise RecordError(
            f"{path}: {place}: a manifest must be as it was written; got: {got} ({_TODO})"
        ) from None
    wrong = next((name for name in manifest.files if not _plain(name)), None)
    if wrong is not None:  # an empty name is one too
        law = "a manifest must list files of its folder by plain names, none of them absolute or with '..'"
        raise RecordError(f"{path}: {law}; got: {wrong[:80]!r} ({_TODO})")
    return {"format": raw["format"], **manifest.model_dump()}


def _plain(name: str) -> bool:
    """Return whether a name is that of a file in the folder, and no longer than any that is written."""
    return len(name) <= _MOST_NAME and bool(_NAME.fullmatch(name))


def irregular(folder: Path, name: str) -> str:
    """Return in words why a file of an export may not be read; empty where it may be, or is missing.

    Links are not followed: an export is what lies in its folder, and nothing else.
    """
    path = folder
    parts = name.split("/")
    for place, part in enumerate(parts):
        path = path / part
        try:
            status = path.lstat()
        except OSError:
            return ""
        last = place == len(parts) - 1
        if stat.S_ISLNK(status.st_mode):
            return f"a link to {str(path.readlink())[:80]!r}, where a file must lie"
        if not (stat.S_ISREG if last else stat.S_ISDIR)(status.st_mode):
            return f"no {'file' if last else 'folder'}, but {_kind(status.st_mode)}"
        if last and status.st_size > MOST_BYTES:
            return f"{status.st_size:,} bytes; a file of an export has {MOST_BYTES:,} at most"
    return ""


def _kind(mode: int) -> str:
    """Return what a file is that is no file."""
    kinds = {
        stat.S_ISFIFO: "a FIFO", stat.S_ISSOCK: "a socket", stat.S_ISDIR: "a folder", stat.S_ISREG: "a file",
    }  # fmt: skip
    return next((words for test, words in kinds.items() if test(mode)), "a device")


def _text(folder: Path) -> str:
    """Return the manifest's text.

    Raises:
        OSError: It is missing, or may not be read.
        ValueError: It is no regular file, too long, or no text.
    """
    if wrong := irregular(folder, MANIFEST):
        raise ValueError(wrong)
    path = folder / MANIFEST
    if (size := path.stat().st_size) > _MOST_TEXT:
        raise ValueError(f"{size:,} bytes; a manifest has {_MOST_TEXT:,} at most")
    return path.read_text(encoding="utf-8")
