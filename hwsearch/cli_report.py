"""The command line's part about what a run says on paper: ``hwsearch report``.

Nothing heavy is imported until it is asked.
"""

from __future__ import annotations

from typing import Annotated

import typer

from hwsearch.cli_answers import print_notes
from hwsearch.cli_options import RunDir
from hwsearch.errors import Fault, InputError, NothingFits
from hwsearch.shown import say

_FORMATS = ("html", "md")


def report(
    directory: RunDir,
    formats: Annotated[
        str,
        typer.Option(
            "--format", help="Comma-separated: html (the page), md (its first page and staged plan)."
        ),
    ] = "html",
    lang: Annotated[
        str | None,
        typer.Option(help="Of the first page: en or ja (default: as the page there has it, else en)."),
    ] = None,
) -> None:
    """Write report.html and front.png anew, or the plan as Markdown; of a run that goes on, unfinished.html."""
    from hwsearch.records.summary import read_summary
    from hwsearch.results.result import load_run

    wanted = _checked(formats, lang)
    result = load_run(directory)
    print_notes(result.notes if not result.finished else ())
    if "html" in wanted:
        say(result.report(lang))
    if "md" in wanted:
        say(result.plan(lang))
    if not result.finished:
        return
    summary = read_summary(result.folder.summary)
    if not summary.front_size:
        raise NothingFits(summary.nearest_miss or "")


def _checked(formats: str, lang: str | None) -> list[str]:
    """Return the formats that are asked for.

    Raises:
        InputError: There is none, or one that is unknown, or the language is.
    """
    from hwsearch.report.first_page.words import LANGUAGES

    wanted = [name.strip() for name in formats.split(",") if name.strip()]
    faults = []
    if not wanted or set(wanted) - set(_FORMATS):
        law = f"each format must be one of {', '.join(_FORMATS)}"
        faults.append(Fault("--format", law, formats or "none"))
    if lang is not None and lang not in LANGUAGES:
        faults.append(Fault("--lang", f"a language must be {' or '.join(LANGUAGES)}", lang))
    if faults:
        raise InputError(faults)
    return wanted
