"""report.html: one file that answers the manager first and shows the evidence below; works without a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import escape

from hwsearch.records.files import write_text
from hwsearch.records.run_folder import RunFolder
from hwsearch.report.answer import comparison, headline, references, risks
from hwsearch.report.confusion import confusion_of_pick
from hwsearch.report.evidence import (
    budget_words,
    cost_words,
    footer,
    front_columns,
    front_rows,
    funnel_rows,
    judgement,
    quality_words,
)
from hwsearch.report.figures import FUNNEL, funnel_counts, funnel_starts, write_front_png
from hwsearch.report.first_page.render import first_page_html, language_of, write_plan
from hwsearch.report.first_page.words import LANGUAGES, Language
from hwsearch.report.fits import bars, fit_words
from hwsearch.report.front.section import ICONS, front_section
from hwsearch.report.front_table import write_front_table
from hwsearch.report.quantities import score_words
from hwsearch.report.recall import recall_lines
from hwsearch.report.rival import cost_words as rival_cost_words
from hwsearch.report.rival import rival_lines, rival_words
from hwsearch.report.stress import stress_section
from hwsearch.report.tables import RunTables, read_run
from hwsearch.report.templates import template
from hwsearch.report.typed import typed_folder, typed_where
from hwsearch.whole_files import whole_file


def write_pages(run_dir: Path | str, language: Language | None = None) -> Path:
    """Write report.html into a run's folder, and front.png where there is a front; return the page.

    What was written while the run went on (`unfinished_page`) is removed; plans and front_table.csv that lie there
    are written anew.

    Args:
        run_dir: The folder.
        language: Of its first page; None: as the page that lies there has it, else English.

    Raises:
        RecordError: A file is missing or damaged.
    """
    tables = read_run(run_dir)
    if tables.front:
        write_picture(tables)
    page = write_report(tables, language)
    RunFolder(tables.run_dir).unfinished.unlink(missing_ok=True)
    for each in LANGUAGES:
        if RunFolder(tables.run_dir).plan(each).is_file():
            write_plan(tables, each)
    if RunFolder(tables.run_dir).front_table.is_file():
        write_front_table(tables)
    return page


def write_picture(tables: RunTables) -> Path:
    """Write ``front.png``, of a run without a front what was tried, and return its path."""
    path = RunFolder(tables.run_dir).front_png
    with whole_file(path) as unfinished:
        write_front_png(tables, unfinished)
    return path


def write_report(tables: RunTables, language: Language | None = None) -> Path:
    """Write ``report.html`` beside what it is made of, and return its path."""
    path = RunFolder(tables.run_dir).report
    write_text(path, _render(tables, language or language_of(path)))
    return path


def _render(tables: RunTables, language: Language = "en") -> str:
    summary, counts = tables.summary, funnel_counts(tables)
    first = first_page_html(tables, language)
    return template("page.html.j2").render(
        summary=summary,
        language=language,
        title=first.title,
        first_page=first.html,
        fits=fit_words(tables),
        bars=bars(tables),
        headline=headline(tables),
        risks=risks(tables),
        comparison=comparison(tables),
        references=references(tables),
        budgets=budget_words(tables),
        quality=quality_words(tables),
        run_dir=escape(typed_folder(tables.run_dir)),
        where=typed_where(tables.run_dir),
        footer=footer(tables),
        front=front_section(tables),
        icons=ICONS,
        funnel=_funnel(counts),
        arithmetic=summary.arithmetic.words if summary.arithmetic else "",
        columns=front_columns(tables),
        rows=front_rows(tables),
        recalls=recall_lines(tables),
        confusion=confusion_of_pick(tables),
        stress=stress_section(tables),
        rival=rival_words(summary, tables.front, tables.rivals),
        rivals=rival_lines(tables),
        rival_cost=rival_cost_words(summary),
        score=score_words(tables.summary.score),
        cost=cost_words(tables),
        judgement=judgement(tables),
        notes=_notes(tables, counts),
        # as they lie in the folder: nothing in them is glued
        files={
            "Study as used": escape(tables.study_text),
            "Hardware profile as used": escape(tables.profile_text),
        },
    )


@dataclass(frozen=True)
class _Outcome:
    """A line of the funnel; its bar starts and ends at so many per cent of what was asked."""

    label: str
    n: int
    meaning: str
    colour: str
    start: float
    length: float


def _funnel(counts: Mapping[str, int]) -> list[_Outcome]:
    """Return how many candidates ended how, in the order of the search."""
    starts, all_of_them = funnel_starts(counts), max(1, counts["asked"])
    return [
        _Outcome(label, n, meaning, FUNNEL[name][1], 100 * starts[name] / all_of_them, 100 * n / all_of_them)
        for name, (label, n, meaning) in zip(FUNNEL, funnel_rows(counts), strict=True)
    ]


def _notes(tables: RunTables, counts: Mapping[str, int]) -> Sequence[str]:
    """Return the run's notes, and one of ours where its tables and its summary disagree."""
    recorded = {k: v for k, v in tables.summary.counts.items() if k in counts}
    if all(counts[name] == value for name, value in recorded.items()):
        return tables.summary.notes
    told = ", ".join(
        f"{k.replace('_', ' ')} {v} against {counts[k]}" for k, v in recorded.items() if v != counts[k]
    )
    return (
        *tables.summary.notes,
        f"summary.json and trials.csv count differently ({told}); this page counts trials.csv.",
    )
