"""unfinished.html: what a run that has not ended has so far, as one page; the report of its end takes its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from hwsearch.records.files import write_text
from hwsearch.records.run_folder import RunFolder
from hwsearch.report.quantities import UNKNOWN, column, title
from hwsearch.report.templates import template


@dataclass(frozen=True, eq=False)
class Provisional:
    """What the page says.

    Attributes:
        study, profile: Their names.
        words: What the numbers are worth.
        front: Of the search so far; may be empty.
        outcomes: Candidates by what became of them.
    """

    study: str
    profile: str
    words: str
    front: pd.DataFrame
    outcomes: Mapping[str, int]


def write_unfinished(folder: RunFolder, said: Provisional) -> Path:
    """Write the page, and return its path."""
    shown = [name for name in said.front.columns if not said.front[name].isna().all()]
    columns = [_cells(name, said.front[name]) for name in shown]
    page = template("unfinished.html.j2").render(
        study=said.study,
        profile=said.profile,
        words=said.words,
        heads=[head for head, _ in columns],
        rows=list(zip(*(cells for _, cells in columns), strict=True)),
        outcomes={name.replace("_", " "): count for name, count in said.outcomes.items()},
    )
    write_text(folder.unfinished, page)
    return folder.unfinished


def _cells(name: str, values: pd.Series) -> tuple[str, list[str]]:
    """Return a column's head, with its unit, and its cells."""
    if values.dtype.kind != "f":
        return title(name), [UNKNOWN if pd.isna(value) else str(value) for value in values]
    unit, cells = column(name, values.tolist())
    return f"{title(name)} {unit}".rstrip(), [str(cell) for cell in cells]
