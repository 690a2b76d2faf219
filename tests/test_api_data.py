"""Leaving groups out, as a script calls it."""

import csv

import pytest

from hwsearch import api_data
from hwsearch.errors import InputError


def test_folds_of_data_without_groups(tmp_path, tiny_text):
    study = tmp_path / "study.yaml"
    study.write_text(tiny_text.replace("train_size: 400", "train_size: 60, validation: 0.4"))
    told = []
    path, words = api_data.leave_out(study, out=tmp_path / "out", n_folds=2, tell=told.append, device="cpu")
    with path.open() as stream:
        rows = list(csv.DictReader(stream))
    assert [row["group"] for row in rows] == ["fold 1", "fold 2"]
    assert sum(int(row["n"]) for row in rows) == 1797
    # 8 epochs at T 3 of 36 samples
    assert [row["train_steps"] for row in rows] == ["864", "864"]
    assert words.startswith("mean ")
    assert "of all 1797 predictions" in words
    assert len(told) == 2


def test_data_without_groups_are_refused_before_anything_is_trained(tmp_path, tiny):
    with pytest.raises(InputError, match=r"tiny\.yaml:\d+: data: .*at least three groups"):
        api_data.leave_out(tiny, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_one_network_at_a_time(tmp_path, tiny_text):
    study = tmp_path / "study.yaml"
    study.write_text(tiny_text.replace("layers: fc24-fc16", "layers: [fc24-fc16, fc16]"))
    with pytest.raises(InputError, match="one network; got fc24-fc16, fc16"):
        api_data.leave_out(study, out=tmp_path / "out")
