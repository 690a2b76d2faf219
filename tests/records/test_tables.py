"""Tables as CSV: what an empty cell means, and that what is written is read."""

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsearch.errors import RecordError
from hwsearch.records.tables import Row, plain_cells, read_frame, read_rows, whole_numbers, write_table


class Pet(Row):
    name: str
    legs: int | None = None
    mass_kg: float | None = None
    tame: bool = False


def test_a_row_says_what_is_set_and_knows_no_other_column():
    pet = Pet(name="cat", mass_kg=4.5)
    assert pet.columns() == {"name": "cat", "mass_kg": 4.5}
    assert (pet.cell("legs"), pet.cell("wings")) == (None, None)
    assert (pet.number("mass_kg"), pet.number("name"), pet.number("legs")) == (4.5, None, None)
    assert Pet(name="cat", mass_kg=math.inf).number("mass_kg") is None


def test_a_table_is_written_as_it_is_read(tmp_path):
    path = tmp_path / "pets.csv"
    write_table(
        path,
        ["name", "legs", "mass_kg", "tame"],
        [["cat, old", 4, 0.1 + 0.2, True], ["eel", None, 1.0, False]],
    )
    assert (
        path.read_bytes()
        == b'name,legs,mass_kg,tame\n"cat, old",4,0.30000000000000004,True\neel,,1.0,False\n'
    )
    assert read_rows(path, Pet, ["name"]) == [
        Pet(name="cat, old", legs=4, mass_kg=0.1 + 0.2, tame=True), Pet(name="eel", mass_kg=1.0, tame=False),
    ]  # fmt: skip


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8", exclude_characters="\r"), min_size=1),
            st.floats(allow_nan=False),
        )
    )
)
def test_any_text_and_number_survive(tmp_path_factory, cells):
    path = tmp_path_factory.mktemp("any") / "t.csv"
    write_table(path, ["name", "mass_kg"], cells)
    assert [(row.name, row.mass_kg) for row in read_rows(path, Pet, ["name", "mass_kg"])] == cells


def test_it_is_written_as_pandas_writes_it(tmp_path):
    rows = [
        {"a": 0.1, "b": "x,y", "c": True, "d": None},
        {"a": 1e-300, "b": 'say "no"', "c": False, "d": "z"},
    ]
    write_table(tmp_path / "t.csv", rows[0], [row.values() for row in rows])
    assert (tmp_path / "t.csv").read_text() == pd.DataFrame(rows).to_csv(index=False, lineterminator="\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "no such file"),
        ("", "none of name"),
        ("legs\n4\n", "none of name"),
        ("name,legs\ncat,4\ndog,four\n", r"cell of row 2 .*legs: .*not 'four'"),
        ('name,legs\n"cat,4\n', "as it was written"),
        (b"name\n\xff\n", "as it was written"),
    ],
)
def test_a_damaged_table_is_named(tmp_path, text, said):
    path = tmp_path / "pets.csv"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(RecordError, match=rf"pets\.csv: .*{said}.*run the study again"):
        read_rows(path, Pet, ["name"])


@pytest.mark.parametrize(
    ("text", "said"), [(None, "no such file"), ("", "as it was written"), ("b\n1\n", "none of a")]
)
def test_a_damaged_frame_is_named(tmp_path, text, said):
    if text is not None:
        (tmp_path / "t.csv").write_text(text)
    with pytest.raises(RecordError, match=said):
        read_frame(tmp_path / "t.csv", ["a"])


def test_counts_with_gaps_stay_whole_and_digests_text(tmp_path):
    (tmp_path / "t.csv").write_text("ram_bytes,twin_of,digest,energy_j\n12,,0012,1\n,3,7e10,\n")
    frame = read_frame(tmp_path / "t.csv", ["digest"])
    assert frame["digest"].tolist() == ["0012", "7e10"]
    assert frame.to_csv(index=False) == "ram_bytes,twin_of,digest,energy_j\n12,,0012,1.0\n,3,7e10,\n"
    assert whole_numbers(pd.DataFrame({"ram_bytes_predicted": [1.0, None]})).dtypes.iloc[0] == "Int64"


def test_a_row_of_a_frame_is_plain_values_without_gaps():
    frame = pd.DataFrame(
        {"a": [1], "b": [0.5], "c": ["x"], "d": [None], "e": pd.array([None], dtype="Int64")}
    )
    cells = plain_cells(frame.iloc[0].to_dict())
    assert cells == {"a": 1, "b": 0.5, "c": "x"}
    assert [type(cell) for cell in cells.values()] == [int, float, str]
