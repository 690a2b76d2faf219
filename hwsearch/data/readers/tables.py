"""Tables to samples: each row is one, or windows over the rows of a group.

Not for the files (`table_files`), nor for what values become: they stay as measured.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hwsearch.data.readers.arrays import MOST_BYTES, Places, samples_of
from hwsearch.data.readers.files import every, path_below
from hwsearch.data.readers.npz import parts_of
from hwsearch.data.readers.table_files import Table, plain_text, read_parquet_table, read_text_table
from hwsearch.data.readers.windows import cut, window_labels
from hwsearch.data.samples import Samples
from hwsearch.errors import Fault, InputError, did_you_mean
from hwsearch.study.data_section import CsvData, ParquetData, TsvData
from hwsearch.study.sources import TableData


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows of a table: inputs [n, C], labels, groups, whether they are of the test, and times, [n] each."""

    x: npt.NDArray[np.float32]
    labels: npt.NDArray[np.str_]
    groups: npt.NDArray[np.str_] | None = None
    test: npt.NDArray[np.bool_] | None = None
    time: npt.NDArray[np.float64] | None = None

    def taken(self, order: npt.NDArray[np.int64]) -> _Rows:
        """Return these rows, in this order."""
        return _Rows(*(None if v is None else v[order] for v in vars(self).values()))  # type: ignore[arg-type]


def read_table(data: TableData) -> Samples:
    """Read rows or windows of a table.

    Raises:
        InputError: The file is missing or no table; a column is missing, empty or not of numbers; labels are missing;
            or a group is on both official parts. All faults that can be told.
    """
    key, read = _FORMATS[type(data)]
    path = path_below(data.root, getattr(data, key), f"data.{key}")
    table = read(path, [name for name in (data.label, data.group, data.part, data.time) if name is not None])
    inputs = _columns(data, table)
    rows = _rows(data, table, inputs)
    of = {"y": data.label, "groups": str(data.group), "official_test": str(data.part), "x": ", ".join(inputs)}
    places = Places(of, path)
    if data.window is not None:
        return _windowed(data, rows, inputs, places)
    order = np.arange(len(rows.x)) if rows.time is None else np.argsort(rows.time, kind="stable")
    rows = rows.taken(order)
    return samples_of(
        rows.x,
        rows.labels,
        groups=rows.groups,
        official_test=rows.test,
        channel_names=inputs,
        places=places,
    )


def _columns(data: TableData, table: Table) -> list[str]:
    """Return the names of the inputs, or refuse what the table does not have."""
    names = list(table.frame.columns)
    faults = []
    for key in ("label", "group", "time", "part"):
        name = getattr(data, key)
        if name is not None and name not in names:
            todo = did_you_mean(name, names, "columns")
            faults.append(Fault(f"data.{key}", f"{table.path.name} must have this column", repr(name), todo))
    for i, name in enumerate(data.columns or ()):
        if name not in names:
            todo = did_you_mean(name, names, "columns")
            faults.append(
                Fault(f"data.columns.{i}", f"{table.path.name} must have this column", repr(name), todo)
            )
    used = {data.label, data.group, data.time, data.part}
    inputs = list(data.columns or (name for name in names if name not in used))
    if not inputs:
        faults.append(
            Fault("data.columns", f"{table.path.name} must have a column of inputs", ", ".join(names))
        )
    if faults:
        raise every(faults)
    return inputs


def _rows(data: TableData, table: Table, inputs: list[str]) -> _Rows:
    """Return the values of all columns that are used, or refuse what they hold."""
    if len(table.frame) * len(inputs) * 4 > MOST_BYTES:
        law = f"samples may take {MOST_BYTES >> 30} GiB of memory at most"
        raise InputError([Fault("data.columns", law, f"{len(table.frame)} rows of {len(inputs)}")])
    faults: list[Fault] = []
    x = np.empty((len(table.frame), len(inputs)), np.float32)
    for i, name in enumerate(inputs):
        x[:, i] = _numbers(table, name, faults)
    texts = {key: _texts(table, getattr(data, key), key, faults) for key in ("label", "group", "part")}
    time = None if data.time is None else _times(table, data.time, faults)
    test = None
    if texts["part"] is not None and data.part is not None:
        test, more = parts_of(texts["part"], data.part, table.path)
        faults += more
    if time is not None and data.window is not None:
        faults += _same_times(table, str(data.time), time, texts["group"])
    if faults or texts["label"] is None:
        raise every(faults)
    return _Rows(x, texts["label"], texts["group"], test, time)


def _numbers(table: Table, name: str, faults: list[Fault]) -> npt.NDArray[np.float32]:
    """Return a column of finite numbers."""
    column = table.frame[name]
    numbers = pd.to_numeric(column, errors="coerce")
    with np.errstate(over="ignore"):
        values: npt.NDArray[np.float32] = numbers.to_numpy(dtype=np.float64, na_value=np.nan).astype(
            np.float32
        )
    wrong = np.flatnonzero(~np.isfinite(values))
    if len(wrong):
        first = column.iloc[int(wrong[0])]
        got = f"{'nothing' if pd.isna(first) else repr(str(first))}, one of {len(wrong)} such values"
        todo = "fill in or remove these rows, or name the columns of inputs: columns"
        faults.append(table.fault(name, "values must be finite numbers", got, todo, int(wrong[0])))
        values[wrong] = 0  # only until the fault is raised
    return values


