"""What a text is made of: sentences with numbers, each of which knows the cells that it stands in. Not for words.

A sentence names its words by a key; the words of each language have a place for each part (``{memory}``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind = Literal["share", "bytes", "energy", "time", "duration", "count", "times", "points", "set_points"]
"""How a number is spelt: 0.972 as 97.2 %, bytes, joules, seconds, a span for people, a count, 9.7, 1.2; 0.25 in full,
as somebody set it."""

How = Literal["value", "quotient", "difference", "saving"]
"""How a number comes from its cells: the first; a / b; a - b; (a - b) / a."""


@dataclass(frozen=True)
class Cell:
    """A number in a file of the run.

    Attributes:
        file: ``front.csv``.
        row: Which row of a table (``trial=17``); empty of a file that is none.
        column: The column; of a file that is no table the keys, dotted (``dense.memory_bytes``).
        value: What stands there, in the quantity's own unit.
    """

    file: str
    row: str
    column: str
    value: float

    @property
    def place(self) -> str:
        """Where it stands: ``front.csv trial=17 memory_bytes``."""
        return " ".join(part for part in (self.file, self.row, self.column) if part)


@dataclass(frozen=True)
class Number:
    """A number of the text.

    Attributes:
        kind: How it is spelt.
        cells: What it comes from.
        how: In which way.
    """

    kind: Kind
    cells: tuple[Cell, ...]
    how: How = "value"

    @property
    def value(self) -> float:
        """The number itself."""
        first = self.cells[0].value
        if self.how == "value":
            return first
        second = self.cells[1].value
        if self.how == "quotient":
            return first / second
        return first - second if self.how == "difference" else (first - second) / first


@dataclass(frozen=True)
class Text:
    """Text that is in no table of words: a name of the run's files, or a command.

    Attributes:
        text: The text; may be anybody's.
        code: Whether it is to be typed.
    """

    text: str
    code: bool = False


@dataclass(frozen=True)
class Sentence:
    """Words of the table, with what stands in their places.

    Attributes:
        key: Of the words.
        parts: By the name of their place.
    """

    key: str
    parts: Mapping[str, Part]


@dataclass(frozen=True)
class Listed:
    """Parts that are joined as a language joins a list."""

    parts: tuple[Part, ...]


Part: TypeAlias = Number | Text | Sentence | Listed


def said(key: str, **parts: Part) -> Sentence:
    """Return a sentence."""
    return Sentence(key, parts)


@dataclass(frozen=True)
class Paragraph:
    """A sentence or two; strong: what must not be missed."""

    sentence: Sentence
    strong: bool = False


@dataclass(frozen=True)
class Heading:
    """The heading of a part of a section."""

    sentence: Sentence


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: tuple[Sentence, ...]


@dataclass(frozen=True)
class Table:
    """A table; the first cell of each row says what the row is."""

    heads: tuple[Sentence, ...]
    rows: tuple[tuple[Part, ...], ...]


Block: TypeAlias = Paragraph | Heading | Bullets | Table


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes:
        name: Its anchor.
        title: Its heading.
        blocks: What it says.
    """

    name: str
    title: Sentence
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    """The whole text."""

    title: Sentence
    sections: tuple[Section, ...]
