"""A run that goes on as a page: what there is, escaped, and that it is provisional."""

import pandas as pd

from hwsearch.records.run_folder import RunFolder
from hwsearch.report.unfinished_page import Provisional, write_unfinished

FRONT = pd.DataFrame(
    {
        "trial": [3, 7],
        "granularity": ["weight", "nm:4"],
        "accuracy_val": [0.91, 0.5],
        "energy_j": [None, None],
    }
)


def test_it_says_what_there_is(tmp_path):
    said = Provisional("digits", "board", "unfinished: 2 of 9", 2, 9, FRONT, {"trained": 2, "over_budget": 1})
    text = write_unfinished(RunFolder(tmp_path), said).read_text()
    assert "unfinished: 2 of 9" in text
    assert ">2</data> of <data" in text
    assert ">9</data> candidates have an outcome" in text
    assert "nm:4" in text
    assert "over budget: 1" in text
    assert "91" in text
    assert "Energy" not in text  # nothing is known of it


def test_names_are_escaped_and_nothing_is_shown_of_nothing(tmp_path):
    said = Provisional("<script>", "a&b", "", 0, 9, FRONT.iloc[:0], {})
    text = write_unfinished(RunFolder(tmp_path), said).read_text()
    assert "<script>" not in text
    assert "a&amp;b" in text
    assert "No candidate fits" in text
    assert "none has an outcome yet" in text
