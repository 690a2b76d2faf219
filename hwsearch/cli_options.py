"""Options and arguments that several commands have."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

Storage = Annotated[
    str | None,
    typer.Option(help="Optuna storage URL of the run (default: the one that its folder remembers)."),
]
Workers = Annotated[int | None, typer.Option(help="Processes that train (default: one a core).")]
RunDir = Annotated[Path, typer.Argument(help="The folder that `hwsearch run` wrote.", metavar="DIR")]
AsJson = Annotated[bool, typer.Option("--json", help="Print it as JSON, for programs.")]


def cores() -> int:
    """Return how many processes may run at a time."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
