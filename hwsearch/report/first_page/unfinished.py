"""The same page of a run that has not ended: that it is too early, and how it goes on. No plan is made of it."""

from __future__ import annotations

from hwsearch.report.first_page.numbers import STUDY, TRIALS
from hwsearch.report.first_page.parts import Cell, Document, Number, Paragraph, Section, Text, said


def unfinished_page(study: str, device: str, done: int, asked: int) -> Document:
    """Return the text.

    Args:
        study: Its name.
        device: Its id.
        done: Candidates that have an outcome, the rows of trials.csv.
        asked: Candidates that the study asks for.
    """
    done_of_all = {
        "done": Number("count", (Cell(TRIALS, "", "rows", done),)),
        "all": Number("count", (Cell(STUDY, "", "search.candidates", asked),)),
    }
    title = said("unfinished.title", study=Text(study), device=Text(device))
    blocks = (
        Paragraph(said("unfinished.said", **done_of_all), strong=True),
        Paragraph(said("unfinished.go_on")),
        Paragraph(said("unfinished.todo")),
    )
    return Document(title, (Section("decision", said("page.question"), blocks),))
