"""A number comes from its cells in one of four ways."""

import pytest

from hwsearch.report.first_page.parts import Cell, Number

BEFORE, AFTER = (
    Cell("summary.json", "", "dense.memory_bytes", 400.0),
    Cell("front.csv", "trial=3", "memory_bytes", 100.0),
)


@pytest.mark.parametrize(
    ("how", "value"), [("value", 400.0), ("quotient", 4.0), ("difference", 300.0), ("saving", 0.75)]
)
def test_a_number_is_worked_out(how, value):
    assert Number("bytes", (BEFORE, AFTER), how).value == value


def test_a_cell_says_where_it_stands():
    assert AFTER.place == "front.csv trial=3 memory_bytes"
    assert BEFORE.place == "summary.json dense.memory_bytes"
