"""A look into data: the format by the file, the label by its name, windows by what hangs together."""

import zipfile

import numpy as np
import pandas as pd
import pytest
from builders.machines import runs, write_csv, write_npz

from hwsearch.errors import InputError
from hwsearch.start.look import Found, inputs_of, look, window_for


def test_a_table_says_its_columns_and_what_they_may_be(tmp_path):
    found = look(write_csv(tmp_path / "line.csv", n_runs=6, rows=64))
    assert found.source == "csv"
    assert found.rows == 384
    assert found.guesses == {"label": "state", "group": "run", "time": "time"}
    assert found.fields["state"] == "3 values: good, idle, worn"
    assert found.fields["run"] == "6 values: r00, r01, r02, r03, r04, r05"
    assert found.fields["time"] == "numbers 0 .. 6.3"


def test_tabs_and_capitals(tmp_path):
    runs(n_runs=3, rows=8).rename(columns={"state": "Class"}).to_csv(
        tmp_path / "a.tsv", sep="\t", index=False
    )
    found = look(tmp_path / "a.tsv")
    assert found.source == "tsv"
    assert found.guesses["label"] == "Class"


def test_an_npz_says_its_arrays(tmp_path):
    found = look(write_npz(tmp_path / "windows.npz", n_runs=3, rows=64))
    assert found == Found(
        "npz",
        {"x": "float32, shape (6, 32, 4)", "y": "<U4, shape (6,)", "group": "<U3, shape (6,)"},
        {"label": "y", "group": "group", "x": "x"},
    )


def test_a_folder_or_zip_is_what_most_of_its_files_are(tmp_path):
    for name in ("a/1.wav", "a/2.wav", "b/3.wav", "b/cover.png", "b/notes.txt"):
        path = tmp_path / "sound" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert look(tmp_path / "sound") == Found("wav", folders=True)
    with zipfile.ZipFile(tmp_path / "events.zip", "w") as archive:
        archive.writestr("00001.bin", b"")
    assert look(tmp_path / "events.zip") == Found("events", format="nmnist")
    (tmp_path / "shd.h5").touch()
    assert look(tmp_path / "shd.h5") == Found("events", format="shd")


@pytest.mark.parametrize(
    ("name", "content", "law"),
    [
        (
            "a.txt",
            b"1 2",
            "the data must be csv, tsv, parquet or npz, or a folder or zip of wav, images or events",
        ),
        ("a.npz", b"no zip", "the file must be an npz of arrays without Python objects"),
        ("a.csv", b"", "the file must be a csv table with a head of column names"),
        ("gone.csv", None, "the data must exist"),
    ],
)
def test_what_is_not_known_is_refused(tmp_path, name, content, law):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        look(tmp_path / name)
    (fault,) = caught.value.faults
    assert (fault.where, fault.law) == ("--data", law)


def test_objects_in_an_npz_are_never_unpickled(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.array([{}, None], dtype=object))
    with pytest.raises(InputError, match="without Python objects"):
        look(tmp_path / "a.npz")


def test_an_empty_folder_holds_nothing(tmp_path):
    with pytest.raises(InputError, match="must hold wav files, images or recordings of events"):
        look(tmp_path)


@pytest.mark.parametrize(
    ("rows", "uses", "window"),
    [
        (192, {"group": "run"}, 16),  # a group holds eight windows and more
        (2000, {"group": "run"}, 64),
        (40, {"group": "run"}, 4),
        (20, {"group": "run"}, 1),  # too few to be cut
        (192, {}, 1),  # nothing says that rows hang together
        (40, {"time": "time"}, 16),  # 160 rows in one order of time
    ],
)
def test_windows_where_rows_hang_together(tmp_path, rows, uses, window):
    found = look(write_csv(tmp_path / "a.csv", n_runs=4, rows=rows))
    assert window_for(found, uses) == window


def test_columns_of_text_and_of_nothing(tmp_path):
    frame = pd.DataFrame({"note": [f"n{i}" for i in range(30)], "empty": [None] * 30})
    frame.to_csv(tmp_path / "a.csv", index=False)
    assert look(tmp_path / "a.csv").fields == {"note": "30 texts", "empty": "nothing"}


def test_inputs_are_the_numbers_that_have_no_other_use(tmp_path):
    found = look(write_csv(tmp_path / "a.csv", n_runs=4, rows=8))
    sensors = ("pressure", "flow", "temperature", "vibration")
    assert inputs_of(found, {"label": "state", "group": "run", "time": "time"}) is None
    # a time that is not used as one is no input either, nor is text
    assert inputs_of(found, {"label": "state"}) == sensors
    assert inputs_of(found, {"label": "flow", "group": "run"}) == ("pressure", "temperature", "vibration")
