"""The YAML border: a file in, checked values out, or every fault with its line.

YAML 1.2 (ruamel.yaml), so ``1e-12`` is a number and ``off`` is text; a repeated key is a fault. Not for
writing YAML and not for knowing what any key means: the models passed in say that.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from hwsearch.errors import Fault, InputError, did_you_mean
from hwsearch.study.text_file import read_bounded

Loc = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)

MOST_BYTES = 2**19
"""Bytes of a file; a study or profile has some thousands, and the parser takes a second for each 100,000."""
MOST_ENTRIES = 100_000
"""Keys and items with aliases and merged keys written out: they are written once and may expand many times."""
DEEPEST = 50
"""Levels of keys and lists."""
_LAW, _DEEP = "the file must be YAML 1.2", "values may not nest this deep, nor hold themselves"
_MOST = 2**63
_DIRECTIVE = re.compile(r"%YAML\s+1\.2\s*(#.*)?")


@dataclass(frozen=True)
class YamlDocument:
    """A parsed YAML file that remembers where each key stood.

    Attributes:
        path: The file.
        data: Plain dicts, lists and scalars.
        lines: Line (from 1) of each key or item, by its path of keys.
        repeats: Faults for keys that stand twice.
    """

    path: Path
    data: Any
    lines: Mapping[Loc, int]
    repeats: tuple[Fault, ...] = field(default=())

    def line(self, loc: Loc) -> int | None:
        """Return the line of ``loc``, or of its nearest enclosing key that is in the file."""
        while loc and loc not in self.lines:
            loc = loc[:-1]
        return self.lines.get(loc)

    def fault(self, loc: Loc, law: str, got: str = "", todo: str = "") -> Fault:
        """Return a fault placed at ``loc``."""
        where = ".".join(str(part) for part in loc)
        return Fault(where, law, got, todo, self.path, self.line(loc))


def read_yaml(path: Path) -> YamlDocument:
    """Parse one YAML file.

    Raises:
        InputError: The file cannot be read, is not YAML, or is not a mapping.
    """
    try:
        text = read_bounded(path, MOST_BYTES)
    except OSError as error:
        raise _unread(path, "the file must be readable text", error.strerror or str(error)) from None
    except ValueError as error:
        law = f"the file must be readable text of {MOST_BYTES:,} bytes at most"
        raise _unread(path, law, str(error)) from None
    document = _parsed(path, text)
    return replace(document, data=deepcopy(document.data))


@lru_cache(maxsize=8)  # a command asks for its study and its device's profile time and again
def _parsed(path: Path, text: str) -> YamlDocument:
    """Return what a file of this text holds; it stands for all who read it, so nobody may change it."""
    _check_directives(path, text)
    yaml = YAML(typ="safe", pure=True)
    yaml.allow_duplicate_keys = True
    node = _read(path, partial(yaml.compose, text))
    # before anything is constructed: what expands too far must not be
    lines, repeats = _lines(path, node) if isinstance(node, MappingNode) else ({}, [])
    data = None if node is None else _read(path, partial(yaml.constructor.construct_document, node))
    if not isinstance(node, MappingNode):
        got = "nothing" if data is None else type(data).__name__
        fault = Fault("", "the file must be a mapping of keys to values", got, path=path, line=1)
        raise InputError([fault])
    return YamlDocument(path, data, lines, tuple(repeats))


def _unread(path: Path, law: str, got: str) -> InputError:
    return InputError([Fault("", law, got, path=path)])


def _check_directives(path: Path, text: str) -> None:
    """Refuse every directive but %YAML 1.2: 1.1 reads ``off`` as false, and %TAG gives tags other meanings."""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("%") and not _DIRECTIVE.fullmatch(line):
            what = "YAML 1.1" if re.match(r"%YAML\s+1\.[01]\b", line) else line.split()[0][:20]
            todo = f"remove the {line.split()[0][:20]} line"
            raise InputError([Fault("", _LAW, f"a directive for {what}", todo, path, number)])
        if line.strip() and not line.lstrip().startswith(("#", "%")):
            return


def _lines(path: Path, node: Node) -> tuple[dict[Loc, int], list[Fault]]:
    """Return the line of each key and item, and a fault for each key that stands twice.

    Raises:
        InputError: There are too many, or they nest too deep.
    """
    lines: dict[Loc, int] = {}
    repeats: list[Fault] = []
    for count, (loc, mark, repeated) in enumerate(_places(node, ())):
        if count >= MOST_ENTRIES:
            raise InputError([Fault("", f"the file may hold {MOST_ENTRIES:,} entries at most", path=path)])
        if len(loc) > DEEPEST:
            raise InputError([Fault("", _DEEP, path=path, line=mark)])
        if repeated:
            where = ".".join(str(part) for part in loc)
            got = f"a second {loc[-1]!r}"
            repeats.append(Fault(where, "a key may stand only once", got, "remove one", path, mark))
        else:
            lines[loc] = mark
    return lines, repeats


def _read(path: Path, read: Callable[[], Any]) -> Any:
    """Return what is read of a YAML text: the nodes, which know their lines, or the plain data of these.

    Raises:
        InputError: It is no YAML, or nests too deep.
    """
    try:
        return read()
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        got = ", ".join(str(part) for part in (error.context, error.problem) if part)
        raise InputError([Fault("", _LAW, got, path=path, line=line)]) from None
    # a date or number that Python cannot hold, a tag on what it does not fit
    except (YAMLError, ValueError, TypeError, AttributeError, LookupError, OverflowError) as error:
        raise InputError([Fault("", _LAW, str(error).partition("\n")[0], path=path)]) from None
    except RecursionError:
        raise InputError([Fault("", _DEEP, path=path)]) from None


def _places(node: Node, loc: Loc) -> Iterator[tuple[Loc, int, bool]]:
    """Yield (path of keys, line, whether the key is a repeat) for every key and item below ``node``."""
    if isinstance(node, MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            yield (*loc, name), key.start_mark.line + 1, name in seen
            seen.add(name)
            yield from _places(value, (*loc, name))
    elif isinstance(node, SequenceNode):
        for index, item in enumerate(node.value):
            yield (*loc, index), item.start_mark.line + 1, False
            yield from _places(item, (*loc, index))


def broken(law: str, got: str = "", todo: str = "", at: Loc = ()) -> PydanticCustomError:
    """Return the error that a pydantic validator raises to say more than a ``ValueError`` can.

    Args:
        law: What must hold.
        got: What was found; empty: the validated value.
        todo: What to do about it.
        at: Keys from the validated value down to the culprit.
    """
    return PydanticCustomError("law", "{law}", {"law": law, "got": got, "todo": todo, "at": at})


def all_broken(faults: Iterable[PydanticCustomError]) -> ValidationError:
    """Return the error that a pydantic validator raises to tell several broken laws at once."""
    return ValidationError.from_exception_data(
        "laws", [InitErrorDetails(type=fault, loc=(), input=None) for fault in faults]
    )


def validate(document: YamlDocument, model: type[Model], data: Any, loc: Loc = ()) -> Model | list[Fault]:
    """Check ``data``, found at ``loc`` of the document, against a pydantic model.

    Validation is strict: text is no number, 1 is no boolean, unknown keys are refused.

    Returns:
        The model's value, or every fault found.
    """
    if large := [at for at, value in _numbers(data, loc) if abs(value) >= _MOST]:
        return [document.fault(at, f"a whole number must be below {_MOST:,}", "a larger one") for at in large]
    try:
        text = json.dumps(data, allow_nan=True, default=_plain)
    except (TypeError, ValueError) as error:
        return [document.fault(loc, "only plain YAML values are allowed", str(error))]
    try:
        return model.model_validate_json(text, strict=True)
    except ValidationError as error:
        # a default that hangs on a faulty value is not a fault of its own
        items = [item for item in error.errors() if item["type"] != "default_factory_not_called"]
        return [_fault(document, model, loc, item) for item in items]


def _numbers(data: Any, loc: Loc) -> Iterator[tuple[Loc, int]]:
    """Yield every whole number with its place."""
    if isinstance(data, int):
        yield loc, data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from _numbers(value, (*loc, str(key)))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _numbers(value, (*loc, index))


def check_option(name: str, kind: Any, value: Any) -> Any:
    """Return a command line's option or an argument, checked by the type that a file's key has.

    Raises:
        InputError: The value breaks a law of its type; the fault names the option.
    """
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        raise InputError([Fault(name, *_words(item)) for item in error.errors()]) from None


def _plain(value: Any) -> str:
    """Return a date as the text that it is in YAML 1.2's core schema; refuse what JSON cannot hold."""
    if isinstance(value, datetime.date):
        return value.isoformat()
    raise TypeError(f"a value of type {type(value).__name__}")


