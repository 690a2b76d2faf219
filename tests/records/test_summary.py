"""summary.json: read as it was written, whatever version wrote it; a newer or damaged one is refused in words."""

import json

import pytest
from builders.runs import synthetic_run, with_summary

from hwsearch.errors import RecordError
from hwsearch.records.summary import SUMMARY_FORMAT, Summary, read_summary, write_summary


def test_a_run_is_read_as_it_was_written(finished):
    values = json.loads((finished / "summary.json").read_text())
    summary = read_summary(finished / "summary.json")
    assert summary.plain() == values
    assert summary.format == SUMMARY_FORMAT == values["format"]
    assert summary.front_size == values["front_size"]
    assert summary.pick.banks["ram_bytes"] == values["pick"]["ram_bytes"]


def test_it_is_written_as_it_was_read(finished, tmp_path):
    write_summary(read_summary(finished / "summary.json"), tmp_path / "summary.json")
    assert (tmp_path / "summary.json").read_bytes() == (finished / "summary.json").read_bytes()


def test_a_run_from_before_there_were_versions_is_read(tmp_path):
    folder = synthetic_run(tmp_path)
    summary = read_summary(folder / "summary.json")
    assert summary.format == 0
    assert (summary.answers, summary.arithmetic, summary.classes.test) == (None, None, ())
    assert summary.no_skill.trained == 0
    assert summary.plain() == json.loads((folder / "summary.json").read_text())


def test_a_newer_format_is_refused_and_says_what_to_do(tmp_path):
    folder = with_summary(synthetic_run(tmp_path), format=SUMMARY_FORMAT + 1)
    law = rf"summary\.json: .*must be of format {SUMMARY_FORMAT}.*; got: {SUMMARY_FORMAT + 1} \(a newer hwsearch"
    with pytest.raises(RecordError, match=law):
        read_summary(folder / "summary.json")


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"cost": {"train_steps": "many", "dense_train_steps": 1}}, r"cost: train_steps: .*'many'"),
        ({"dense": {"memory_bytes": "12 KiB"}}, r"dense: memory_bytes: .*'12 KiB'"),
        ({"pick": {"sparsity": 0.5}}, r"pick: trial: "),
        ({"front_size": []}, r"front_size: "),
        ({"audit": None}, "none of audit"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(tmp_path, sections, said):
    folder = with_summary(synthetic_run(tmp_path), **sections)
    with pytest.raises(RecordError, match=rf"summary\.json: .*{said}.*run the study again"):
        read_summary(folder / "summary.json")


@pytest.mark.parametrize(
    ("text", "said"), [(None, "no such file"), ("{", "must have a summary"), ("[]", "none of study")]
)
def test_a_damaged_file_is_named(tmp_path, text, said):
    if text is not None:
        (tmp_path / "summary.json").write_text(text)
    with pytest.raises(RecordError, match=said):
        read_summary(tmp_path / "summary.json")


def test_it_is_frozen(tmp_path):
    summary = read_summary(synthetic_run(tmp_path) / "summary.json")
    with pytest.raises(ValueError, match="frozen"):
        summary.front_size = 3
    assert isinstance(summary, Summary)
