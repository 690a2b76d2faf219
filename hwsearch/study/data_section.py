"""The section ``data`` of a study: one of `sources`, known by its source key: ``name``, ``npz``, ``csv``, ``wav``, ...

Not for reading the files (`data.readers`), nor for what only they can tell (whether a column is there).
"""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import Discriminator, Tag, TypeAdapter, WrapValidator

from hwsearch.errors import did_you_mean
from hwsearch.study.parts_section import Parts
from hwsearch.study.sources import (
    CsvData,
    EventsData,
    IdxData,
    IdxFiles,
    ImagesData,
    NamedData,
    NpzData,
    ParquetData,
    PluginData,
    TsvData,
    WavData,
)
from hwsearch.study.yaml_border import broken

__all__ = [
    "FORMATS", "CsvData", "Data", "EventsData", "IdxData", "IdxFiles", "ImagesData", "NamedData", "NpzData",
    "ParquetData", "PluginData", "TsvData", "WavData", "called",
]  # fmt: skip

FORMATS: dict[str, type[Parts]] = {
    "name": NamedData,
    "npz": NpzData,
    "csv": CsvData,
    "tsv": TsvData,
    "parquet": ParquetData,
    "wav": WavData,
    "images": ImagesData,
    "idx": IdxData,
    "events": EventsData,
    "plugin": PluginData,
}
"""The class of each source key."""


def _of_one_source(value: Any, _: Any) -> Any:
    """Read a section by its source key, or refuse it if it has none, or two."""
    if isinstance(value, Parts) or not isinstance(value, dict):
        return _TAGGED.validate_python(value, strict=True)
    given = [key for key in FORMATS if key in value]
    if len(given) == 1:
        # as the study's file itself is read: a list is a tuple, and nothing else is taken for what it is not
        return _TAGGED.validate_json(json.dumps(value), strict=True)
    law = f"the data must come from exactly one of {', '.join(FORMATS)}"
    if given:
        raise broken(law, " and ".join(given), "remove one", at=(given[1],))
    strange = [key for key in value if key not in Parts.model_fields]
    todo = did_you_mean(str(strange[0]), FORMATS, "sources") if strange else "for example name: digits"
    raise broken(law, ", ".join(map(str, value)) or "none of them", todo, at=(strange[0],) if strange else ())


def _format(value: Any) -> str | None:
    """Return the name of the class that a section is of."""
    if isinstance(value, Parts):
        return type(value).__name__
    found = [kind.__name__ for key, kind in FORMATS.items() if isinstance(value, dict) and key in value]
    return found[0] if found else None


def called(data: Parts) -> str:
    """Return what data are called: a shipped set's name, or what their source key says."""
    source = next(getattr(data, key) for key, kind in FORMATS.items() if isinstance(data, kind))
    return source.images if isinstance(source, IdxFiles) else str(source)


_ANY = Annotated[
    Annotated[NamedData, Tag("NamedData")]
    | Annotated[NpzData, Tag("NpzData")]
    | Annotated[CsvData, Tag("CsvData")]
    | Annotated[TsvData, Tag("TsvData")]
    | Annotated[ParquetData, Tag("ParquetData")]
    | Annotated[WavData, Tag("WavData")]
    | Annotated[ImagesData, Tag("ImagesData")]
    | Annotated[IdxData, Tag("IdxData")]
    | Annotated[EventsData, Tag("EventsData")]
    | Annotated[PluginData, Tag("PluginData")],
    Discriminator(
        _format, custom_error_type="law", custom_error_message="data must be a mapping of keys to values"
    ),
]
_TAGGED: TypeAdapter[Parts] = TypeAdapter(_ANY)
Data = Annotated[_ANY, WrapValidator(_of_one_source)]
"""A section ``data`` of any format."""
