"""The words of a language, and how it spells numbers. Not for what is said (`compose`)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from hwsearch.errors import Fault, InputError
from hwsearch.report.first_page.parts import Listed, Number, Part, Sentence, Text
from hwsearch.report.quantities import count, duration, percent, plain, spell

Language = Literal["en", "ja"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

_SPACE = "\N{NO-BREAK SPACE}"
_PLACE = re.compile(r"\{(\w+)\}")
_SPANS_JA = {" s": "秒", " min": "分", " h": "時間"}


@dataclass(frozen=True)
class Span:
    """A piece of text, and what it was made of; None: words of the table."""

    text: str
    of: Number | Text | None = None


@dataclass(frozen=True)
class Words:
    """A language.

    Attributes:
        language: ``en`` or ``ja``.
        phrases: Words by their key (``saved.title``).
    """

    language: Language
    phrases: Mapping[str, str]

    def spans(self, part: Part) -> list[Span]:
        """Return a part in this language, piece by piece.

        Raises:
            KeyError: The table lacks words, or a sentence lacks what they have a place for.
        """
        return list(self._spans(part))

    def _spans(self, part: Part) -> Iterator[Span]:
        if isinstance(part, Text):
            yield Span(part.text, part)
        elif isinstance(part, Number):
            yield Span(spelt(part, self.language), part)
        elif isinstance(part, Listed):
            yield from self._listed(part)
        else:
            yield from self._said(part)

    def _said(self, sentence: Sentence) -> Iterator[Span]:
        for place, piece in enumerate(_PLACE.split(self.phrases[sentence.key])):
            if place % 2:
                yield from self._spans(sentence.parts[piece])
            elif piece:
                yield Span(piece)

    def _listed(self, listed: Listed) -> Iterator[Span]:
        for place, part in enumerate(listed.parts):
            if place:
                last = place == len(listed.parts) - 1
                yield Span(self.phrases["list.last" if last else "list.between"])
            yield from self._spans(part)


@cache
def words_of(language: Language) -> Words:
    """Return the words of a language."""
    table = Path(__file__).with_name(f"words.{language}.toml").read_text(encoding="utf-8")
    return Words(language, dict(_flat(tomllib.loads(table))))


def checked_language(text: str) -> Language:
    """Return a language by its code.

    Raises:
        InputError: There is no table of its words.
    """
    for language in LANGUAGES:
        if text == language:
            return language
    raise InputError([Fault("--lang", f"a language must be {' or '.join(LANGUAGES)}", text)])


def spelt(number: Number, language: Language) -> str:
    """Return a number with its unit as people of a language read it: ``97.2 %``, ``1.9 KiB``; in Japanese ``97.2%``."""
    value, kind = number.value, number.kind
    if kind == "duration":
        return _duration(value, language)
    if kind == "count":
        return _count(value, language)
    if kind == "times":
        return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1.1 else f"{value:.2f}"
    if kind == "points":
        return f"{100 * value:.1f}"
    if kind == "set_points":
        return f"{100 * value:.6g}"
    if kind == "share":
        text = percent(value)
        return text.replace(" ", "") if language == "ja" else text.replace(" ", _SPACE)
    return spell({"bytes": "_bytes", "energy": "_j", "time": "_s"}[kind], value).replace(" ", _SPACE)


def _count(value: float, language: Language) -> str:
    """Return a count; Japanese has words for ten thousands and for hundred millions."""
    if abs(value) < 999_500 or language == "en":
        return count(value).replace(" ", _SPACE)
    size, word = (1e8, "億") if abs(value) >= 1e8 else (1e4, "万")
    return f"{plain(value / size)}{word}"


def _duration(seconds: float, language: Language) -> str:
    text = duration(seconds)
    if language == "en":
        return text.replace(" ", _SPACE)
    unit = next(unit for unit in _SPANS_JA if text.endswith(unit))
    return text.removesuffix(unit) + _SPANS_JA[unit]


def _flat(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Yield the leaves of nested tables by dotted keys."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", str(value)
