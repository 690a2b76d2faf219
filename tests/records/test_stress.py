"""stress.csv: written and read back, and refused where it is damaged."""

import pytest
from builders.stress_rows import rows

from hwsearch.errors import RecordError
from hwsearch.records.stress import COLUMNS, read_stress, write_stress


def test_what_is_written_is_read_back(tmp_path):
    write_stress(rows(), tmp_path / "stress.csv")
    found = read_stress(tmp_path / "stress.csv")
    assert [row.model_dump() for row in found] == [row.model_dump() for row in rows()]
    assert (tmp_path / "stress.csv").read_text().splitlines()[0] == ",".join(COLUMNS)


def test_where_nothing_was_measured_there_are_no_rows(tmp_path):
    assert read_stress(tmp_path / "stress.csv") == []


def test_a_damaged_table_is_refused(tmp_path):
    write_stress(rows(), tmp_path / "stress.csv")
    text = (tmp_path / "stress.csv").read_text()
    (tmp_path / "stress.csv").write_text(text.replace("0.9,", "none,", 1))
    with pytest.raises(RecordError, match="row 1"):
        read_stress(tmp_path / "stress.csv")
