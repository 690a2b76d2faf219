"""An export folder holds one model: what an earlier export left is removed before the next is written.

While files are written there is no ``manifest.json``, so that whatever is cut off is no export; ``manifest.json.part``
lists the files that may lie there, so that the next export may replace them. Not for what the files hold (`bundle`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from hwsearch.errors import Fault, InputError
from hwsearch.records.files import write_text

MANIFEST = "manifest.json"
_UNFINISHED = MANIFEST + ".part"
_PART = re.compile(r"(\.\d+)?\.part$")


def check_target(to: Path) -> None:
    """Refuse a folder that holds anything but an export, whole or cut off.

    Raises:
        InputError: The folder is none, or holds other files.
    """
    law = "an export needs a new or empty folder, or one of an earlier export"
    if to.exists() and not to.is_dir():
        raise InputError([Fault("--to", law, "a file", "choose another", to)])
    listed = _listed(to / MANIFEST) | _listed(to / _UNFINISHED)
    found = sorted(to.iterdir()) if to.exists() else []
    strange = [path.name for path in found if path.is_dir() or _PART.sub("", path.name) not in listed]
    if strange:
        more = f" and {len(strange) - 3} more" if len(strange) > 3 else ""
        got = f"a folder with other files: {', '.join(strange[:3])}{more}"
        raise InputError([Fault("--to", law, got, "choose another", to)])


def clear_target(to: Path, names: Sequence[str]) -> None:
    """Make the folder, and remove what an earlier export left in it.

    Args:
        to: A folder that ``check_target`` let pass.
        names: Files that are to be written before the manifest is.
    """
    to.mkdir(parents=True, exist_ok=True)
    there = [path for path in to.iterdir() if path.name != _UNFINISHED]
    files = {_PART.sub("", path.name) for path in there} | set(names)
    write_text(to / _UNFINISHED, json.dumps({"files": dict.fromkeys(sorted(files))}))
    for path in sorted(there, key=lambda path: path.name != MANIFEST):  # from here on it is no export
        path.unlink()


def _listed(manifest: Path) -> set[str]:
    """Return what a manifest lists, and itself; nothing where it is none of ours."""
    try:
        files = json.loads(manifest.read_text(encoding="utf-8"))["files"]
        return {*files, MANIFEST} if isinstance(files, dict) else set()
    except (OSError, ValueError, KeyError, TypeError):
        return set()
