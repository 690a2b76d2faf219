"""finals.json is read as it was written."""

import json

import pytest
from builders.devices import mlp

from hwsearch.errors import RecordError
from hwsearch.records.finals import FinalRecord, read_finals, write_finals

RECORD = FinalRecord(3, 0.9, 0.1 + 0.2, 0.2, 0.4, 17, None, mlp((6, 4, 3), analog=True))


def test_what_is_written_is_read(tmp_path):
    other = FinalRecord(7, 0.5, 0.5, 0.4, 0.6, None, 9, mlp((6, 4, 3), density=0.5))
    write_finals([RECORD, other], tmp_path / "finals.json")
    assert read_finals(tmp_path / "finals.json") == {3: RECORD, 7: other}


def test_it_is_the_record_as_plain_values(tmp_path):
    write_finals([RECORD], tmp_path / "finals.json")
    (row,) = json.loads((tmp_path / "finals.json").read_text())
    assert list(row)[:3] == ["trial", "accuracy_val", "accuracy_test"]
    assert row["accuracy_test"] == 0.1 + 0.2
    assert (
        row["workload"]["connections"][0]["census"]["nonzero"]
        == RECORD.workload.connections[0].census.nonzero
    )


def test_a_run_without_final_trainings_has_none(tmp_path):
    assert read_finals(tmp_path / "finals.json") == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [('[{"trial": 3}]', "accuracy_val"), ("{", "JSON"), ("{}", "array"), ('[{"trial": "x"}]', "'x'")],
)
def test_a_damaged_file_is_named(tmp_path, text, said):
    (tmp_path / "finals.json").write_text(text)
    with pytest.raises(RecordError, match=rf"finals\.json: the file must hold the final trainings .*{said}"):
        read_finals(tmp_path / "finals.json")
