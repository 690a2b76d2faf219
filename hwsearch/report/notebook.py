"""A run's answer as a notebook shows it: whether the pick fits, what it saves, the front, and what to do next."""

from __future__ import annotations

import base64

from hwsearch.records.run_folder import RunFolder
from hwsearch.report.answer import headline
from hwsearch.report.evidence import front_columns, front_rows
from hwsearch.report.fits import fit_words
from hwsearch.report.tables import RunTables
from hwsearch.report.templates import template


def notebook_html(tables: RunTables) -> str:
    """Return the answer of a run that has ended as HTML without scripts; its picture is in it.

    Args:
        tables: What its folder holds.
    """
    picture, summary = RunFolder(tables.run_dir).front_png, tables.summary
    fits, more = fit_words(tables)
    steps = ["result.report()"]
    if summary.pick is not None:
        steps = ['result.export(to="model")', *steps]
    return template("notebook.html.j2").render(
        name=summary.study,
        device=summary.profile,
        fits=fits,
        sentences=(headline(tables), more),
        picture=base64.b64encode(picture.read_bytes()).decode("ascii") if picture.exists() else "",
        columns=front_columns(tables),
        rows=front_rows(tables),
        steps=steps,
    )
