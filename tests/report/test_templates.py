"""Templates: names are shown as text, and a value that is missing is a fault."""

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from hwsearch.report.templates import glued, template


def test_what_a_page_is_filled_with_is_escaped_and_nothing_may_be_missing():
    filled = {
        "profile": "p",
        "words": "<script>",
        "heads": [],
        "rows": [],
        "outcomes": {},
        "study": "x",
        "first_page": "",
    }
    page = template("unfinished.html.j2")
    text = page.render(**filled)
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    del filled["words"]
    with pytest.raises(UndefinedError, match="words"):
        page.render(**filled)


def test_a_number_stays_on_one_line_with_its_unit():
    text = "2.4 KiB of 16.0 KiB, 45.2 µJ, 97.2 % (94.9 to 98.5), 6 hidden neurons, trial 3 stays"
    assert glued(text).split(" ") == [
        "2.4\xa0KiB", "of", "16.0\xa0KiB,", "45.2\xa0µJ,", "97.2\xa0%", "(94.9", "to", "98.5),", "6", "hidden",
        "neurons,", "trial", "3", "stays",
    ]  # fmt: skip
    assert glued(Markup("run 5 s")) == "run 5 s"  # a command, or a file
    assert glued(5) == 5
