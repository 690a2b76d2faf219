"""Files of tables: names, lines, text that stays as it is written."""

from pathlib import Path

import pandas as pd
import pytest

from hwsearch.data.readers.table_files import plain_text, read_text_table
from hwsearch.errors import InputError


def read(folder: Path, text: str, *as_text: str) -> tuple[pd.DataFrame, list[int]]:
    (folder / "t.csv").write_text(text, encoding="utf-8")
    table = read_text_table(folder / "t.csv", ",", as_text)
    assert table.lines is not None
    return table.frame, table.lines.tolist()


def test_lines_count_blank_ones_and_values_of_several_lines(tmp_path: Path) -> None:
    frame, lines = read(tmp_path, 'a,b\n1,x\n\n2,"y\nz"\n3,w\n')
    assert frame["b"].tolist() == ["x", "y\nz", "w"]
    assert lines == [2, 5, 6]  # a row is at the line where it ends


def test_text_stays_as_it_is_written(tmp_path: Path) -> None:
    frame, _ = read(tmp_path, "a,b,c\n01,NA,1\n1.0,null,2\n", "a", "b")
    assert frame["a"].tolist() == ["01", "1.0"]
    assert frame["b"].tolist() == ["NA", "null"]
    assert frame["c"].tolist() == [1, 2]


def test_a_fault_has_the_line_of_its_row(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n\n1,2\n")
    table = read_text_table(tmp_path / "t.csv", ",", ())
    assert str(table.fault("a", "law", "got", row=0)) == f"{tmp_path / 't.csv'}:3: a: law; got got"


def test_columns_as_plain_text() -> None:
    assert plain_text(pd.Series([3.0, None, 20.0])).tolist() == ["3", "", "20"]
    assert plain_text(pd.Series([" a ", None])).tolist() == ["a", ""]
    assert plain_text(pd.Series([True, False])).tolist() == ["True", "False"]


@pytest.mark.parametrize(
    ("text", "words"), [("a\tb\n1\t2\n", "seem to be separated by tabs"), ("a,b\n", "must have rows")]
)
def test_files_of_another_kind(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read(tmp_path, text)
