"""The pages of keys are what the schemas say, and docs/columns.md has every column of every table."""

import importlib.util
import re
from pathlib import Path

import pytest

from hwsearch.records.by_class import ConfusionRow, RecallRow
from hwsearch.records.front import DenseRow, FrontRow
from hwsearch.records.rival import RivalRow
from hwsearch.records.stress import StressRow
from hwsearch.records.summary import Summary, read_summary
from hwsearch.records.trial_table import TrialRow
from hwsearch.study.model import Study

DOCS = Path(__file__).parents[2] / "docs"
NO_COLUMN = {"banks"}  # a row keeps its banks' columns there


def _maker():
    spec = importlib.util.spec_from_file_location("make_reference", DOCS / "make_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module", params=["study", "summary"])
def page(request):
    """Return which page, what lies there, and what the schema makes it."""
    maker, name = _maker(), request.param
    here = DOCS / f"{name}_keys.md"
    made = maker.study_page() if name == "study" else maker.summary_page()
    return name, here.read_text(encoding="utf-8"), made


def test_a_page_of_keys_is_what_the_schema_says(page):
    _, written, made = page
    assert written == made, "python docs/make_reference.py"


def test_every_key_is_told_in_words(page):
    name, _, made = page
    rows = [line for line in made.splitlines() if line.startswith("| `")]
    assert len(rows) > {"study": 120, "summary": 70}[name]
    assert [row for row in rows if row.replace(" ", "").endswith("||")] == []


def test_a_key_and_its_default_stand_on_the_page_of_studies():
    page = _maker().study_page()
    for name in Study.model_fields:
        assert f"| `{name}` |" in page
    assert "| `twins` | number | `0.98` |" in page
    assert "| `candidates` | whole number | **needed** |" in page


def test_a_key_and_whether_it_is_always_there_stand_on_the_page_of_summaries():
    page = _maker().summary_page()
    for name in Summary.model_fields:
        assert f"| `{name}` |" in page
    assert "| `front_size` | whole number | *always* |" in page
    assert "| `wall_s` | number or null | `null` | Seconds of the run. |" in page
    assert "| `budgets` | number by key | none |" in page


def _keys(values):
    """Yield the keys of a summary that have a meaning of their own: no names of libraries, no columns of rows."""
    for key, value in values.items():
        yield key
        if isinstance(value, dict) and key in SECTIONS:
            yield from _keys(value)


SECTIONS = {
    "cost", "similarity", "audit", "left", "samples", "classes", "arithmetic", "no_skill", "answers", "rival",
    "program",
}  # fmt: skip


def test_all_that_a_run_writes_stands_on_the_page_of_summaries(finished):
    page = (DOCS / "summary_keys.md").read_text(encoding="utf-8")
    written = set(_keys(read_summary(finished / "summary.json").plain()))
    assert {key for key in written if f"| `{key}` |" not in page} == set()
    assert {"wall_s", "question"} <= written  # sections were looked into


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
