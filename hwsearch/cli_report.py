"""The command line's part about what a run says on paper: ``hwsearch report``.

Nothing heavy is imported until it is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from hwsearch.cli_answers import print_notes
from hwsearch.cli_options import RunDir
from hwsearch.errors import Fault, InputError, NothingFits
from hwsearch.shown import say

if TYPE_CHECKING:
    from pathlib import Path

    from hwsearch.results.result import Result

_FORMATS = ("html", "md", "csv", "png")


def report(
    directory: RunDir,
    formats: Annotated[
        str,
        typer.Option(
            "--format",
            help="Comma-separated: html (the page), md (its first page and staged plan), csv (the front as a table "
            "for slides), png (as a picture).",
        ),
    ] = "html",
    lang: Annotated[
        str | None,
        typer.Option(help="Of the first page: en or ja (default: as the page there has it, else en)."),
    ] = None,
) -> None:
    """Write report.html and front.png anew, or what else is asked; of a run that goes on, unfinished.html."""
    from hwsearch.records.summary import read_summary
    from hwsearch.results.result import load_run

    wanted = _checked(formats, lang)
    result = load_run(directory)
    print_notes(result.notes if not result.finished else ())
    for path in _written(result, wanted, lang):
        say(path)
    if not result.finished:
        return
    summary = read_summary(result.folder.summary)
    if not summary.front_size:
        raise NothingFits(summary.nearest_miss or "")


def _written(result: Result, wanted: list[str], lang: str | None) -> Iterator[Path]:
    """Write each format, and yield its file.

    Raises:
        Unfinished: A format needs a run that has ended; nothing was written.
    """
    from hwsearch.results.paper import check_ended, picture_of, table_of

    if {"csv", "png"} & set(wanted):
        check_ended(result.folder)
    if "html" in wanted:
        yield result.report(lang)
    if "md" in wanted:
        yield result.plan(lang)
    if "csv" in wanted:
        yield table_of(result.folder)
    if "png" in wanted:
        yield picture_of(result.folder)


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
