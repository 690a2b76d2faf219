"""What networks keep under disturbances, as a section of the page; none where it was not measured."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from hwsearch.records.run_folder import RunFolder
from hwsearch.report.tables import RunTables
from hwsearch.stress.words import samples_words, sentences


@dataclass(frozen=True)
class StressSection:
    """The section.

    Attributes:
        measured: What was measured on what.
        sentences: What the rows say.
        picture: stress.png in base 64; empty where it is gone.
    """

    measured: str
    sentences: Sequence[str]
    picture: str


def stress_section(tables: RunTables) -> StressSection | None:
    """Return what the page says of stress.csv; None where there is none."""
    if not tables.stress:
        return None
    path = RunFolder(tables.run_dir).stress_png
    picture = base64.b64encode(path.read_bytes()).decode("ascii") if path.exists() else ""
    return StressSection(samples_words(tables.stress), sentences(tables.stress), picture)
