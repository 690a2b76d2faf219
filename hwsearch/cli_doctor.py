"""The command line's look at the machine: ``hwsearch doctor``."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from hwsearch.shown import say, say_block


def doctor(
    data_root: Annotated[
        Path | None, typer.Option(help="Folder of data sets (default: HWSEARCH_DATA).", metavar="DIR")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a list of objects instead.")] = False,
) -> None:
    """Say what this machine has of all that hwsearch can use, and what each missing part costs."""
    from hwsearch.data.datasets import find_root
    from hwsearch.start.machine_check import parts_of_machine

    parts = parts_of_machine(find_root(None, data_root, os.environ))
    if as_json:
        say_block(json.dumps([asdict(part) for part in parts], indent=2))
        return
    for part in parts:
        say(part, flush=True)
