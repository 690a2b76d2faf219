"""Tables by hand: rows and windows, order, parts; and what breaks a law is named with its line."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hwsearch.data.readers.tables import read_table
from hwsearch.data.samples import Samples
from hwsearch.errors import InputError
from hwsearch.study.data_section import CsvData, ParquetData, TsvData

# two runs of six rows each, interleaved, in no order of time
ROWS = [
    (run, t, state)
    for t in (5, 0, 3, 1, 4, 2)
    for run, state in (("b", "ok"), ("a", "worn" if t > 2 else "ok"))
]
TEXT = "run,t,p1,p2,state\n" + "".join(f"{run},{t},{t}.5,{10 * t},{state}\n" for run, t, state in ROWS)


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Tables by hand are short: classes may have one sample."""
    if "refused" not in request.node.name:
        monkeypatch.setattr("hwsearch.data.readers.arrays._scarce", lambda *_: [])


def read(folder: Path, text: str = TEXT, **keys: Any) -> Samples:
    (folder / "t.csv").write_text(text, encoding="utf-8")
    return read_table(CsvData(csv="t.csv", root=str(folder), **({"label": "state"} | keys)))


def test_rows_without_a_window(tmp_path: Path) -> None:
    samples = read(tmp_path, columns=("p2", "p1"), group="run")
    assert samples.x.shape == (12, 2, 1, 1)
    assert samples.x.dtype == np.float32
    assert samples.input_max is None
    assert samples.x[:3, :, 0, 0].tolist() == [[50, 5.5], [50, 5.5], [0, 0.5]]
    assert samples.class_names == ("ok", "worn")
    assert samples.groups is not None
    assert samples.groups.tolist() == [1, 0] * 6
    assert (samples.group_names, samples.channel_names) == (("a", "b"), ("p2", "p1"))
    ordered = read(tmp_path, columns=("p1",), time="t")
    assert ordered.x.ravel().tolist() == [t + 0.5 for t in range(6) for _ in range(2)]


def test_windows_stay_in_their_group_and_are_in_order_of_time(tmp_path: Path) -> None:
    samples = read(tmp_path, group="run", time="t", window=3, hop=2, labels="majority")
    assert samples.x.shape == (4, 3, 2, 1, 1)
    assert samples.x[:, :, 0, 0, 0].tolist() == [
        [0.5, 1.5, 2.5],
        [0.5, 1.5, 2.5],
        [2.5, 3.5, 4.5],
        [2.5, 3.5, 4.5],
    ]
    assert samples.groups is not None
    assert samples.spans is not None
    assert samples.groups.tolist() == [0, 1, 0, 1]
    assert samples.spans.tolist() == [[0, 0, 3], [1, 0, 3], [0, 2, 5], [1, 2, 5]]
    assert samples.y.tolist() == [0, 0, 1, 0]
    assert samples.skipped == ("2 rows at the ends of 2 recordings fill no window of 3",)
    assert samples.binning == "mean"


def test_labels_of_windows_and_stills(tmp_path: Path) -> None:
    keys = {"group": "run", "time": "t", "window": 4, "columns": ("p1", "p2")}
    assert read(tmp_path, **keys).y.tolist() == [1, 0]
    assert read(tmp_path, **keys, labels="frame").y.tolist() == [[0, 0, 0, 1], [0, 0, 0, 0]]
    still = read(tmp_path, **keys, **{"as": "image"})
    assert still.x.shape == (2, 2, 4, 1)
    assert still.x[0, :, :, 0].tolist() == [[0.5, 1.5, 2.5, 3.5], [0, 10, 20, 30]]


def test_parts_and_all_other_columns(tmp_path: Path) -> None:
    text = "part,v,state\n" + "train,1,0\ntest,2,1\ntrain,3,1\ntest,4,0\n"
    samples = read(tmp_path, text, part="part")
    assert samples.x.ravel().tolist() == [1, 2, 3, 4]
    assert samples.official_test is not None
    assert samples.official_test.tolist() == [False, True] * 2
    windows = read(tmp_path, text, part="part", window=2)
    assert windows.official_test is not None
    assert windows.official_test.tolist() == [False, True]
    assert windows.spans is not None
    assert windows.spans[:, 0].tolist() == [0, 1]
    assert windows.x[:, :, 0, 0, 0].tolist() == [[1, 3], [2, 4]]


def test_labels_are_names_and_sorted_as_numbers_where_they_are(tmp_path: Path) -> None:
    samples = read(tmp_path, "v,state\n1,100\n2,3\n3,20\n4,03\n")
    assert samples.class_names == ("03", "3", "20", "100")


def test_dates_quotes_and_blank_lines(tmp_path: Path) -> None:
    text = 'when,v,state\n2026-01-02T00:00:00,2,"b, c"\n\n2026-01-01,1,a\n\n'
    samples = read(tmp_path, "\ufeff" + text, time="when")
    assert samples.x.ravel().tolist() == [1, 2]
    assert samples.class_names == ("a", "b, c")


