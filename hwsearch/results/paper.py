"""What a run says on paper: its page, its first page and plan as Markdown, its front as a table and as a picture.

Not for what they say.
"""

from __future__ import annotations

from pathlib import Path

from hwsearch.errors import Unfinished
from hwsearch.records.run_folder import RunFolder
from hwsearch.report.first_page.render import language_of, write_plan
from hwsearch.report.first_page.words import Language, checked_language
from hwsearch.report.front_table import write_front_table
from hwsearch.report.page import write_pages, write_picture
from hwsearch.report.tables import read_run
from hwsearch.study.model import load_study


def page_of(folder: RunFolder, language: str | None) -> Path:
    """Write report.html and front.png, or unfinished.html; return the page.

    Args:
        folder: Of the run.
        language: Of the first page; None: as the page that lies there has it, else English.

    Raises:
        InputError: The language is unknown.
        RecordError: A file is missing or damaged.
        Unfinished: Nothing was begun.
    """
    told = _language(folder, language)
    if folder.summary.exists():
        return write_pages(folder.path, told)
    from hwsearch.results.unfinished import write_provisional  # it loads torch

    return write_provisional(folder, load_study(folder.study), told)


def plan_of(folder: RunFolder, language: str | None) -> Path:
    """Write ``plan.en.md`` or ``plan.ja.md``, and return its path; arguments and errors as `page_of`."""
    told = _language(folder, language)
    if folder.summary.exists():
        return write_plan(read_run(folder.path), told)
    from hwsearch.results.unfinished import write_provisional_plan

    return write_provisional_plan(folder, load_study(folder.study), told)


def table_of(folder: RunFolder) -> Path:
    """Write ``front_table.csv``, the front for a slide or a spreadsheet, and return its path.

    Raises:
        RecordError: A file is missing or damaged.
        Unfinished: The run has not ended: nothing was measured on test samples yet.
    """
    check_ended(folder)
    return write_front_table(read_run(folder.path))


def picture_of(folder: RunFolder) -> Path:
    """Write ``front.png``, and return its path; errors as `table_of`."""
    check_ended(folder)
    return write_picture(read_run(folder.path))


def check_ended(folder: RunFolder) -> None:
    """Refuse a run that has not ended.

    Raises:
        Unfinished: It has not.
    """
    if not folder.summary.exists():
        what = "only a run that has ended has a front to write as csv or png"
        raise Unfinished(f"{folder.path}: {what}; hwsearch front prints what there is so far")


def _language(folder: RunFolder, asked: str | None) -> Language:
    page = folder.report if folder.summary.exists() else folder.unfinished
    return language_of(page) if asked is None else checked_language(asked)
