"""A run folder as typed rows; what is missing or damaged is named."""

import pandas as pd
import pytest
from builders.runs import ENDS, synthetic_run

from hwsearch.errors import RecordError
from hwsearch.report.tables import read_run


def test_a_run_is_read_as_typed_rows(run_dir):
    tables = read_run(run_dir)
    assert len(tables.trials) == sum(ENDS.values())
    assert len(tables.front) == tables.summary.front_size == 12
    assert tables.summary.dense.memory_bytes == 18842
    assert tables.study_text.startswith("name: digits_mcu")


def test_a_path_of_this_machine_is_cut_to_its_last_part(tmp_path):
    folder = synthetic_run(tmp_path)
    (folder / "study.yaml").write_text(
        "device:\n  profile: /home/ann/devices/mine.yaml\nlearn:\n- /data/runs/first\n"
    )
    assert read_run(folder).study_text == "device:\n  profile: mine.yaml\nlearn:\n- first\n"


@pytest.mark.parametrize("name", ["trials.csv", "front.csv", "summary.json", "study.yaml", "profile.yaml"])
def test_a_missing_file_is_named(tmp_path, name):
    folder = synthetic_run(tmp_path)
    (folder / name).unlink()
    with pytest.raises(RecordError, match=rf"{name}: .*run the study again"):
        read_run(folder)


@pytest.mark.parametrize(
    ("name", "text", "law"),
    [
        ("summary.json", '{"study": ', "must have a summary"),
        ("summary.json", '{"study": "x"}', "none of profile, objectives"),
        ("front.csv", "", "must have the columns trial"),
        ("trials.csv", "", "must have the columns trial"),
        ("trials.csv", "trial\n1\n", "none of sparsity"),
        ("front.csv", "a,b\n1\n", "must have the columns"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, name, text, law):
    folder = synthetic_run(tmp_path)
    (folder / name).write_text(text)
    with pytest.raises(RecordError, match=rf"{name}: .*{law}"):
        read_run(folder)


def test_a_cell_that_is_no_number_is_refused(tmp_path):
    folder = synthetic_run(tmp_path)
    trials = pd.read_csv(folder / "trials.csv", dtype=str)
    trials.loc[5, "memory_bytes_predicted"] = "12 KiB"
    trials.to_csv(folder / "trials.csv", index=False)
    with pytest.raises(RecordError, match=r"cell of row 6 .*memory_bytes_predicted: .*12 KiB"):
        read_run(folder)


def test_no_folder_is_refused(tmp_path):
    with pytest.raises(RecordError, match="no such folder"):
        read_run(tmp_path / "nowhere")