def _fault(document: YamlDocument, model: type[BaseModel], loc: Loc, item: ErrorDetails) -> Fault:
    """Turn one pydantic error into a fault, in our words where pydantic's are its own."""
    kind, context = item["type"], item.get("ctx", {})
    missing = kind == "missing"
    at = loc
    for index, part in enumerate((*item["loc"], *context.get("at", ()))):
        # the path may hold tags that pydantic adds for unions and keys: they are not in the file
        if (*at, part) in document.lines or (missing and index == len(item["loc"]) - 1):
            at = (*at, part)
    law, got, todo = _words(item)
    if missing:
        law, todo = "this key is required", "add it"
    elif kind == "extra_forbidden":
        law, todo = (
            "no such key here",
            did_you_mean(str(item["loc"][-1]), _known_keys(model, item["loc"]), "keys"),
        )
    elif kind == "string_type" and isinstance(item["input"], bool | int | float):
        todo = "write it in quotes"
    return document.fault(at, law, got, todo)


def _words(item: ErrorDetails) -> tuple[str, str, str]:
    """Return law, what was found and what to do of one pydantic error."""
    context = item.get("ctx", {})
    law = item["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    got = "" if item["type"] == "missing" else context.get("got") or _short(item["input"])
    return law[0].lower() + law[1:], got, str(context.get("todo", ""))


def _known_keys(model: type[BaseModel], loc: Loc) -> list[str]:
    """Return the keys that are known at the parent of ``loc``, sorted."""
    models = [model]
    for part in loc[:-1]:
        fields = [parent.model_fields[str(part)] for parent in models if str(part) in parent.model_fields]
        if (
            fields
        ):  # otherwise an index, a free key or a union's tag, which may be the name of one of its models
            models = [found for field in fields for found in _models(field.annotation)]
        else:
            models = [parent for parent in models if parent.__name__ == part] or models
    return sorted({info.alias or key for parent in models for key, info in parent.model_fields.items()})


def _models(annotation: Any) -> list[type[BaseModel]]:
    """Return the models named anywhere in a type."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _models(part)]


def _short(value: Any) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 80 else text[:77] + "..."
