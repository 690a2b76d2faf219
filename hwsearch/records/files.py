"""Files that are written in one step, and what to say of one that is not as it was written.

Not for what a file holds: each has a module of its own here (`summary`, `front`, `trial_table`, `finals`, `log`).
"""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from hwsearch.whole_files import whole_file

REBUILD = "run the study again into the same folder: what is finished is kept, and its files are written anew"
NEWER = "a newer hwsearch wrote it: use that one"


def write_text(path: Path, text: str) -> None:
    """Write a text file in one step, so that a reader never sees half of it."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file in one step, likewise."""
    with whole_file(path) as unfinished:
        unfinished.write_bytes(data)


def damaged(path: Path, law: str, got: str, todo: str = REBUILD) -> str:
    """Say what is wrong with a file of a run, and what to do."""
    return f"{path}: {law}; got: {got} ({todo})"


def first_fault(error: ValidationError) -> str:
    """Return where the first wrong value stands, why it is wrong, and what it is."""
    fault = error.errors(include_url=False)[0]
    place = "".join(f"{part}: " for part in fault["loc"])
    return f"{place}{fault['msg']}, not {repr(fault['input'])[:80]}"
