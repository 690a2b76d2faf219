"""Templates: names are shown as text, and a value that is missing is a fault."""

import pytest
from jinja2 import UndefinedError

from hwsearch.report.templates import template


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
