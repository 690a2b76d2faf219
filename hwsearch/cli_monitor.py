"""The command line's part about drift: ``hwsearch monitor``.

Nothing heavy is imported until it is asked.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hwsearch.shown import say


def monitor(
    directory: Annotated[Path, typer.Argument(help="An export's folder.", metavar="OUT")],
    data: Annotated[
        Path | None, typer.Option(help="An npz file: samples x in their order, not yet encoded.")
    ] = None,
    recorded: Annotated[
        Path | None, typer.Option(help="Instead, a CSV file of what firmware recorded, a row an inference.")
    ] = None,
    data_root: Annotated[
        Path | None, typer.Option(help="Without either: the folder of data sets (or HWSEARCH_DATA).")
    ] = None,
) -> None:
    """Tell whether a stream has drifted from what the model was validated on, as its firmware would."""
    from hwsearch import api_monitor

    watched = api_monitor.monitor(directory, data=data, recorded=recorded, data_root=data_root)
    for sentence in watched.sentences:
        say(sentence)
