"""The page's section of what can go wrong: there only where it was measured."""

from dataclasses import replace

from builders.runs import synthetic_run, visible
from builders.stress_rows import rows

from hwsearch.records.stress import write_stress
from hwsearch.report.page import _render
from hwsearch.report.stress import stress_section
from hwsearch.report.stress_figure import write_stress_png
from hwsearch.report.tables import read_run


def test_a_run_that_was_not_stressed_has_no_section(run_dir):
    tables = read_run(run_dir)
    assert stress_section(tables) is None
    assert "What can go wrong" not in visible(_render(tables))


def test_the_page_says_the_sentences_and_shows_the_picture(tmp_path):
    run = synthetic_run(tmp_path / "run")
    write_stress(rows(), run / "stress.csv")
    write_stress_png(rows(), run / "stress.png")
    page = _render(read_run(run))
    assert "Trial 3 loses more than the dense network under bit flips in weights" in visible(page)
    assert "Time jitter is not asked" in visible(page)
    assert 'src="data:image/png;base64,iVBOR' in page


def test_without_its_picture_the_words_stay(run_dir):
    tables = replace(read_run(run_dir), stress=tuple(rows()))
    section = stress_section(tables)
    assert section.picture == ""
    assert section.sentences
    section = _render(tables).split('<section id="stress">')[1].split("</section>")[0]
    assert "<img" not in section
    assert "Trial 3 loses more" in section
