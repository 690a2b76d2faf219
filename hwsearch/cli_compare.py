"""The command line's runs beside each other: ``hwsearch compare DIR DIR``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hwsearch.errors import Fault, InputError
from hwsearch.shown import line, say


def compare(
    directories: Annotated[
        list[Path], typer.Argument(help="Folders of runs that have ended.", metavar="DIR")
    ],
) -> None:
    """Show runs beside each other: what each picked, what it cost, and in which keys their studies differ."""
    if len(directories) < 2:
        raise InputError([Fault("DIR", "two runs or more are compared", "one", "name another folder")])
    from hwsearch.records.run_folder import open_run
    from hwsearch.report.side_by_side import answers_beside, keys_that_differ
    from hwsearch.report.tables import read_run

    runs = [read_run(open_run(directory).path) for directory in directories]
    lines = [("", tuple(str(directory) for directory in directories)), *answers_beside(runs)]
    if differing := keys_that_differ(runs):
        lines += [("", ("",) * len(runs)), *differing]
    clean = [tuple(map(line, (name, *cells))) for name, cells in lines]
    widths = [max(map(len, column)) for column in zip(*clean, strict=True)]
    for cells in clean:
        say("  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip())
