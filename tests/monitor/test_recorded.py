"""What firmware recorded, and every way in which it may be wrong."""

import numpy as np
import pytest

from hwsearch.errors import InputError
from hwsearch.monitor.quantities import Quantity
from hwsearch.monitor.recorded import read_seen

QUANTITIES = (Quantity("input", "input"), Quantity("margin", "margin"))


def read(tmp_path, text):
    path = tmp_path / "seen.csv"
    path.write_text(text)
    return read_seen(path, QUANTITIES, 3)


def test_columns_are_found_by_name_in_any_order(tmp_path):
    found = read(tmp_path, "time,class, margin ,input\n0.1,2,7,300\n0.2,0,0,4294967295\n\n")
    assert found.values.tolist() == [[300, 7], [4294967295, 0]]
    assert found.classes.tolist() == [2, 0]
    assert found.values.dtype == np.int64


def test_every_wrong_cell_is_told_with_its_line(tmp_path):
    with pytest.raises(InputError) as caught:
        read(tmp_path, "input,margin,class\n1,2,0\n-1,x,3\n1\n")
    told = [(fault.line, fault.got) for fault in caught.value.faults]
    assert told == [(3, "'-1'"), (3, "'x'"), (3, "'3'"), (4, "''"), (4, "''")]
    assert "class must be a whole number in 0 .. 2" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "law"),
    [
        ("", "a CSV file, in UTF-8, with a header; got an empty file"),
        ("input,class\n1,0\n", "must have the columns input, margin, class; got none of margin"),
        ("input,margin,class\n", "there must be a row for each inference"),
    ],
)
def test_what_is_no_record_is_refused(tmp_path, text, law):
    with pytest.raises(InputError, match=law):
        read(tmp_path, text)


def test_a_file_that_is_not_there_or_is_no_text_is_refused(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        read_seen(tmp_path / "none.csv", QUANTITIES, 3)
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="in UTF-8"):
        read_seen(tmp_path / "bytes.csv", QUANTITIES, 3)


def test_of_many_faults_twenty_are_told(tmp_path):
    with pytest.raises(InputError) as caught:
        read(tmp_path, "input,margin,class\n" + "a,b,99999999999999999999\n" * 100)
    assert len(caught.value.faults) == 20
