"""The part of the page that is about the front: the figure to play with, its picture, and what stands below it."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from hwsearch.records.run_folder import RunFolder
from hwsearch.report.figures import write_front_png
from hwsearch.report.front.course import Course, course_of
from hwsearch.report.front.data import KINDS, FrontData, Kind, front_data
from hwsearch.report.front.importance import Importances, importances_of
from hwsearch.report.front.map import SparsityMaps, sparsity_maps
from hwsearch.report.tables import RunTables

ICONS = {
    "circle": "M5 10a5 5 0 1 0 10 0a5 5 0 1 0-10 0",
    "square": "M6 6h8v8h-8z",
    "triangle": "M10 5l5 9H5z",
    "diamond": "M10 5l5 5-5 5-5-5z",
    "cross": "M6 6l8 8M14 6l-8 8",
    "star": "M10 1l2.6 6 6.4.6-4.8 4.3 1.4 6.4L10 15l-5.6 3.3 1.4-6.4L1 7.6l6.4-.6z",
}
"""Shapes in the legend, as SVG paths in a box of 20 x 20."""


@dataclass(frozen=True)
class FrontSection:
    """The section.

    Attributes:
        data: What the script is given.
        kinds: Kinds of candidates that occur, the front first.
        json: The same as JSON that no text in it can end or change.
        script: The script.
        picture: What is shown without JavaScript and in print: a PNG in base 64.
        maps, course, importances: Below the figure; None where there is nothing to show.
    """

    data: FrontData
    kinds: tuple[Kind, ...]
    json: Markup
    script: Markup
    picture: str
    maps: SparsityMaps | None
    course: Course | None
    importances: Importances | None


def front_section(tables: RunTables) -> FrontSection:
    """Return what the page shows of the front and of what was tried."""
    data = front_data(tables)
    return FrontSection(
        data=data,
        kinds=tuple(kind for i, kind in reversed(list(enumerate(KINDS))) if i in data.points.kind),
        json=as_json(data),
        script=Markup((Path(__file__).parent / "front.js").read_text(encoding="utf-8")),
        picture=base64.b64encode(_picture(tables)).decode("ascii"),
        maps=sparsity_maps(tables),
        course=course_of(tables),
        importances=importances_of(tables),
    )


def as_json(data: FrontData) -> Markup:
    """Return the data as JSON for a script element: ``<``, ``>``, ``&`` and ``'`` are escaped, numbers are exact.

    Raises:
        ValueError: A number is not finite: the data leave out what is not known.
    """
    # the type that the library declares has no room for json's own options
    return htmlsafe_json_dumps(
        asdict(data), json.dumps, allow_nan=False, ensure_ascii=False, separators=(",", ":")
    )


def _picture(tables: RunTables) -> bytes:
    """Return front.png, or the same picture of what was tried where there is no front to have one."""
    path = RunFolder(tables.run_dir).front_png
    if tables.front and path.exists():
        return path.read_bytes()
    drawn = io.BytesIO()
    write_front_png(tables, drawn)
    return drawn.getvalue()