def test_tabs(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text("v\tstate\n1\ta\n2\tb\n")
    samples = read_table(TsvData(tsv="t.tsv", label="state", root=str(tmp_path)))
    assert samples.x.ravel().tolist() == [1, 2]


def test_parquet(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"v": [1.5, 2, 3, 4], "state": [3, 3, 20, 20], "run": ["a", "a", "b", "b"]})
    frame.to_parquet(tmp_path / "t.parquet")
    data = ParquetData(parquet="t.parquet", label="state", group="run", window=2, root=str(tmp_path))
    samples = read_table(data)
    assert samples.x[:, :, 0, 0, 0].tolist() == [[1.5, 2], [3, 4]]
    assert samples.class_names == ("3", "20")
    frame["v"] = [1, None, np.inf, 2]
    frame.to_parquet(tmp_path / "t.parquet")
    with pytest.raises(InputError, match=r"v: values must be finite.*nothing, one of 2 such values in row 1"):
        read_table(data)
    (tmp_path / "t.parquet").write_bytes(b"PAR1 and more")
    with pytest.raises(InputError, match="must be a Parquet file"):
        read_table(data)


def test_parquet_needs_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    (tmp_path / "t.parquet").write_bytes(b"PAR1")
    with pytest.raises(
        InputError, match=r"needs pyarrow; got it is not installed \(pip install 'hwsearch\[parquet\]'"
    ):
        read_table(ParquetData(parquet="t.parquet", label="state", root=str(tmp_path)))


GOOD = "run,t,v,state\na,1,1,x\na,2,2,y\nb,1,3,x\nb,2,4,y\n"
MANY = "v,state\n" + "1,a\n2,b\n" * 4
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    (GOOD, {"label": "stat"}, r"data\.label: t\.csv must have this column; got 'stat' \(did you mean 'state'"),
    (GOOD, {"columns": ("v", "w")}, r"data\.columns\.1: t\.csv must have this column; got 'w'"),
    (GOOD, {"group": "rn", "time": "tt"}, r"data\.group: .*\n.*data\.time: "),
    ("state\na\nb\n", {}, r"t\.csv:1: the header must name columns, separated by commas; got 'state'"),
    ("v;state\n1;a\n", {}, r"t\.csv:1: .* seem to be separated by semicolons"),
    ("state,run\na,1\n", {"group": "run"}, r"data\.columns: t\.csv must have a column of inputs"),
    ("v,v,state\n1,1,a\n", {}, r"t\.csv:1: a column's name may stand only once; got 'v'"),
    ("v,,state\n1,1,a\n", {}, r"t\.csv:1: a column must have a name; got an empty one, number 2"),
    ("v,state\n1,a\n2\n3,b,c\n", {}, r"t\.csv:3: a row must have 2 values.*got 1\n.*t\.csv:4: .*got 3"),
    ("v,state\n1,a\n2,\n3,b\n", {}, r"t\.csv:3: state: each row must have a label; got nothing, in 1 rows"),
    ("v,state\n1,a\n,b\n", {}, r"t\.csv:3: v: values must be finite numbers; got nothing, one of 1"),
    ("v,state\n1,a\nx,b\n", {}, r"t\.csv:3: v: values must be finite numbers; got 'x', one of 1"),
    ("v,state\n1,a\ninf,b\n", {}, r"t\.csv:3: v: values must be finite numbers; got 'inf'"),
    ("v,state\n1,a\nNaN,b\n", {}, r"t\.csv:3: v: values must be finite numbers; got"),
    ("v,state\n1,a\n1e300,b\n", {}, r"t\.csv:3: v: values must be finite numbers; got '1e\+300'"),
    ("v,state\n", {}, r"t\.csv: a table must have rows below its header; got none"),
    ("", {}, r"t\.csv: the file must be a csv; got an empty file"),
    ("<!DOCTYPE html><html>,</html>", {}, r"t\.csv: the file must be a csv; got a web page"),
    ('v,state\n1,"a\n', {}, r"t\.csv:2: the file must be a table; got unexpected end of data"),
    ("v,state\n1,a\n2,a\n3,a\n", {}, r"t\.csv: state: there must be at least two classes; got only 'a'"),
    (MANY + "3,c\n", {}, r"t\.csv: state: each class must have at least 3 samples.*got 'c' has 1"),
    ("v,state\n1,0.5\n2,0.7\n", {}, r"t\.csv: state: each class must have at least 3 samples"),
    (GOOD, {"part": "run"}, r"t\.csv: run: parts must be train or test, as text; got 'a', 'b'"),
    (GOOD, {"window": 3, "group": "run"}, r"data\.window: a window must fit into a recording; got group a has 2 rows"),
    (GOOD, {"window": 2, "time": "t"}, r"t\.csv:4: t: two rows of a window's group may not have the same time; got 1"),
    (GOOD.replace("a,2", "a,x"), {"time": "t"}, r"t\.csv:3: t: times must be numbers, or dates.*got 'x', one of 1"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "keys", "words"), REFUSED)
def test_refused(tmp_path: Path, text: str, keys: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, text, **keys)
    assert re.search(words, str(caught.value)), str(caught.value)


def test_refused_text_that_is_not_utf_8(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"v,state\n1,\xe4\n")
    with pytest.raises(InputError, match=r"must be text in UTF-8; got byte 0xe4"):
        read_table(CsvData(csv="t.csv", label="state", root=str(tmp_path)))


def test_refused_all_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, "v,w,state\n1,x,a\n,2,\n", window=2)
    assert [fault.where for fault in caught.value.faults] == ["v", "w", "state"]
