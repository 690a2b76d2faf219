"""The command line's look at a run that another process is at: ``hwsearch watch DIR``."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import Annotated

import typer

from hwsearch.shown import say


def watch(
    directory: Annotated[Path, typer.Argument(help="The folder that `hwsearch run` writes.", metavar="DIR")],
    every: Annotated[int, typer.Option(help="Seconds from one look to the next.", min=1)] = 2,
) -> None:
    """Show how far a run is that another process is at, here or wherever the folder lies, until it has ended."""
    from hwsearch.records.log import followed
    from hwsearch.records.run_folder import open_run
    from hwsearch.terminal import Progress

    folder = open_run(directory)
    with Progress(directory.name) as progress:
        for event in followed(folder, lambda: time.sleep(every)):
            progress.listen(event)
    say(f"{folder.path}: ended; hwsearch front {shlex.quote(str(folder.path))} shows what it found")
