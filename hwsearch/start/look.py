"""A look into somebody's data: of what format they are, what is in them, and what may be the label.

Guesses by names, to be confirmed by whoever asked. Not for reading samples, nor for their laws (`data.readers`).
"""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from hwsearch.errors import Fault, InputError

TABLES = {".csv": "csv", ".tsv": "tsv", ".parquet": "parquet"}
_RECORDS = {
    ".wav": "wav", ".png": "images", ".jpg": "images", ".jpeg": "images", ".bmp": "images",
    ".bin": "events", ".aedat": "events", ".aedat4": "events", ".h5": "events", ".hdf5": "events",
}  # fmt: skip
_LEAST_WINDOW, _MOST_WINDOW = 4, 64
_EVENT_FORMATS = {".bin": "nmnist", ".aedat": "aedat", ".aedat4": "aedat", ".h5": "shd", ".hdf5": "shd"}
_MEANT = {
    "label": (
        "label",
        "labels",
        "y",
        "class",
        "state",
        "target",
        "condition",
        "fault",
        "activity",
        "category",
    ),
    "group": (
        "group",
        "groups",
        "run",
        "machine",
        "unit",
        "subject",
        "speaker",
        "session",
        "recording",
        "cycle",
    ),
    "time": ("time", "timestamp", "datetime", "date", "t", "seconds"),
    "part": ("part", "split"),
    "x": ("x", "data", "samples", "inputs", "features"),
}
"""Names that people give, by what is mostly meant with them."""


@dataclass(frozen=True)
class Found:
    """What a look into data found.

    Attributes:
        source: The source key of a study's section: ``csv``, ``npz``, ``wav``, ...
        fields: Columns or arrays by name, in the order of the file, with what they hold, in words.
        guesses: Which of them may be ``label``, ``group``, ``time``, ``part`` or ``x``.
        numbers: Of a table, the columns of numbers.
        rows: Of a table.
        sizes: Of a table, how many rows a value of a column has in the median, by the column.
        format: Of event files.
        folders: Whether records lie in folders, which then may be their classes.
    """

    source: str
    fields: Mapping[str, str] = field(default_factory=dict)
    guesses: Mapping[str, str] = field(default_factory=dict)
    numbers: tuple[str, ...] = ()
    rows: int | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)
    format: str | None = None
    folders: bool = False


def look(path: Path, where: str = "--data") -> Found:
    """Look into a file, a zip or a folder.

    Raises:
        InputError: There is none, or it holds nothing that is known.
    """
    if not path.exists():
        raise InputError([Fault(where, "the data must exist", f"no file {str(path)!r}", "correct the path")])
    if path.suffix in TABLES:
        return _table(path, where)
    if path.suffix == ".npz":
        return _arrays(path, where)
    if path.is_dir():
        names: Iterable[PurePosixPath] = (
            PurePosixPath(p.relative_to(path).as_posix()) for p in path.rglob("*") if p.is_file()
        )
        return _records(names, path, where)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return _records(map(PurePosixPath, archive.namelist()), path, where)
    if path.suffix in (".h5", ".hdf5"):
        return Found("events", format="shd")
    law = "the data must be csv, tsv, parquet or npz, or a folder or zip of wav, images or events"
    raise InputError([Fault(where, law, str(path), "docs/data.md has all formats")])


def _table(path: Path, where: str) -> Found:
    """Look at the columns of a table."""
    source = TABLES[path.suffix]
    try:
        if source == "parquet":
            frame = pd.read_parquet(path)
        else:
            frame = pd.read_csv(path, sep="," if source == "csv" else "\t")
    except (OSError, ValueError, ImportError) as error:
        law = f"the file must be a {source} table with a head of column names"
        raise InputError([Fault(where, law, str(error).splitlines()[0], path=path)]) from None
    fields = {str(name): _column(frame[name]) for name in frame.columns}
    counts = {str(name): frame[name].value_counts() for name in frame.columns}
    sizes = {name: int(count.median()) for name, count in counts.items() if len(count)}
    numbers = tuple(str(name) for name, values in frame.items() if _is_number(values))
    return Found(source, fields, _guessed(fields), numbers, rows=len(frame), sizes=sizes)


def inputs_of(found: Found, uses: Mapping[str, str]) -> tuple[str, ...] | None:
    """Return the columns of a table that are inputs; None: all that have no other use, as a study takes them.

    Text is no input, nor is what is called as a label, a group or a time is, though it is not used as one.
    """
    others = [name for name in found.fields if name not in uses.values()]
    inputs = [name for name in others if name in found.numbers and name not in found.guesses.values()]
    return None if inputs == others else tuple(inputs)


def window_for(found: Found, uses: Mapping[str, str]) -> int:
    """Return the rows of a sample of a table: 1 where nothing says that rows hang together.

    A power of two, so that a group holds eight windows and more, and 64 at most.
    """
    if "group" not in uses and "time" not in uses:
        return 1
    together = found.sizes.get(uses["group"], 1) if "group" in uses else found.rows or 1
    if together < 8 * _LEAST_WINDOW:
        return 1
    return min(_MOST_WINDOW, 1 << (together // 8).bit_length() - 1)


def _is_number(values: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(values)) and bool(values.notna().any())


def _column(values: pd.Series) -> str:
    """Say what a column holds."""
    n, numbers = int(values.nunique()), _is_number(values)
    if n == 0:
        return "nothing"
    if n <= 20 and (n < len(values) / 2 or not numbers):
        kinds = ", ".join(str(value) for value in sorted(values.dropna().unique(), key=str)[:6])
        return f"{n} values: {kinds}{', ...' if n > 6 else ''}"
    if numbers:
        return f"numbers {values.min():.6g} .. {values.max():.6g}"
    return f"{n} texts"


def _arrays(path: Path, where: str) -> Found:
    """Look at the arrays of an npz file."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            fields = {}
            for name in file.files:
                array = file[name]
                fields[name] = f"{array.dtype}, shape {tuple(array.shape)}"
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        law = "the file must be an npz of arrays without Python objects"
        raise InputError([Fault(where, law, str(error).splitlines()[0], path=path)]) from None
    return Found("npz", fields, _guessed(fields))


def _guessed(fields: Iterable[str]) -> dict[str, str]:
    """Return which name may be what, by what people call it."""
    by_name = {name.lower(): name for name in reversed(list(fields))}
    found: dict[str, str] = {}
    for use, names in _MEANT.items():
        known = [by_name[name] for name in names if name in by_name and by_name[name] not in found.values()]
        if known:
            found[use] = known[0]
    return found


def _records(names: Iterable[PurePosixPath], path: Path, where: str) -> Found:
    """Look at the files of a folder or zip: the most frequent ending that is known."""
    known = [name for name in names if name.suffix.lower() in _RECORDS]
    if not known:
        law = "the folder or zip must hold wav files, images or recordings of events"
        raise InputError([Fault(where, law, str(path), "docs/data.md has all formats")])
    ((ending, _),) = Counter(name.suffix.lower() for name in known).most_common(1)
    folders = all(len(name.parts) > 1 for name in known)
    return Found(_RECORDS[ending], format=_EVENT_FORMATS.get(ending), folders=folders)
