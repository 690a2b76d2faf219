"""The command line's part about data: ``hwsearch data ...``.

Nothing heavy is imported until a command needs it.
"""

from __future__ import annotations

import typer

from hwsearch.cli_check import check

data = typer.Typer(help="Data: what a study reads, and how it is split.", no_args_is_help=True)
data.command()(check)


@data.callback()
def _group() -> None:
    """Make ``check`` a command of its own, also while it is the only one."""
