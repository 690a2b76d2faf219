"""front.csv: its columns in their order, banks where they stand, and rows that are read as they were written."""

import pytest

from hwsearch.errors import RecordError
from hwsearch.records.front import (
    FRONT_COLUMNS,
    DenseRow,
    FrontRow,
    front_frame,
    read_front,
    read_front_frame,
    write_front,
)

MEMBER = {
    "trial": 3, "sparsity": "0.5/0.9", "granularity": "weight", "weight_bits": 8, "timesteps": 2, "accuracy_val": 0.9,
    "accuracy_test": 0.88, "accuracy_test_low": 0.8, "accuracy_test_high": 0.92, "memory_bytes": 1290,
    "weight_bytes": 1000, "state_bytes": 90, "synaptic_ops": 12.0, "energy_j": None, "latency_s": 0.1 + 0.2,
    "macs": 4.5, "flash_bytes": 1200, "ram_bytes": 90, "seed": 6277357425001795, "weights_zeroed": 2, "digest": "0012",
}  # fmt: skip


@pytest.fixture
def rows():
    return [
        FrontRow.model_validate(MEMBER),
        FrontRow.model_validate(MEMBER | {"trial": 5, "sparsity": "0.5/0.7"}),
    ]


def test_the_first_columns_are_those_of_every_front():
    columns = list(
        FrontRow.model_validate(dict.fromkeys(set(FrontRow.model_fields) - {"banks"}) | MEMBER).columns()
    )
    assert tuple(columns[: len(FRONT_COLUMNS)]) == FRONT_COLUMNS
    at = columns.index("macs")
    assert columns[at + 1 : at + 3] == ["flash_bytes", "ram_bytes"]


def test_rows_are_read_as_they_were_written(rows, tmp_path):
    write_front(rows, tmp_path / "front.csv")
    found = read_front(tmp_path / "front.csv", 2)
    assert [row.trial for row in found] == [3, 5]
    for name in MEMBER:
        assert str(found[0].cell(name)) == str(MEMBER[name])
    assert found[0].cell("ram_bytes") == 90
    assert found[0].number("bias_bytes") is None


def test_users_get_the_same_as_a_frame(rows, tmp_path):
    write_front(rows, tmp_path / "front.csv")
    frame = read_front_frame(tmp_path / "front.csv", 2)
    assert frame.to_csv() == front_frame(rows).to_csv()
    assert front_frame(rows)["ram_bytes"].dtype == "Int64"


def test_a_front_of_nobody_has_its_header(tmp_path):
    write_front([], tmp_path / "front.csv")
    assert (tmp_path / "front.csv").read_text() == ",".join(FRONT_COLUMNS) + "\n"
    assert read_front(tmp_path / "front.csv", 0) == read_front(tmp_path / "none.csv", 0) == []
    assert list(read_front_frame(tmp_path / "none.csv", 0).columns) == list(FRONT_COLUMNS)


@pytest.mark.parametrize("read", [read_front, read_front_frame])
def test_a_front_has_the_rows_that_the_summary_counts(rows, tmp_path, read):
    write_front(rows, tmp_path / "front.csv")
    with pytest.raises(RecordError, match=r"front\.csv: .*that the summary counts, 3; got: 2"):
        read(tmp_path / "front.csv", 3)
    with pytest.raises(RecordError, match="no such file"):
        read(tmp_path / "none.csv", 1)


def test_costs_are_by_column_banks_included(rows):
    costs = rows[0].costs
    assert costs["memory_bytes"] == 1290
    assert costs["energy_j"] is None
    assert costs["flash_bytes"] == 1200
    assert rows[0].width_loss.weights_zeroed == 2


def test_the_dense_reference_says_only_what_is_known_of_it():
    row = DenseRow.model_validate({"accuracy_val": 0.5, "latency_s": 1.0, "flash_bytes": 7, "ties": 0.0})
    assert list(row.columns()) == ["accuracy_val", "latency_s", "flash_bytes", "ties"]
    assert row.model_dump() == {"accuracy_val": 0.5, "latency_s": 1.0, "flash_bytes": 7, "ties": 0.0}
    assert DenseRow.model_validate(row.model_dump()) == row