def _texts(table: Table, name: str | None, key: str, faults: list[Fault]) -> npt.NDArray[np.str_] | None:
    """Return a column of text in which nothing is missing; None: there is no such column."""
    if name is None:
        return None
    column = table.frame[name]
    if pd.api.types.is_float_dtype(column) and (column.notna() & (column % 1 != 0)).any():
        row = int(np.flatnonzero(column.notna() & (column % 1 != 0))[0])
        law = f"a {key} must be text or a whole number"
        faults.append(table.fault(name, law, str(column.iloc[row]), "is it the right column?", row))
        return None
    texts = plain_text(column)
    empty = np.flatnonzero(texts == "")
    if len(empty):
        got = f"nothing, in {len(empty)} rows"
        todo = "fill in or remove these rows"
        faults.append(table.fault(name, f"each row must have a {key}", got, todo, int(empty[0])))
    return texts


def _times(table: Table, name: str, faults: list[Fault]) -> npt.NDArray[np.float64]:
    """Return a column of times: numbers, or dates as ISO 8601 has them, in seconds."""
    column = table.frame[name]
    numbers = pd.to_numeric(column, errors="coerce")
    if not pd.api.types.is_datetime64_any_dtype(column) and numbers.notna().any():
        times = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        dates = pd.to_datetime(column, errors="coerce", format="ISO8601", utc=True)
        times = (dates - pd.Timestamp(0, tz="UTC")).dt.total_seconds().to_numpy(dtype=np.float64)
    wrong = np.flatnonzero(~np.isfinite(times))
    if len(wrong):
        law = "times must be numbers, or dates such as 2026-01-31T12:00:00"
        first = column.iloc[int(wrong[0])]
        got = f"{'nothing' if pd.isna(first) else repr(str(first))}, one of {len(wrong)} such values"
        faults.append(table.fault(name, law, got, row=int(wrong[0])))
    return times


def _same_times(
    table: Table, name: str, time: npt.NDArray[np.float64], groups: npt.NDArray[np.str_] | None
) -> list[Fault]:
    """Return a fault if two rows of a group have one time: nobody knows which comes first."""
    keys = pd.DataFrame({"time": time, "group": "" if groups is None else groups})
    again = np.flatnonzero(keys.duplicated())
    if not len(again):
        return []
    law = "two rows of a window's group may not have the same time"
    got = f"{table.frame[name].iloc[int(again[0])]} again, one of {len(again)} such rows"
    todo = "say group, if the table has several recordings, or correct the times"
    return [table.fault(name, law, got, todo, int(again[0]))]


def _windowed(data: TableData, rows: _Rows, inputs: list[str], places: Places) -> Samples:
    """Return windows over the rows of each group, in order of time where there is one."""
    assert data.window is not None
    if rows.time is not None:
        rows = rows.taken(np.argsort(rows.time, kind="stable"))
    recordings, names = _recordings(rows)
    windows = cut(recordings, names, data.window, data.hop or data.window)
    if not len(windows.rows):
        got = "; ".join(windows.skipped[:3])
        raise InputError([Fault("data.window", "a window must fit into a recording", got, "lower window")])
    size = windows.rows.size * len(inputs) * 4
    if size > MOST_BYTES:
        law = f"samples may take {MOST_BYTES >> 30} GiB of memory at most"
        raise InputError([Fault("data.hop", law, f"{size / 2**30:.1f} GiB", "raise hop, or lower window")])
    last = windows.rows[:, -1]
    if rows.time is not None:
        order = np.argsort(rows.time[last], kind="stable")
        windows = replace(windows, rows=windows.rows[order], spans=windows.spans[order])
        last = last[order]
    classes, numbers = np.unique(rows.labels, return_inverse=True)
    x = rows.x[windows.rows]
    samples = samples_of(
        x.transpose(0, 2, 1) if data.layout == "image" else x,
        classes[window_labels(numbers[windows.rows], data.labels)],
        axes="NCL" if data.layout == "image" else "NTC",
        groups=None if rows.groups is None else rows.groups[last],
        official_test=None if rows.test is None else rows.test[last],
        channel_names=inputs,
        places=places,
    )
    return replace(samples, spans=windows.spans, skipped=windows.skipped)


def _recordings(rows: _Rows) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Return the number of each row's recording, and their names: a group, as far as it lies in one official part."""
    names, numbers = ["the table"], np.zeros(len(rows.x), np.int64)
    if rows.groups is not None:
        groups, numbers = np.unique(rows.groups, return_inverse=True)
        names = [f"group {name}" for name in groups]
    if rows.test is not None:
        numbers = 2 * numbers + rows.test
        names = [f"{name}, {part} part" for name in names for part in ("train", "test")]
        present, numbers = np.unique(numbers, return_inverse=True)
        names = [names[i] for i in present]
    return numbers.astype(np.int64), names


_FORMATS: dict[type[TableData], tuple[str, Callable[..., Any]]] = {
    CsvData: ("csv", lambda path, texts: read_text_table(path, ",", texts)),
    TsvData: ("tsv", lambda path, texts: read_text_table(path, "\t", texts)),
    ParquetData: ("parquet", lambda path, texts: read_parquet_table(path)),
}
