"""The command line's part about a model whose world has changed: ``hwsearch retrain``.

Nothing heavy is imported until it is asked.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from hwsearch.shown import say


def retrain(
    export: Annotated[Path, typer.Argument(help="An export's folder.", metavar="OUT")],
    data: Annotated[
        Path,
        typer.Option(
            help="New data: a file or folder in the format of the study's, or a YAML file with a section data."
        ),
    ],
    to: Annotated[Path | None, typer.Option(help="Folder to write (default: OUT_retrained).")] = None,
    epochs: Annotated[
        int | None, typer.Option(help="Passes over the new training samples (default: the study's epochs).")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Of the order of samples (default: the study's seed).")
    ] = None,
    profile: Annotated[
        Path | None, typer.Option(help="File of the device's profile (default: the one of its id).")
    ] = None,
    core_watts: Annotated[float, typer.Option(help="Watts of a busy core, to estimate energy by.")] = 10.0,
    data_root: Annotated[Path | None, typer.Option(help="Folder of data sets (or HWSEARCH_DATA).")] = None,
) -> None:
    """Train an exported model on with new data: the same weights stay stored, so a firmware's memory map stays."""
    from hwsearch import api_retrain
    from hwsearch.retrain.words import sentences

    found = api_retrain.retrain(
        export,
        data,
        to=to,
        epochs=epochs,
        seed=seed,
        profile=profile,
        core_watts=core_watts,
        data_root=data_root,
        tell=lambda text: say(text, to=sys.stderr, flush=True),
    )
    for text in (*found.notes, *sentences(found.result, found.spent, found.study.score)):
        say(text)
    if found.folder is not None:
        say(f"{found.folder}: {', '.join(sorted(path.name for path in found.folder.iterdir()))}")
