"""The command line's part about data: ``hwsearch data ...``.

Nothing heavy is imported until a command needs it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hwsearch.cli_check import check
from hwsearch.shown import say, say_block

data = typer.Typer(help="Data: what a study reads, and how it is split.", no_args_is_help=True)
data.command()(check)


@data.command("leave-out")
def data_leave_out(
    name: Annotated[
        str, typer.Argument(help="The study file, or the name of a shipped study.", metavar="STUDY")
    ],
    out: Annotated[Path | None, typer.Option(help="Folder (default: runs/<name of the study>).")] = None,
    data_root: Annotated[Path | None, typer.Option(help="Folder of data sets (or HWSEARCH_DATA).")] = None,
    folds: Annotated[
        int | None, typer.Option(help="That many folds of whole groups, instead of each group alone.")
    ] = None,
) -> None:
    """Leave out one group after another: how the dense reference does on what it has seen nothing of."""
    from hwsearch.study.model import load_study
    from hwsearch.study.shipped import find_study

    study = find_study(name)
    load_study(study)
    from hwsearch import api_data

    path, words = api_data.leave_out(
        study, out=out, data_root=data_root, n_folds=folds, tell=lambda text: say(text, flush=True)
    )
    say_block(words)
    say(path)
