"""rival.csv and rival.json."""

import numpy as np
import pytest
from builders.rivals import drawn_layers, rival_row

from hwsearch.errors import RecordError
from hwsearch.records.rival import (
    RIVAL_COLUMNS,
    RivalRecord,
    read_rival_records,
    read_rivals,
    write_rivals,
)
from hwsearch.rival.price import plain_workload


def test_they_are_read_as_they_were_written(tmp_path):
    layers, x = drawn_layers(np.random.default_rng(0))
    rows = [rival_row(0, flash_bytes=1100, ram_bytes=400), rival_row(1, energy_j=None)]
    records = [RivalRecord(row, plain_workload(layers, 8, x, 16)) for row in rows]
    table, finals = tmp_path / "rival.csv", tmp_path / "rival.json"
    write_rivals(rows, records, table, finals)
    assert table.read_text().startswith(",".join(RIVAL_COLUMNS))
    assert [row.columns() for row in read_rivals(table)] == [
        {name: value for name, value in row.columns().items() if value is not None} for row in rows
    ]
    read = read_rival_records(finals)
    assert [record.workload for record in read] == [record.workload for record in records]
    assert read[0].row.banks == {"flash_bytes": 1100, "ram_bytes": 400}


def test_a_run_without_has_none(tmp_path):
    assert read_rivals(tmp_path / "rival.csv") == []
    assert read_rival_records(tmp_path / "rival.json") == []


def test_what_is_damaged_is_told(tmp_path):
    (tmp_path / "rival.csv").write_text("place\n0\n")
    (tmp_path / "rival.json").write_text("[{}]")
    with pytest.raises(RecordError, match=r"rival\.csv"):
        read_rivals(tmp_path / "rival.csv")
    with pytest.raises(RecordError, match="must hold the plain networks"):
        read_rival_records(tmp_path / "rival.json")
