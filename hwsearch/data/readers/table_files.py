"""Files of tables to frames of pandas: csv, tsv, Parquet. Names are unique, rows are of one length, lines are known.

Not for what columns mean (`tables`).
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hwsearch.data.readers.files import every, kind_of_bytes
from hwsearch.errors import Fault, InputError

_MOST_BYTES = 2 << 30
_MOST_COLUMNS = 10_000


@dataclass(frozen=True, eq=False)
class Table:
    """A table and where it stands.

    Attributes:
        frame: Its rows.
        path: The file.
        lines: Line of each row; None: the file has no lines.
    """

    frame: pd.DataFrame
    path: Path
    lines: npt.NDArray[np.int64] | None

    def fault(self, column: str, law: str, got: str = "", todo: str = "", row: int | None = None) -> Fault:
        """Return a fault of a column, at a row."""
        line = None if row is None or self.lines is None else int(self.lines[row])
        if row is not None and self.lines is None:
            got = f"{got} in row {row}"
        return Fault(column, law, got, todo, self.path, line)


def read_text_table(path: Path, separator: str, as_text: Collection[str]) -> Table:
    """Read a csv or tsv with a header.

    Args:
        path: The file.
        separator: Between values.
        as_text: Columns that stay text as it is written.

    Raises:
        InputError: It is no such file: not text, no header, equal names, rows of other lengths, no rows.
    """
    _check_kind(path, {"gzip", "a zip", "HDF5", "Parquet", "a pickle"})
    names, lines = _shape(path, separator)
    frame = pd.read_csv(
        path,
        sep=separator,
        encoding="utf-8-sig",
        header=0,
        names=names,
        index_col=False,
        dtype={name: str for name in as_text if name in names},
        keep_default_na=False,
        na_values=[""],
        low_memory=False,
    )
    return Table(frame, path, lines)


def read_parquet_table(path: Path) -> Table:
    """Read a table in Parquet's format.

    Raises:
        InputError: pyarrow is not installed, or it is no such file.
    """
    try:
        import pyarrow.parquet as parquet
    except ModuleNotFoundError:
        law = "reading Parquet needs pyarrow"
        todo = "pip install 'hwsearch[parquet]', or save the table as csv"
        raise InputError([Fault("data.parquet", law, "it is not installed", todo)]) from None
    _check_kind(path, {"gzip", "a zip", "HDF5", "a pickle"})
    try:
        with parquet.ParquetFile(path) as file:
            size = sum(
                file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups)
            )
            if size > _MOST_BYTES:
                raise InputError([_too_large(path, size)])
            frame = file.read().to_pandas(ignore_metadata=True)
    except (OSError, ValueError) as error:
        law = "the file must be a Parquet file"
        raise InputError([Fault("", law, str(error).partition("\n")[0], "save it anew", path)]) from None
    frame.columns = [str(name) for name in frame.columns]
    repeated = _repeated(list(frame.columns), path)
    if repeated:
        raise every(repeated)
    if not len(frame):
        raise InputError([Fault("", "a table must have rows", "none", path=path)])
    return Table(frame, path, None)


def _check_kind(path: Path, others: Collection[str]) -> None:
    """Refuse what is of another format, whatever its name says, and what is too large."""
    try:
        with path.open("rb") as stream:
            kind = kind_of_bytes(stream.read(512))
        size = path.stat().st_size
    except OSError as error:
        raise InputError([Fault("", "the file must be readable", error.strerror or "", path=path)]) from None
    if kind in others or kind.startswith(("an empty", "a web page")):
        raise InputError(
            [Fault("", f"the file must be a {path.suffix[1:] or 'table'}", kind, "save it anew", path)]
        )
    if size > _MOST_BYTES:
        raise InputError([_too_large(path, size)])


def _too_large(path: Path, size: int) -> Fault:
    law = f"a table may have {_MOST_BYTES >> 30} GiB at most"
    return Fault("", law, f"{size / 2**30:.1f} GiB", "leave out columns, or take fewer rows", path)


def _shape(path: Path, separator: str) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Return the names of the columns, and the line of each row, or what is wrong with either."""
    faults: list[Fault] = []
    lines: list[int] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, delimiter=separator, strict=True)
            names = next(reader, [])
            faults += _header_faults(names, separator, path)
            for values in reader:
                if len(values) == len(names):
                    lines.append(reader.line_num)
                elif values:
                    law = f"a row must have {len(names)} values, as the header has"
                    faults.append(Fault("", law, str(len(values)), "", path, reader.line_num))
    except UnicodeDecodeError as error:
        got = f"byte {error.object[error.start]:#04x}"
        raise InputError(
            [Fault("", "the file must be text in UTF-8", got, "save it as UTF-8", path)]
        ) from None
    except csv.Error as error:
        raise InputError(
            [Fault("", "the file must be a table", str(error), "", path, reader.line_num)]
        ) from None
    if not faults and not lines:
        faults.append(Fault("", "a table must have rows below its header", "none", path=path))
    if faults:
        raise every(faults)
    return names, np.array(lines, np.int64)


def _header_faults(names: list[str], separator: str, path: Path) -> list[Fault]:
    other = [mark for mark in ",;\t|" if mark != separator and names and mark in names[0]]
    if len(names) < 2:
        law = f"the header must name columns, separated by {_words(separator)}"
        todo = f"its values seem to be separated by {_words(other[0])}" if other else "add a header"
        return [Fault("", law, repr(",".join(names))[:80], todo, path, 1)]
    if len(names) > _MOST_COLUMNS:
        return [Fault("", f"a table may have {_MOST_COLUMNS} columns", str(len(names)), "", path, 1)]
    faults = [
        Fault("", "a column must have a name", f"an empty one, number {i + 1}", "name it", path, 1)
        for i, name in enumerate(names)
        if not name.strip()
    ]
    return faults + _repeated([name for name in names if name.strip()], path, 1)


def _repeated(names: list[str], path: Path, line: int | None = None) -> list[Fault]:
    law = "a column's name may stand only once"
    twice = [name for name, count in Counter(names).items() if count > 1]
    return [Fault("", law, repr(name), "rename one", path, line) for name in twice]


def _words(separator: str) -> str:
    return {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}[separator]


def plain_text(column: Any) -> npt.NDArray[np.str_]:
    """Return a column's values as text; whole numbers without a point, what is missing as empty text."""
    if pd.api.types.is_float_dtype(column) and (column.isna() | (column % 1 == 0)).all():
        column = column.astype("Int64")
    values = column.astype(object).where(column.notna(), "")
    return np.array([str(value).strip() for value in values], dtype=np.str_)
