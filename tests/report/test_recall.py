"""Recall of each class on the page, and warnings where answers rest on little."""

import json

import pandas as pd
import pytest

from hwsearch.records.front import DenseRow
from hwsearch.report.answer import risks
from hwsearch.report.page import write_report
from hwsearch.report.recall import recall_lines, recalls, warnings, worst_class
from hwsearch.report.tables import read_run
from hwsearch.report.templates import glued

SOUND = {
    "accuracy_test_own": 0.95, "accuracy_test_low": 0.9, "recalls_test": "0.9800/0.9000//1.0000", "ties_test": 0.001,
    "input_independent_test": 0.0, "silent_layers_test": 0,
}  # fmt: skip


def test_recalls_are_read_class_by_class():
    row = DenseRow(**SOUND)
    assert recalls(row) == [0.98, 0.9, None, 1.0]
    assert worst_class(row) == (1, 0.9)
    assert recalls(DenseRow()) == []
    assert worst_class(DenseRow()) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"accuracy_test_low": 0.3}, "down to 40.0%, the accuracy of always answering"),
        ({"recalls_test": "0.9800/0.4700/1.0000"}, "Class 1 is recognised in 47.0%"),
        ({"silent_layers_test": 2}, "In 2 of its layers no neuron fires"),
        ({"input_independent_test": 0.25}, "Nothing of 25.0% of the test samples reaches the readout"),
        ({"ties_test": 0.02}, "For 2.0% of the test samples several classes"),
    ],
)
def test_each_thing_that_is_wrong_is_one_sentence(change, said):
    assert warnings(DenseRow(**SOUND), 0.4) == warnings(DenseRow(), None) == []
    (text,) = warnings(DenseRow(**SOUND | change), 0.4)
    assert said in text


def test_the_page_shows_recalls_with_intervals_and_warns(finished, tmp_path):
    for name in ("trials.csv", "front.csv", "summary.json", "study.yaml", "profile.yaml"):
        (tmp_path / name).write_bytes((finished / name).read_bytes())
    tables = read_run(tmp_path)
    lines = recall_lines(tables)
    assert sum(line.samples for line in lines) == tables.summary.samples.test
    page = write_report(read_run(tmp_path)).read_text()
    assert "Which classes it recognises" in page
    assert all(glued(line.pick) in page and glued(line.dense) in page for line in lines)
    summary = json.loads((tmp_path / "summary.json").read_text())
    n, recall = lines[0].samples, float(summary["dense"]["recalls_test"].split("/")[0])
    assert lines[0].dense.startswith(f"{100 * recall:.1f} % (")
    assert n == summary["classes"]["test"][0]
    summary["pick"]["silent_layers_test"] = 1
    summary["no_skill"] = {"trained": 3, "final": 1}
    (tmp_path / "summary.json").write_text(json.dumps(summary))
    assert "In 1 of its layers no neuron fires for any test sample." in risks(read_run(tmp_path))
    assert "3 of the trained candidates, and 1 of those" in write_report(read_run(tmp_path)).read_text()


def test_a_run_without_recalls_has_a_page_all_the_same(finished, tmp_path):
    for name in ("trials.csv", "study.yaml", "profile.yaml"):
        (tmp_path / name).write_bytes((finished / name).read_bytes())
    front = pd.read_csv(finished / "front.csv")
    front[[name for name in front.columns if "recall" not in name]].to_csv(
        tmp_path / "front.csv", index=False
    )
    summary = json.loads((finished / "summary.json").read_text())
    del summary["classes"], summary["no_skill"]
    (tmp_path / "summary.json").write_text(json.dumps(summary))
    assert recall_lines(read_run(tmp_path)) == []
    assert "Which classes" not in write_report(read_run(tmp_path)).read_text()
