"""The page: what a person reads on it, and that it loads nothing from anywhere."""

import re
import subprocess
import sys

import pytest
from builders.runs import ENDS, synthetic_run, visible, with_summary

from hwsearch.report.answer import comparison
from hwsearch.report.page import write_pages, write_report
from hwsearch.report.plotly_figures import front_figure
from hwsearch.report.quantities import UNKNOWN
from hwsearch.report.tables import read_run


@pytest.fixture(scope="module")
def page(run_dir) -> str:
    return write_report(read_run(run_dir)).read_text(encoding="utf-8")


def test_page_answers_and_says_how_numbers_came_about(page):
    text = visible(page)
    assert "9.7 times smaller" in text
    assert "estimated (generic 45 nm prices)" in text
    assert "11.5 times that of one dense network" in text
    assert "13 min" in text
    assert "No candidate was judged by ticket similarity" in text
    assert "The audit drew no candidate" in text
    assert "kernel is not searched" in text
    assert "mean of 3 trainings" in text
    assert "Hypervolume: the front dominates 61.2 % of the box" in text


def test_page_loads_nothing_and_shows_no_nan(page):
    assert page.count("<script") == page.count("</script>") == 3  # the data, the figure, the table that sorts
    assert "default-src 'none'" in page
    assert not re.search(r"<(?:script|link|iframe|source)\b[^>]*\s(?:src|href)\s*=", page)
    assert set(re.findall(r"<img [^>]*src=\"([^,]*),", page)) == {"data:image/png;base64"}
    assert not re.search(r"(?:src|href)\s*=\s*[\"']?(?:https?:)?//|@import|url\(", page)
    assert not re.search(r"\bnan\b", visible(page), flags=re.I)
    assert "Infinity" not in re.sub(r"<script>.*?</script>", "", page, flags=re.S)


def test_a_small_run_is_a_small_page(page):
    assert len(page.encode()) < 500_000


def test_text_from_files_is_escaped(page):
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page


def test_unknown_cells_say_so(tmp_path):
    folder = synthetic_run(tmp_path, objectives=("error", "memory_bytes"), latency=False)
    tables = read_run(folder)
    assert len(front_figure(tables)) == 1
    line = next(line for line in comparison(tables) if line.name.startswith("Latency"))
    assert (line.pick, line.dense, line.change) == (UNKNOWN, UNKNOWN, "")
    page = write_report(read_run(folder)).read_text(encoding="utf-8")
    assert page.count('title="not known for this device"') == 2 + 12  # comparison, front
    assert "Not known for this device: latency per inference" in visible(page)


def test_an_empty_front_names_the_nearest_miss(tmp_path):
    folder = synthetic_run(tmp_path, front=False)
    page = write_report(read_run(folder)).read_text(encoding="utf-8")
    assert "Nearest miss: trial 7" in visible(page)
    assert "The members of the front" not in page


def test_the_report_loads_neither_torch_nor_plotly():
    code = "import sys, hwsearch.report.page; sys.exit(bool({'torch', 'plotly'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_outcome_is_counted_on_it(page):
    for label, name in (
        ("Over a budget", "over_budget"),
        ("Foreseen", "foreseen"),
        ("Lookalike", "lookalike"),
        ("Failed", "failed"),
    ):
        assert f"{label} {ENDS[name]} " in visible(page)


def test_counts_that_disagree_are_said(tmp_path):
    folder = with_summary(synthetic_run(tmp_path), counts={"asked": 96, **ENDS})
    text = visible(write_report(read_run(folder)).read_text(encoding="utf-8"))
    assert "count differently (asked 96 against 80)" in text


@pytest.mark.parametrize("words", [None, "What is known of v > threshold."])
def test_a_claim_of_the_device_is_shown_where_the_run_recorded_one(tmp_path, words):
    claim = None if words is None else {"as_device": True, "words": words}
    folder = with_summary(synthetic_run(tmp_path), arithmetic=claim)
    text = visible(write_report(read_run(folder)).read_text(encoding="utf-8"))
    assert ("What is known of v &gt; threshold." in text) == (words is not None)


@pytest.mark.parametrize("front", [True, False])
def test_a_picture_is_written_where_there_is_a_front(tmp_path, front):
    folder = synthetic_run(tmp_path, front=front)
    assert write_pages(folder) == folder / "report.html"
    assert (folder / "front.png").exists() == front
