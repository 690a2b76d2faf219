"""The command line's part about what can go wrong: ``hwsearch stress``.

Nothing heavy is imported until it is asked.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from hwsearch.shown import say


def stress(
    directory: Annotated[
        Path, typer.Argument(help="The folder of a run, or of an export.", metavar="DIR|OUT")
    ],
    trial: Annotated[
        list[int] | None, typer.Option(help="A trial of the run; may be repeated (default: its pick).")
    ] = None,
    split: Annotated[
        str, typer.Option(help="test or validation. Nothing may be chosen by the test split.")
    ] = "test",
    seeds: Annotated[int, typer.Option(help="Draws of each disturbance.")] = 10,
    samples: Annotated[int, typer.Option(help="Samples of the split, at most.")] = 500,
    only: Annotated[list[str] | None, typer.Option(help="A kind of disturbance; may be repeated.")] = None,
    to: Annotated[
        Path | None, typer.Option(help="Of an export: the folder to write into (default: OUT_stress).")
    ] = None,
    data_root: Annotated[
        Path | None, typer.Option(help="Of an export: the folder of data sets (or HWSEARCH_DATA).")
    ] = None,
    storage: Annotated[str | None, typer.Option(help="Of a run: its Optuna storage URL.")] = None,
) -> None:
    """Measure what candidates lose under noise, drift, lost events, flipped bits and more, beside the dense network."""
    from hwsearch import api_stress
    from hwsearch.stress.words import samples_words, sentences

    path, rows = api_stress.stress(
        directory,
        trials=trial,
        split=split,
        seeds=seeds,
        samples=samples,
        kinds=only or (),
        to=to,
        data_root=data_root,
        storage=storage,
        tell=lambda text: say(text, to=sys.stderr, flush=True),
    )
    say(samples_words(rows))
    for text in sentences(rows):
        say(text)
    say(f"{path}: stress.csv, stress.png")
