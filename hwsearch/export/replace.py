"""An export folder holds one model: what an earlier export left is removed before the next is written.

While files are written there is no ``manifest.json``, so that whatever is cut off is no export; ``manifest.json.part``
lists the files that may lie there, so that the next export may replace them. Not for what the files hold (`bundle`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

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
    folders = {str(folder) for name in listed for folder in PurePosixPath(name).parents}
    strange = [
        name
        for name, path in _inside(to)
        if (name not in folders if _is_folder(path) else _PART.sub("", name) not in listed)
    ]
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
    there = [(name, path) for name, path in _inside(to) if name != _UNFINISHED]
    old = [(name, path) for name, path in there if not _is_folder(path)]
    files = {_PART.sub("", name) for name, _ in old} | set(names)
    write_text(to / _UNFINISHED, json.dumps({"files": dict.fromkeys(sorted(files))}))
    for _, path in sorted(old, key=lambda each: each[0] != MANIFEST):  # from here on it is no export
        path.unlink()
    for _, path in sorted(there, reverse=True):  # the innermost first
        if _is_folder(path):
            path.rmdir()
    for name in names:
        (to / name).parent.mkdir(parents=True, exist_ok=True)


def _inside(to: Path) -> list[tuple[str, Path]]:
    """Return all that a folder holds, at any depth, by its place in it; links are not followed."""
    found = []
    for path in sorted(to.iterdir()) if to.exists() else []:
        found.append((path.name, path))
        if _is_folder(path):
            found += [(f"{path.name}/{name}", inner) for name, inner in _inside(path)]
    return found


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _listed(manifest: Path) -> set[str]:
    """Return what a manifest lists, and itself; nothing where it is none of ours."""
    if not manifest.is_file():  # a pipe would be waited for without end
        return set()
    try:
        files = json.loads(manifest.read_text(encoding="utf-8"))["files"]
        return {*files, MANIFEST} if isinstance(files, dict) else set()
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return set()
