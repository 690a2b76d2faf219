"""The front for a slide: its rows, units and digits by hand, and nothing that a spreadsheet would calculate."""

import csv
import json

import pandas as pd
import pytest
from builders.runs import synthetic_run

from hwsearch.report.front_table import write_front_table
from hwsearch.report.tables import read_run


def rows_of(folder):
    with write_front_table(read_run(folder)).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_row_by_hand(tmp_path):
    dense, first, pick, *_ = rows_of(synthetic_run(tmp_path))
    assert [row["Network is"] for row in (dense, first, pick)] == ["dense", "on the front", "the pick"]
    assert (dense["Trial"], dense["Sparsity"], dense["Weight bits"]) == ("", "", "8")
    assert pick["Validation accuracy (%)"] == "97.8"
    assert pick["Test accuracy (%)"] == "97.2"
    assert pick["Test accuracy, lower end of 95 % (%)"] == "95.0"
    assert (dense["Memory (bytes)"], pick["Memory (bytes)"]) == ("18842", "1945")
    assert (dense["Energy per inference (nJ)"], pick["Energy per inference (nJ)"]) == ("1100", "120")


def test_it_says_what_front_csv_says(tmp_path):
    folder = synthetic_run(tmp_path)
    front, table = pd.read_csv(folder / "front.csv"), pd.DataFrame(rows_of(folder)[1:])
    assert table["Trial"].astype(int).tolist() == front["trial"].tolist()
    assert table["Memory (bytes)"].astype(int).tolist() == front["memory_bytes"].tolist()
    assert table["Test accuracy (%)"].astype(float).tolist() == pytest.approx(
        (100 * front["accuracy_test"]).tolist(), abs=0.051
    )


def test_what_nobody_knows_has_no_column(tmp_path):
    heads = rows_of(synthetic_run(tmp_path, latency=False))[0]
    assert not [
        head
        for head in heads
        if head.startswith(("Latency", "Network", "Accuracy on")) and head != "Network is"
    ]


def test_another_score_has_its_own_columns(tmp_path):
    folder = synthetic_run(tmp_path)
    front = pd.read_csv(folder / "front.csv").assign(score_val=0.5, score_test=0.25)
    front.to_csv(folder / "front.csv", index=False)
    summary = json.loads((folder / "summary.json").read_text()) | {"score": "macro_f1"}
    (folder / "summary.json").write_text(json.dumps(summary))
    assert rows_of(folder)[1]["Macro f1 on test (%)"] == "25.0"


def test_a_run_without_a_front_has_its_dense_network_alone(tmp_path):
    (row,) = rows_of(synthetic_run(tmp_path, front=False))
    assert row["Network is"] == "dense"


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_nothing_is_calculated(tmp_path, name):
    folder = synthetic_run(tmp_path)
    pd.read_csv(folder / "front.csv").assign(granularity=name).to_csv(folder / "front.csv", index=False)
    cells = {row["Granularity"] for row in rows_of(folder)[1:]}
    assert len(cells) == 1
    assert cells <= {f"'{name}", "1", "'-1"}  # numbers may lose their sign or not: they are numbers
