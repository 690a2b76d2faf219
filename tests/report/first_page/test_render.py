"""Every number of the first page and of the plan is one of the run's files, in both languages; and names do no harm."""

import re

import pytest
from builders.first_pages import (
    CONSTANTS,
    in_file,
    numbers_on,
    page_of,
    read_back,
    shapes,
    stray_digits,
    unmarked,
)
from builders.runs import synthetic_run, with_summary

from hwsearch.report.first_page import render
from hwsearch.report.first_page.parts import Bullets, Number, Paragraph, Table, Text, said
from hwsearch.report.first_page.render import (
    first_page_html,
    html_text,
    language_of,
    markdown,
    markdown_text,
    write_plan,
)
from hwsearch.report.first_page.words import LANGUAGES, Span, words_of
from hwsearch.report.page import write_report
from hwsearch.report.tables import read_run


@pytest.fixture(scope="module")
def runs(tmp_path_factory, finished):
    return shapes(tmp_path_factory.mktemp("runs")) | {"real": finished}


def sentences(document):
    """Yield every part of a document, in the order in which it is read."""
    for section in document.sections:
        yield section.title
        for block in section.blocks:
            if isinstance(block, Table):
                yield from (*block.heads, *(cell for row in block.rows for cell in row))
            elif isinstance(block, Bullets):
                yield from block.items
            else:
                yield block.sentence


def spans_of(document, language):
    return [span for part in sentences(document) for span in words_of(language).spans(part)]


def worked_out(number, values):
    if number.how == "value":
        (value,) = values
        return value
    a, b = values
    return {"quotient": a / b, "difference": a - b, "saving": 1 - b / a}[number.how]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_number_read_back_is_one_of_the_files(runs, language):
    for name, folder in runs.items():
        numbers = [span for span in spans_of(page_of(folder), language) if isinstance(span.of, Number)]
        assert numbers or name == "nothing fits", name
        for span in numbers:
            found = worked_out(span.of, [in_file(folder, cell.place) for cell in span.of.cells])
            read, half_a_digit = read_back(span.text)
            if span.of.kind in ("points", "set_points"):
                read, half_a_digit = read / 100, half_a_digit / 100
            # of costs three digits are shown, and no zeros at their end
            assert read == pytest.approx(found, rel=0.005, abs=half_a_digit * 1.001), (name, span)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_and_the_plan_show_these_numbers_and_no_other(runs, language, monkeypatch):
    for name, folder in runs.items():
        document, tables = page_of(folder), read_run(folder)
        marked = [span for span in spans_of(document, language) if isinstance(span.of, Number)]
        page = first_page_html(tables, language).html
        told = [(str(s.of.value), "; ".join(c.place for c in s.of.cells), s.text) for s in marked]
        assert numbers_on(page) == told, name
        assert stray_digits(unmarked(page)) == [], name
        monkeypatch.setattr(render, "markdown_text", lambda span: span.text if span.of is None else "#")
        assert stray_digits(markdown(document, words_of(language)).replace("###", "")) == [], name
        monkeypatch.undo()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_themselves_hold_no_number_but_constants(language):
    for key, phrase in words_of(language).phrases.items():
        assert stray_digits(re.sub(r"\{\w+\}", "", phrase)) == [], key


def test_a_stray_digit_would_be_found():
    assert stray_digits("about 97 of 100")
    assert all(not stray_digits(constant) for constant in CONSTANTS)


def test_names_are_text_in_html_and_in_markdown():
    words, evil = words_of("en"), Text("<img src=x>|*a*_b_`c`[d](e)\x1b[2J\n# f")
    page = html_text(words.spans(said("meeting.nothing", device=evil)))
    assert "<img" not in page
    assert "&lt;img src=x&gt;" in page
    assert "\x1b" not in page
    text = markdown_text(Span(evil.text, evil))
    assert text.startswith(r"\<img src=x\>\|\*a\*\_b\_\`c\`\[d\](e)")
    assert "\n" not in text


def test_a_command_with_ticks_is_code_all_the_same():
    command = Text("hwsearch stress 'a``b|c'", code=True)
    assert markdown_text(Span(command.text, command)) == "```hwsearch stress 'a``b\\|c'```"


def test_a_plan_is_written_beside_the_page_and_says_its_language(tmp_path):
    tables = read_run(synthetic_run(tmp_path))
    assert write_plan(tables, "ja") == tmp_path / "plan.ja.md"
    text = (tmp_path / "plan.ja.md").read_text(encoding="utf-8")
    assert text.startswith("# digits\\_mcu")
    assert "## 段階計画" in text
    assert "| メモリ | 18.4\N{NO-BREAK SPACE}KiB | 1.9\N{NO-BREAK SPACE}KiB |" in text


def test_the_page_stays_in_the_language_that_it_had(tmp_path):
    tables = read_run(synthetic_run(tmp_path))
    page = write_report(tables, "ja")
    assert language_of(page) == "ja"
    assert '<article id="first-page" lang="ja">' in write_report(tables).read_text(encoding="utf-8")
    assert language_of(write_report(tables, "en")) == "en"
    assert language_of(tmp_path / "none.html") == "en"


def test_the_first_page_comes_first(tmp_path):
    tables = read_run(synthetic_run(tmp_path))
    page = write_report(tables).read_text(encoding="utf-8")
    body = page[page.index("<body>") :]
    assert body.index('id="first-page"') < body.index('id="headline"')


def test_a_strong_sentence_is_marked_in_both(tmp_path):
    folder = with_summary(synthetic_run(tmp_path), notes=[])
    document = page_of(folder)
    first = document.sections[0].blocks[0]
    assert isinstance(first, Paragraph)
    assert first.strong
    assert "\n> " in markdown(document, words_of("en"))
    assert 'class="verdict"' in first_page_html(read_run(folder), "en").html
