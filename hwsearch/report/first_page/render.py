"""The first page as a part of report.html, and as Markdown. Not for what it says (`compose`).

In HTML each number is a ``data`` element that names the cells it comes from. Names out of the run's files are escaped
in both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from hwsearch.records.files import write_text
from hwsearch.records.run_folder import RunFolder
from hwsearch.report.first_page.compose import first_page
from hwsearch.report.first_page.parts import (
    Block,
    Bullets,
    Document,
    Heading,
    Number,
    Paragraph,
    Part,
    Section,
    Sentence,
    Table,
    Text,
    said,
)
from hwsearch.report.first_page.words import LANGUAGES, Language, Span, Words, words_of
from hwsearch.report.tables import RunTables
from hwsearch.report.templates import template
from hwsearch.report.typed import typed_folder
from hwsearch.shown import line

_ACTIVE = re.compile(r"([\\`*_\[\]<>&|~#$])")
"""What Markdown, or HTML in it, would take for more than a sign."""


@dataclass(frozen=True)
class Rendered:
    """The first page of a run.

    Attributes:
        title: Of the whole page, as text.
        html: An element of the page.
    """

    title: str
    html: Markup


def first_page_html(tables: RunTables, language: Language) -> Rendered:
    """Return the first page of a run that has ended, for its page."""
    other = next(each for each in LANGUAGES if each != language)
    command = Text(f"hwsearch report {typed_folder(tables.run_dir)} --lang {other}", code=True)
    document, words = first_page(tables), words_of(language)
    last = (said("page.sources"), _where(tables), said("page.language", command=command))
    title = "".join(line(span.text) for span in words.spans(document.title))
    return Rendered(title, html(document, words, last))


def write_plan(tables: RunTables, language: Language) -> Path:
    """Write the same as Markdown (``plan.en.md``), and return its path."""
    path = RunFolder(tables.run_dir).plan(language)
    write_text(path, markdown(first_page(tables), words_of(language), (said("page.sources"), _where(tables))))
    return path


def _where(tables: RunTables) -> Sentence:
    """Say from where the commands work."""
    return said("page.commands", folder=Text(typed_folder(tables.run_dir), code=True))


def language_of(page: Path) -> Language:
    """Return the language of the first page of a report that was written before; English where there is none."""
    if not page.is_file():
        return "en"
    text = page.read_text(encoding="utf-8", errors="replace")
    return next((each for each in LANGUAGES if f'id="first-page" lang="{each}"' in text), "en")


def html(document: Document, words: Words, last: tuple[Sentence, ...] = ()) -> Markup:
    """Return the text as an element of a page; last: what stands under it."""
    return Markup(
        template("first_page.html.j2").render(
            document=document,
            language=words.language,
            last=last,
            text=lambda part: html_text(words.spans(part)),
            label=lambda part: "".join(span.text for span in words.spans(part)),
            kind=lambda block: type(block).__name__,
            state=_state,
        )
    )


def html_text(spans: list[Span]) -> Markup:
    """Return a sentence as HTML."""
    return Markup("").join(_html(span) for span in spans)


def _html(span: Span) -> Markup:
    if isinstance(span.of, Number):
        places = "; ".join(cell.place for cell in span.of.cells)
        return Markup('<data value="{}" title="{}">{}</data>').format(span.of.value, places, span.text)
    if isinstance(span.of, Text):
        tag = "code" if span.of.code else "bdi"
        return Markup(f"<{tag}>{{}}</{tag}>").format(line(span.text))
    return Markup("{}").format(span.text)


def _state(part: Part) -> str:
    """Return the last word of a state's key, by which it is coloured; else nothing."""
    if isinstance(part, Sentence) and part.key.startswith("state."):
        return part.key.removeprefix("state.")
    return ""


def markdown(document: Document, words: Words, last: tuple[Sentence, ...] = ()) -> str:
    """Return the text as Markdown; last: what stands under it."""
    parts = [f"# {_text(document.title, words)}"]
    for section in document.sections:
        parts += _section(section, words)
    return "\n\n".join([*parts, *(_text(sentence, words) for sentence in last)]) + "\n"


def _section(section: Section, words: Words) -> list[str]:
    return [f"## {_text(section.title, words)}", *(_block(block, words) for block in section.blocks)]


def _block(block: Block, words: Words) -> str:
    if isinstance(block, Heading):
        return f"### {_text(block.sentence, words)}"
    if isinstance(block, Paragraph):
        return f"{'> ' if block.strong else ''}{_text(block.sentence, words)}"
    if isinstance(block, Bullets):
        return "\n".join(f"- {_text(item, words)}" for item in block.items)
    return _table(block, words)


def _table(table: Table, words: Words) -> str:
    rows = [table.heads, *table.rows]
    lines = [f"| {' | '.join(_text(cell, words) for cell in row)} |" for row in rows]
    return "\n".join([lines[0], "|---" * len(table.heads) + "|", *lines[1:]])


def _text(part: Part, words: Words) -> str:
    return "".join(markdown_text(span) for span in words.spans(part))


def markdown_text(span: Span) -> str:
    """Return a piece of text as Markdown; a command between as many ticks as none of its own has."""
    if not isinstance(span.of, Text):
        return span.text
    shown = line(span.text)
    if not span.of.code:
        return _ACTIVE.sub(r"\\\1", shown)
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    return f"{ticks}{shown.replace('|', chr(92) + '|')}{ticks}"
