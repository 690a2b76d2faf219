"""report.html: one file that answers the manager first and shows the evidence below; works without a network."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from plotly.offline import get_plotlyjs

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
from hwsearch.report.figures import front_figure, funnel_counts, funnel_figure, write_front_png
from hwsearch.report.first_page.render import first_page_html, language_of, write_plan
from hwsearch.report.first_page.words import LANGUAGES, Language
from hwsearch.report.fits import bars, fit_words
from hwsearch.report.layers import MARKS, panels
from hwsearch.report.quantities import axis_title, axis_unit, score_words, short
from hwsearch.report.recall import recall_lines
from hwsearch.report.rival import cost_words as rival_cost_words
from hwsearch.report.rival import rival_lines, rival_words
from hwsearch.report.stress import stress_section
from hwsearch.report.tables import RunTables, read_run
from hwsearch.report.templates import template


def write_pages(run_dir: Path | str, language: Language | None = None) -> Path:
    """Write report.html into a run's folder, and front.png where there is a front; return the page.

    What was written while the run went on (`unfinished_page`) is removed; plans that lie there are written anew.

    Args:
        run_dir: The folder.
        language: Of its first page; None: as the page that lies there has it, else English.

    Raises:
        RecordError: A file is missing or damaged.
    """
    tables = read_run(run_dir)
    if tables.front:
        write_front_png(tables, RunFolder(tables.run_dir).front_png)
    page = write_report(tables, language)
    RunFolder(tables.run_dir).unfinished.unlink(missing_ok=True)
    for each in LANGUAGES:
        if RunFolder(tables.run_dir).plan(each).is_file():
            write_plan(tables, each)
    return page


def write_report(tables: RunTables, language: Language | None = None) -> Path:
    """Write ``report.html`` beside what it is made of, and return its path."""
    path = RunFolder(tables.run_dir).report
    write_text(path, _render(tables, language or language_of(path)))
    return path


def _render(tables: RunTables, language: Language = "en") -> str:
    summary, counts = tables.summary, funnel_counts(tables)
    return template("page.html.j2").render(
        summary=summary,
        first_page=first_page_html(tables, language),
        fits=fit_words(tables),
        bars=bars(tables),
        headline=headline(tables),
        risks=risks(tables),
        comparison=comparison(tables),
        references=references(tables),
        budgets=budget_words(tables),
        quality=quality_words(tables),
        run_dir=tables.run_dir.resolve().name,  # the page is handed on: no path of this machine
        footer=footer(tables),
        panels=_captions(tables),
        legend=_legend(tables),
        funnel=funnel_rows(counts),
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
        files={"Study as used": tables.study_text, "Hardware profile as used": tables.profile_text},
        figures=_figures(tables),
        plotly_js=get_plotlyjs(),
    )


def _figures(tables: RunTables) -> dict[str, Any]:
    """Return the figures as plain JSON values, by the id of their place on the page."""
    drawn = {f"front-{i}": figure for i, figure in enumerate(front_figure(tables))}
    for figure in drawn.values():
        # one legend for all, on the page
        figure.update_layout(showlegend=False)
    drawn["funnel"] = funnel_figure(tables)
    # the default template is 6 kB of colours that the page replaces
    return {
        name: json.loads(figure.update_layout(template="none").to_json()) for name, figure in drawn.items()
    }


def _captions(tables: RunTables) -> list[dict[str, str]]:
    """Return for each panel its place, title and what is not drawn."""
    captions = []
    for i, panel in enumerate(panels(tables)):
        name = f"{short(panel.y)} against {short(panel.x)}".capitalize()
        units = [axis_title(n, axis_unit(n, panel.values(a))) for a, n in (("x", panel.x), ("y", panel.y))]
        said = []
        if any(p.y is None for p in panel.points["over"]):
            said.append(
                "Marks on the upper edge: candidates over a budget, at their predicted cost; "
                "they were not trained and have no accuracy."
            )
        elif panel.points["over"]:
            said.append("Candidates over a budget stand at their predicted cost.")
        if panel.left_out:
            said.append(
                f"{panel.left_out} candidates over a budget are not drawn: their cost here is not known."
            )
        captions.append(
            {"id": f"front-{i}", "title": name, "note": " ".join(said), "label": " and ".join(units)}
        )
    return captions


def _legend(tables: RunTables) -> list[dict[str, str]]:
    """Return the kinds of points that the panels show, front first."""
    shown = {kind for panel in panels(tables) for kind, points in panel.points.items() if points}
    order = ("front", "pick", "dense", "dominated", "over")
    return [{"kind": k, "label": MARKS[k].label, "colour": MARKS[k].colour} for k in order if k in shown]


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
