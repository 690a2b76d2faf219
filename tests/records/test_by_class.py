"""recalls.csv and confusion.csv: written, read, and damaged."""

import pytest

from hwsearch.errors import RecordError
from hwsearch.records.by_class import (
    ConfusionRow,
    RecallRow,
    read_confusion,
    read_recalls,
    write_confusion,
    write_recalls,
)

RECALLS = [
    RecallRow(
        trial=7, true_class=0, name="worn, left", samples=4, answered=3, right=3, recall=0.75, recall_low=0.3,
        recall_high=0.95,
    ),
    RecallRow(trial=7, true_class=1, name="fine", samples=0, answered=1, right=0),
]  # fmt: skip
CELLS = [(7, 0, 0, 3), (7, 0, 1, 1), (7, 1, 0, 0), (7, 1, 1, 0)]


def confusion(cells):
    names = ("trial", "true_class", "predicted_class", "count")
    return [ConfusionRow(**dict(zip(names, cell, strict=True))) for cell in cells]


def test_written_and_read(tmp_path):
    write_recalls(RECALLS, tmp_path / "recalls.csv")
    assert (tmp_path / "recalls.csv").read_text() == (
        "trial,true_class,name,samples,answered,right,recall,recall_low,recall_high\n"
        '7,0,"worn, left",4,3,3,0.75,0.3,0.95\n7,1,fine,0,1,0,,,\n'
    )
    assert read_recalls(tmp_path / "recalls.csv") == RECALLS
    write_confusion(confusion(CELLS), tmp_path / "confusion.csv")
    assert read_confusion(tmp_path / "confusion.csv") == {7: [[3, 1], [0, 0]]}


def test_runs_of_earlier_versions_have_none(tmp_path):
    assert read_recalls(tmp_path / "recalls.csv") == []
    assert read_confusion(tmp_path / "confusion.csv") == {}


def test_a_missing_pair_is_named(tmp_path):
    write_confusion(confusion(CELLS[:2] + CELLS[3:]), tmp_path / "confusion.csv")
    with pytest.raises(
        RecordError, match=r"every pair of classes of trial 7.*none of class 1 answered with 0"
    ):
        read_confusion(tmp_path / "confusion.csv")
