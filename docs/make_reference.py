"""Writes docs/study_keys.md and docs/summary_keys.md: every key, its values, its default and what it means.

    python docs/make_reference.py

Both come from the schemas that the files are read by. A test fails where a page is not what this writes.
"""

from __future__ import annotations

import dataclasses
import json
import re
import textwrap
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from hwsearch.records.front import DenseRow, FrontRow, NetworkRow
from hwsearch.records.rival import RivalRow
from hwsearch.records.summary import SUMMARY_FORMAT, Summary
from hwsearch.study import data_section, encode_section
from hwsearch.study.laws import BUDGETS
from hwsearch.study.model import Study
from hwsearch.study.parts_section import Parts

STUDY_PAGE = Path(__file__).with_name("study_keys.md")
SUMMARY_PAGE = Path(__file__).with_name("summary_keys.md")
_HEAD = """\
# Keys of a study

Made by `python docs/make_reference.py` from the schema that studies are checked by. A key without a default must be
there, one that is not here is refused, with the nearest right word. Shares are fractions or percentages (`0.01` is
`1%`). [Networks](networks.md), [formats of data](formats.md), [splits and encoders](data.md), [tickets](tickets.md) and
[similarity](similarity.md) say more of theirs.
"""
_SUMMARY_HEAD = f"""\
# Keys of `summary.json`

Made by `python docs/make_reference.py` from the schema that every reader of the file shares; in Python
`Result.summary` is the same, as plain values. This is format {SUMMARY_FORMAT}. A key that is *always* there has
no default; the others a run of an earlier version may lack, which is then read as if it said what stands under
"absent". `null` is what is not known; it never means 0. Accuracies, scores and shares lie in 0 .. 1, sizes are
bytes, energies joules of one inference, times seconds. What rows of tables hold (`dense`, `references`, `pick`)
is among [the columns](columns.md). When a format rises is said in [formats and
deprecation](../CONTRIBUTING.md#formats-and-deprecation).
"""
_ROWS = {
    DenseRow: "the columns of `front.csv` that a dense network has",
    FrontRow: "a row of `front.csv`",
    RivalRow: "a row of `rival.csv`",
}
_KEYS = "| key | values | default | what it is |\n|---|---|---|---|\n"
_PLAIN = {int: "whole number", float: "number", str: "text", bool: "true, false", type(None): "null"}


def study_page() -> str:
    """Return the page of a study's keys."""
    parts = [_HEAD, "## The study\n\n" + _table(Study)]
    for name, field in Study.model_fields.items():
        for section in _sections(field.annotation):
            if name != "data":
                parts.append(_part(name, section))
    parts.append(
        f"Budgets: {_listed(BUDGETS)}, and `<bank>_bytes` of the device's memory banks. A number in bytes, joules or "
        "seconds, or one with its unit.\n"
    )
    parts.append(_part("data", Parts, "Keys of all data, wherever they come from."))
    for key, source in data_section.FORMATS.items():
        parts.append(_part(f"data, from `{key}`", source, leave_out=set(Parts.model_fields)))
    parts.append(_part("data.encode", encode_section.Encode))
    return "\n".join(parts)


def summary_page() -> str:
    """Return the page of summary.json's keys."""
    parts = [_SUMMARY_HEAD, "## The file\n\n" + _table(Summary)]
    parts += [
        _part(name, section)
        for name, field in _fields(Summary).items()
        for section in dict.fromkeys(_sections(field.annotation))
    ]
    page = "\n".join(parts)
    for of_studies, here in (("default", "absent"), ("**needed**", "*always*"), ("its own", "all absent")):
        page = page.replace(f"| {of_studies} |", f"| {here} |")
    return page


def _part(title: str, section: type[BaseModel], words: str = "", leave_out: set[str] = frozenset()) -> str:  # type: ignore[assignment]
    """Return the chapter of a section, those of the sections in it included."""
    if "`" not in title and not title.startswith("data"):
        title = f"`{title}`"
    text = f"## {title}\n\n{words or _summary(section)}\n\n{_table(section, leave_out)}"
    for name, field in _fields(section).items():
        for inner in _sections(field.annotation):
            if name not in leave_out:
                place = f"{title.strip('`')}.{field.alias or name}".replace("data, from idx", "data")
                text += f"\n### `{place.replace('`', '')}`\n\n{_summary(inner)}\n\n{_table(inner)}"
    return text


