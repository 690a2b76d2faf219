"""What `verify` looks at, one by one: a check, and that of a file's bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from hwsearch.errors import RecordError
from hwsearch.export.manifest import irregular


@dataclass(frozen=True)
class Check:
    """One thing that ``verify`` looked at.

    Attributes:
        name: What.
        passed: Whether it holds.
        detail: The numbers behind it.
        skipped: Whether it could not be looked at here; it counts as neither.
    """

    name: str
    passed: bool
    detail: str
    skipped: bool = False


def guarded(
    check: Callable[[Path, dict[str, Any]], list[Check]], folder: Path, manifest: dict[str, Any]
) -> list[Check]:
    """Run a check; a file that cannot be read is a check that failed."""
    try:
        return check(folder, manifest)
    except RecordError as error:
        name = check.func.__name__ if isinstance(check, partial) else check.__name__
        return [Check(name.lstrip("_").removeprefix("check_"), False, str(error))]


def check_file(folder: Path, name: str, entry: Mapping[str, Any]) -> Check:
    """Compare a file with the size and sha256 that the manifest says."""
    path = folder / name
    if wrong := irregular(folder, name):
        return Check(name, False, wrong)
    if not path.exists():
        return Check(name, False, "missing")
    try:
        size, sha = path.stat().st_size, sha256(path)
    except OSError as error:
        return Check(name, False, f"it cannot be read: {error.strerror}")
    same = size == entry["bytes"] and sha == entry["sha256"]
    return Check(
        name, same, f"{size:,} bytes, sha256 {sha[:12]}" + ("" if same else " differs from the manifest")
    )


def sha256(path: Path) -> str:
    """Return the digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
