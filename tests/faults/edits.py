"""One edit of a document, drawn from the schema that it should keep: a key set, taken away, added, or its text torn."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, get_args

from faults.values import anything, document, texts
from hypothesis import strategies as st
from pydantic import BaseModel

Path = tuple[str | int, ...]


def keys_of(model: type[BaseModel], place: Path = (), depth: int = 0) -> Iterator[Path]:
    """Yield the place of every key that a schema knows, also in the models that a union may be."""
    for name, info in model.model_fields.items():
        at = (*place, info.alias or name)
        yield at
        for inner in models_in(info.annotation) if depth < 4 else ():
            yield from keys_of(inner, at, depth + 1)


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """Return the models that a type names."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in models_in(part)]


def places_in(value: Any, place: Path = ()) -> Iterator[Path]:
    """Yield the place of every key and item of a document."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield (*place, key)
        yield from places_in(part, (*place, key))


@st.composite
def edited(draw: st.DrawFn, base: dict[str, Any], model: type[BaseModel]) -> tuple[str, str]:
    """Return what was done to a document, and its text."""
    how = draw(st.sampled_from(["set", "set", "set", "known", "known", "drop", "add", "torn", "two"]))
    content = copy.deepcopy(base)
    here = sorted(places_in(content), key=str)
    if how == "torn":
        return _torn(draw, document(content))
    for _ in range(2 if how == "two" else 1):
        at = draw(st.sampled_from(sorted(set(keys_of(model)), key=str) if how == "known" else here))
        if how == "drop":
            _take(content, at)
        elif how == "add":
            _put(content, (*at[:-1], draw(texts)), draw(anything))
        else:
            _put(content, at, draw(anything))
    return f"{how} {'.'.join(map(str, at))}"[:80], document(content)


def _torn(draw: st.DrawFn, text: str) -> tuple[str, str]:
    """Return a text with something cut out and something put in."""
    start = draw(st.integers(0, len(text) - 1))
    end = min(len(text), start + draw(st.integers(0, 30)))
    new = draw(
        st.one_of(
            texts, st.sampled_from(["\t", "\n", "{", "}", "[", ": ", "&a ", "*a", "? ", "| ", "%", "#"])
        )
    )
    return f"torn at {start}", text[:start] + new + text[end:]


def _put(content: Any, at: Path, value: Any) -> None:
    """Set a place; what stands in its way becomes a mapping."""
    for key in at[:-1]:
        try:
            inner = content[key]
        except (KeyError, IndexError, TypeError):
            inner = None
        if not isinstance(inner, dict | list):
            inner = {}
            if not _set(content, key, inner):
                return
        content = inner
    _set(content, at[-1], value)


def _set(content: Any, key: str | int, value: Any) -> bool:
    if isinstance(content, list) and not (isinstance(key, int) and key < len(content)):
        content.append(value)
        return False
    content[key] = value
    return True


def _take(content: Any, at: Path) -> None:
    for key in at[:-1]:
        content = content[key]
    del content[at[-1]]
