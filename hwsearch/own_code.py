"""The package's own code, by a digest: numbers of other code are other numbers.

Nothing heavy is imported: a scheduler, which computes nothing, asks for this too.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

_SUFFIXES = {".py", ".c", ".h"}
_BESIDE = {"report", "export", "results", "start", "comparison"}
"""Folders of the package whose code tells results and makes none; so do its files on top, but for the seeds."""


@cache
def code_digest(package: Path = Path(__file__).parent) -> str:
    """Return a digest of the names and bytes of all code that results depend on, that of the loops in C included."""
    found = hashlib.sha256()
    for path in sorted(package.rglob("*")):
        place = path.relative_to(package)
        within = place.parts[0] not in _BESIDE if len(place.parts) > 1 else place.name == "seeds.py"
        if within and path.suffix in _SUFFIXES:
            found.update(f"{place.as_posix()}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return found.hexdigest()[:16]
