"""Writes docs/study_keys.md: every key of a study, with its values, its default and what it means, from the schema.

    python docs/make_reference.py

A test fails where the page is not what this writes.
"""

from __future__ import annotations

import json
import re
import textwrap
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from hwsearch.study import data_section, encode_section
from hwsearch.study.laws import BUDGETS
from hwsearch.study.model import Study
from hwsearch.study.parts_section import Parts
from hwsearch.study.section import Section

PAGE = Path(__file__).with_name("study_keys.md")
_HEAD = """\
# Keys of a study

Made by `python docs/make_reference.py` from the schema that studies are checked by. A key without a default must be
there, one that is not here is refused, with the nearest right word. Shares are fractions or percentages (`0.01` is
`1%`). [Networks](networks.md), [formats of data](formats.md), [splits and encoders](data.md), [tickets](tickets.md) and
[similarity](similarity.md) say more of theirs.
"""
_KEYS = "| key | values | default | what it is |\n|---|---|---|---|\n"
_PLAIN = {int: "whole number", float: "number", str: "text", bool: "true, false", type(None): "null"}


def page() -> str:
    """Return the page."""
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


def _part(title: str, section: type[BaseModel], words: str = "", leave_out: set[str] = frozenset()) -> str:  # type: ignore[assignment]
    """Return the chapter of a section, those of the sections in it included."""
    if "`" not in title and not title.startswith("data"):
        title = f"`{title}`"
    text = f"## {title}\n\n{words or _summary(section)}\n\n{_table(section, leave_out)}"
    for name, field in section.model_fields.items():
        for inner in _sections(field.annotation):
            if name not in leave_out:
                place = f"{title.strip('`')}.{field.alias or name}".replace("data, from idx", "data")
                text += f"\n### `{place.replace('`', '')}`\n\n{_summary(inner)}\n\n{_table(inner)}"
    return text


def _table(section: type[BaseModel], leave_out: set[str] = frozenset()) -> str:  # type: ignore[assignment]
    said = _said(section)
    rows = []
    for name, field in section.model_fields.items():
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
        if not (issubclass(each, Section) and each.__doc__ and "Attributes:" in each.__doc__):
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


def _sections(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the sections in an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
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
        return "keys with values"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
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
    PAGE.write_text(page(), encoding="utf-8")
