"""unfinished.html: what a run that has not ended has so far, as one page; the report of its end takes its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from hwsearch.records.files import write_text
from hwsearch.records.run_folder import RunFolder
from hwsearch.report.first_page.parts import Document
from hwsearch.report.first_page.render import html, markdown
from hwsearch.report.first_page.unfinished import unfinished_page
from hwsearch.report.first_page.words import Language, words_of
from hwsearch.report.quantities import UNKNOWN, column, title
from hwsearch.report.templates import template


@dataclass(frozen=True, eq=False)
class Provisional:
    """What the page says.

    Attributes:
        study, profile: Their names.
        words: What the numbers are worth.
        evaluated, asked: Candidates that have an outcome, and those that the study asks for.
        front: Of the search so far; may be empty.
        outcomes: Candidates by what became of them.
    """

    study: str
    profile: str
    words: str
    evaluated: int
    asked: int
    front: pd.DataFrame
    outcomes: Mapping[str, int]


def write_unfinished(folder: RunFolder, said: Provisional, language: Language = "en") -> Path:
    """Write the page, and return its path; language: of its first part."""
    shown = [name for name in said.front.columns if not said.front[name].isna().all()]
    columns = [_cells(name, said.front[name]) for name in shown]
    page = template("unfinished.html.j2").render(
        first_page=html(_first_page(said), words_of(language)),
        study=said.study,
        profile=said.profile,
        words=said.words,
        heads=[head for head, _ in columns],
        rows=list(zip(*(cells for _, cells in columns), strict=True)),
        outcomes={name.replace("_", " "): count for name, count in said.outcomes.items()},
    )
    write_text(folder.unfinished, page)
    return folder.unfinished


def write_unfinished_plan(folder: RunFolder, said: Provisional, language: Language) -> Path:
    """Write why there is no plan yet, as Markdown, and return its path."""
    path = folder.plan(language)
    write_text(path, markdown(_first_page(said), words_of(language)))
    return path


def _first_page(said: Provisional) -> Document:
    return unfinished_page(said.study, said.profile, said.evaluated, said.asked)


def _cells(name: str, values: pd.Series) -> tuple[str, list[str]]:
    """Return a column's head, with its unit, and its cells."""
    if values.dtype.kind != "f":
        return title(name), [UNKNOWN if pd.isna(value) else str(value) for value in values]
    unit, cells = column(name, values.tolist())
    return f"{title(name)} {unit}".rstrip(), [str(cell) for cell in cells]
