"""How a page names a run's folder in commands. Not for a terminal, which has the path as typed."""

from __future__ import annotations

import shlex
from pathlib import Path


def typed_folder(run_dir: Path) -> str:
    """Return a run's folder as one argument of a shell, as it is typed where it was written about.

    A page is handed on, so it has no path of this machine: below the working directory the way from there, else the
    folder's name alone, which works from the folder around it (``typed_where`` says so of both). What begins with a
    dash would be taken for an option.
    """
    folder, here = run_dir.resolve(), Path.cwd().resolve()
    inside = here in folder.parents and here != Path(here.anchor)
    name = str(folder.relative_to(here)) if inside else folder.name
    return shlex.quote(f"./{name}" if name.startswith("-") else name)


def typed_where(run_dir: Path) -> str:
    """Return from where commands with that name work."""
    return f"Commands are for the folder in which {typed_folder(run_dir)} lies."