def _table(section: type[BaseModel], leave_out: set[str] = frozenset()) -> str:  # type: ignore[assignment]
    said = _said(section)
    rows = []
    for name, field in _fields(section).items():
        if name in leave_out:
            continue
        words = said.get(name) or _summary(next(_sections(field.annotation), None))
        rows.append(
            f"| `{field.alias or name}` | {_values(field.annotation)} | {_default(field)} | {words} |"
        )
    return _KEYS + "\n".join(rows) + "\n"


def _said(section: type[BaseModel]) -> dict[str, str]:
    """Return what the docstrings of a class and of those above it say of each attribute."""
    said: dict[str, str] = {}
    for each in reversed(section.__mro__):
        if each is BaseModel or "Attributes:\n" not in (each.__doc__ or ""):
            continue
        body = textwrap.dedent(each.__doc__.split("Attributes:\n")[1])
        body = textwrap.dedent(body.split("\n\n")[0])
        for entry in re.split(r"\n(?! )", body.strip("\n")):
            names, _, words = entry.partition(": ")
            for name in names.split(", "):
                said[name] = _cell(" ".join(words.split()))
    return said


def _summary(section: type[BaseModel] | None) -> str:
    return _cell((section.__doc__ or "").split("\n\n")[0]) if section is not None else ""


def _cell(text: str) -> str:
    """Return text as a cell of a table: code in one kind of quotes."""
    return re.sub(r"\bNone\b", "`null`", text.replace("``", "`").replace("|", "\\|"))


def _fields(section: type) -> dict[str, FieldInfo]:
    """Return the keys of a section, which may be a dataclass."""
    if issubclass(section, BaseModel):
        return section.model_fields
    hints = get_type_hints(section)
    return {each.name: FieldInfo.from_annotation(hints[each.name]) for each in dataclasses.fields(section)}


def _is_section(annotation: Any) -> bool:
    """Return whether a value is made of keys that are told here; those of rows of tables are told elsewhere."""
    if not isinstance(annotation, type) or issubclass(annotation, NetworkRow):
        return False
    return issubclass(annotation, BaseModel) or dataclasses.is_dataclass(annotation)


def _sections(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the sections in an annotation."""
    if _is_section(annotation):
        yield annotation
    for inner in get_args(annotation) if get_origin(annotation) is not Literal else ():
        yield from _sections(inner)


def _values(annotation: Any) -> str:
    """Return what a key may be, in words."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _values(inner[0])
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in inner)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(map(_values, inner)))
    if origin is tuple:
        each = [_values(item) for item in inner if item is not Ellipsis]
        return f"a list of {each[0]}" if Ellipsis in inner else f"[{', '.join(each)}]"
    if origin is dict:
        return f"{_values(inner[1])} by key" if inner[1] in _PLAIN else "keys with values"
    if annotation in _ROWS:
        return _ROWS[annotation]
    if _is_section(annotation):
        return "a section"
    return _PLAIN.get(annotation, "text")


def _default(field: FieldInfo) -> str:
    """Return a key's default."""
    if field.is_required():
        return "**needed**"
    default = field.get_default(call_default_factory=True, validated_data={})
    return "its own" if isinstance(default, BaseModel) else _literal(default)


def _literal(value: Any) -> str:
    if isinstance(value, dict):
        return "none"
    if isinstance(value, tuple):
        return "`[" + ", ".join(map(str, value)) + "]`"
    if value is None or isinstance(value, bool):
        return f"`{json.dumps(value)}`"
    return f"`{value}`" if value != "" else "empty"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    STUDY_PAGE.write_text(study_page(), encoding="utf-8")
    SUMMARY_PAGE.write_text(summary_page(), encoding="utf-8")
