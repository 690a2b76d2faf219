"""docs/study_keys.md is what the schema says, and docs/columns.md has every column of every table."""

import importlib.util
import re
from pathlib import Path

import pytest

from hwsearch.records.by_class import ConfusionRow, RecallRow
from hwsearch.records.front import DenseRow, FrontRow
from hwsearch.records.rival import RivalRow
from hwsearch.records.stress import StressRow
from hwsearch.records.trial_table import TrialRow
from hwsearch.study.model import Study

DOCS = Path(__file__).parents[2] / "docs"
NO_COLUMN = {"banks"}  # a row keeps its banks' columns there


def _made() -> str:
    spec = importlib.util.spec_from_file_location("make_reference", DOCS / "make_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.page()


def test_the_page_of_keys_is_what_the_schema_says():
    assert (DOCS / "study_keys.md").read_text(encoding="utf-8") == _made(), "python docs/make_reference.py"


def test_every_key_is_told_in_words():
    rows = [line for line in _made().splitlines() if line.startswith("| `")]
    assert len(rows) > 120
    assert [row for row in rows if row.replace(" ", "").endswith("||")] == []


def test_a_key_and_its_default_stand_on_the_page():
    page = _made()
    for name in Study.model_fields:
        assert f"| `{name}` |" in page
    assert "| `twins` | number | `0.98` |" in page
    assert "| `candidates` | whole number | **needed** |" in page


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("front.csv", FrontRow), ("front.csv", DenseRow), ("trials.csv", TrialRow), ("rival.csv", RivalRow),
        ("stress.csv", StressRow), ("recalls.csv", RecallRow), ("confusion.csv", ConfusionRow),
    ],
)  # fmt: skip
def test_every_column_has_its_meaning(table, row):
    page = (DOCS / "columns.md").read_text(encoding="utf-8")
    chapter = page.split("## Of all tables")[1].split("\n## ")[0]
    chapter += page.split(f"\n## `{table}`")[1].split("\n## ")[0]
    told = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (.*?) \|", chapter, re.MULTILINE))))
    missing = set(row.model_fields) - NO_COLUMN - told
    # a predicted cost, and a share of test, are told once for all
    assert {name for name in missing if not name.endswith(("_predicted", "_test"))} == set()
