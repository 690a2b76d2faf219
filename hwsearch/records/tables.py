"""Tables of a run as CSV: text rows for typed readers, pandas frames for users.

What an empty cell means, and which columns are counts, is settled here. Not for which columns a table has.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError

from hwsearch.errors import RecordError
from hwsearch.records.files import damaged, first_fault, write_text

Cell = str | int | float | bool | None

_COUNTS = (
    "twin_of", "began", "accumulator_bits", "membrane_bits",
    "weights_zeroed", "biases_clipped", "thresholds_clipped",
)  # fmt: skip
# from pandas 3 on this is how numbers are read anyway, and asking for it is deprecated
_TO_THE_LAST_DIGIT: dict[str, Any] = (
    {} if int(pd.__version__.split(".")[0]) >= 3 else {"float_precision": "round_trip"}
)
_DIGESTS = ("digest", "network_digest")


class Row(BaseModel):
    """A row of a table, or of a summary; None where something is not known."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="ignore")

    def columns(self) -> dict[str, Cell]:
        """Return what the row says, by column, in the order of its table."""
        return {
            name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set
        }

    def cell(self, name: str) -> Cell:
        """Return what stands in a column; None where there is none."""
        value: Cell = getattr(self, name) if name in type(self).model_fields else None
        return value

    def number(self, name: str) -> float | None:
        """Return a column's number; None where it is missing, text, or not finite."""
        value = self.cell(name)
        if value is None or isinstance(value, str) or not math.isfinite(value):
            return None
        return float(value)


AnyRow = TypeVar("AnyRow", bound=Row)


class _Lines:
    """A file of lines: each that is written is added to a list."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    def write(self, line: str) -> None:
        self._lines.append(line)


def plain_cells(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a row of a frame as plain values by column, without what is not known."""
    known = {str(name): value for name, value in row.items() if not pd.isna(value)}
    return {name: value.item() if hasattr(value, "item") else value for name, value in known.items()}


def write_table(path: Path, header: Iterable[str], rows: Iterable[Iterable[Cell]]) -> None:
    """Write a table in one step; an unknown is an empty cell."""
    write_text(path, "".join(table_lines([header, *rows])))


def table_lines(rows: Iterable[Iterable[Cell]]) -> list[str]:
    """Return the lines of a table, each with its end."""
    lines: list[str] = []
    csv.writer(_Lines(lines), lineterminator="\n").writerows(rows)
    return lines


def read_rows(path: Path, row_type: type[AnyRow], needed: Sequence[str]) -> list[AnyRow]:
    """Return the rows of a table; what is empty has its default.

    Raises:
        RecordError: The file is missing or damaged, lacks a needed column, or a cell is not what its column holds.
    """
    rows = []
    for number, cells in enumerate(_text_rows(path, needed), start=1):
        try:
            rows.append(row_type.model_validate({name: text for name, text in cells.items() if text}))
        except ValidationError as error:
            law = f"each cell of row {number} must be what its column holds"
            raise RecordError(damaged(path, law, first_fault(error))) from None
    return rows


def _text_rows(path: Path, needed: Sequence[str]) -> Iterator[dict[str, str]]:
    """Yield the cells of each row by column."""
    try:
        table = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline=""), strict=True)
        _check_columns(path, table.fieldnames or (), needed)
        yield from table
    except FileNotFoundError:
        raise RecordError(_missing(path)) from None
    except (OSError, ValueError, csv.Error) as error:
        raise RecordError(_unreadable(path, error)) from None


def read_frame(path: Path, needed: Sequence[str]) -> pd.DataFrame:
    """Return a table as a frame.

    Args:
        path: The file.
        needed: Columns that it must have.

    Raises:
        RecordError: The file is missing or damaged.
    """
    try:
        # a digest may be all digits
        frame = whole_numbers(pd.read_csv(path, dtype=dict.fromkeys(_DIGESTS, str), **_TO_THE_LAST_DIGIT))
    except FileNotFoundError:
        raise RecordError(_missing(path)) from None
    except (OSError, ValueError, TypeError) as error:
        raise RecordError(_unreadable(path, error)) from None
    _check_columns(path, frame.columns, needed)
    return frame


def whole_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """Give counts with gaps a whole-number type, so that 12 is written 12 and an unknown stays empty."""
    for name in frame.columns:
        if name in _COUNTS or name.removesuffix("_predicted").endswith("_bytes"):
            frame[name] = frame[name].astype("Int64")
    return frame


def _check_columns(path: Path, found: Iterable[str], needed: Sequence[str]) -> None:
    """Refuse a table that lacks a column.

    Raises:
        RecordError: One is missing.
    """
    present = set(found)
    missing = [name for name in needed if name not in present]
    if missing:
        law = f"a run's table must have the columns {', '.join(needed)}"
        raise RecordError(damaged(path, law, f"none of {', '.join(missing)}"))


def _missing(path: Path) -> str:
    return damaged(path, "a run's folder must have this table", "no such file")


def _unreadable(path: Path, error: Exception) -> str:
    return damaged(path, "a run's table must be as it was written", str(error).strip())
