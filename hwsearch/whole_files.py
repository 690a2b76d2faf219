"""Files that are there whole or not at all, and nothing beside them when their writing is broken off.

Not for what a file holds, nor for folders of several files (`export.replace`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_UNFINISHED: set[Path] = set()
"""What this process is writing, for an end that leaves no time to unwind (`interrupts`)."""


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give the path to write to; what was written there takes the file's place in the end, in one step.

    Whatever is raised inside, the file stays as it was and the unfinished one is removed.
    """
    # another process may write the same file
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    _UNFINISHED.add(unfinished)
    try:
        yield unfinished
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    _UNFINISHED.discard(unfinished)


def remove_unfinished() -> None:
    """Remove what this process has begun to write and not finished."""
    for path in tuple(_UNFINISHED):
        path.unlink(missing_ok=True)
        _UNFINISHED.discard(path)


def remove_left(*folders: Path) -> None:
    """Remove unfinished files that processes left behind which were killed."""
    for folder in folders:
        for path in folder.glob("*.part"):
            if not _is_alive(path.name.split(".")[-2]):
                path.unlink(missing_ok=True)


def _is_alive(number: str) -> bool:
    """Return whether there is a process of a number; versions before wrote none."""
    try:
        os.kill(int(number), 0)
    except (ValueError, ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # another user's
        return True
    return True
