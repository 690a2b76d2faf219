"""A member of the front that is foretold, wherever its row is shown: it says so, and has no test accuracy."""

import pandas as pd
import pytest
from builders.runs import synthetic_run

from hwsearch.report.evidence import front_columns, front_rows
from hwsearch.report.front.data import front_data
from hwsearch.report.front_table import write_front_table
from hwsearch.report.layers import panels
from hwsearch.report.tables import read_run


@pytest.fixture
def tables(tmp_path):
    """Return a run whose largest member of the front was not trained in full."""
    folder = synthetic_run(tmp_path)
    front = pd.read_csv(folder / "front.csv")
    front["evidence"] = ["trained 3 times"] * (len(front) - 1) + ["foretold"]
    tested = [name for name in front if "test" in name or name.endswith("_own")]
    front.loc[front.index[-1], tested] = None
    front.loc[front.index[-1], ["accuracy_val", "accuracy_val_low", "accuracy_val_high"]] = 0.95, 0.91, 0.97
    front.to_csv(folder / "front.csv", index=False)
    return read_run(folder)


def test_only_that_member_is_foretold(tables):
    assert [row.is_foretold for row in tables.front] == [False] * (len(tables.front) - 1) + [True]
    assert len(tables.trained_front) == len(tables.front) - 1


def test_the_table_of_the_page_says_foretold_in_place_of_test(tables):
    heads, (_, cells) = front_columns(tables), front_rows(tables)[-1]
    told = dict(zip(heads, cells, strict=True))
    assert told["Test (95 % interval)"] == ("foretold", None)
    assert told["Validation"] == ("95.0 % (91.0 to 97.0)", 0.95)


def test_the_table_for_a_slide_says_so(tables):
    lines = write_front_table(tables).read_text(encoding="utf-8").splitlines()
    assert lines[-1].startswith('"on the front, foretold",')


def test_the_figure_draws_it_apart_and_on_the_line(tables):
    panel = panels(tables)[0]
    (point,) = panel.points["foretold"]
    assert "on the front, foretold" in point.text
    assert len(panel.points["front"]) == len(tables.front) - 1


def test_the_front_to_play_with_offers_no_export_of_it(tables):
    points = front_data(tables).points
    i = points.trial.index(tables.front[-1].trial)
    assert points.said[i].startswith("On the front, foretold: 95.0 % (91.0 to 97.0) on validation")
    assert (points.exports[i], points.test[i]) == (0, "")
