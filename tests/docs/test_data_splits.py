"""What docs/data.md says of splits and encoders: its lines are read, its numbers are those of the data."""

import os
import re
from pathlib import Path

import numpy as np
import pytest
from builders.studies import SHORT, load
from ruamel.yaml import YAML

from hwsearch.data.datasets import load_dataset
from hwsearch.study.data_section import NamedData

REPO = Path(__file__).parents[2]
TEXT = (REPO / "docs" / "data.md").read_text(encoding="utf-8")
REAL = Path(os.environ.get("HWSEARCH_DATA", REPO.parent / "shared" / "data"))


@pytest.mark.parametrize("line", re.findall(r"^(encode: \{.*\}) *#", TEXT, re.MULTILINE))
def test_each_line_of_encoders_is_read(line, tmp_path):
    said = YAML(typ="safe").load(line)
    study = load(tmp_path, {**SHORT, "data": {"name": "digits", **said}})
    named = {name for name, step in dict(study.data.encode).items() if step is not None}
    assert named == set(said["encode"])


def test_there_are_such_lines():
    assert len(re.findall(r"^encode: \{", TEXT, re.MULTILINE)) == 5


def test_the_parts_of_hydraulic():
    if not (REAL / "hydraulic").is_dir():
        pytest.skip(f"no hydraulic/ in {REAL}: set HWSEARCH_DATA to the folder of data sets")
    data = load_dataset(NamedData(name="hydraulic", target="cooler"), REAL)
    parts = (data.y_train, data.y_val, data.y_test)
    sizes = re.search(r"194 runs, .*: ([\d,]+), ([\d,]+) and ([\d,]+) samples of ([\d,]+)", TEXT)
    assert [len(part) for part in parts] == [int(n.replace(",", "")) for n in sizes.groups()[:3]]
    counts = np.stack([np.bincount(part) for part in parts])
    for part, share in zip(counts, (0.6, 0.2, 0.2), strict=True):
        assert np.abs(part - share * counts.sum(0)).max() < 8


@pytest.mark.slow
def test_only_fsdd_has_a_note_of_a_leak():
    for name in ("digits", "mnist", "fashion-mnist", "nmnist", "hydraulic", "fsdd"):
        folder = {"nmnist": "n-mnist-small"}.get(name, name)
        if name != "digits" and not (REAL / folder).is_dir():
            pytest.skip(f"no {folder}/ in {REAL}: set HWSEARCH_DATA to the folder of data sets")
        target = {"target": "cooler"} if name == "hydraulic" else {}
        notes = load_dataset(NamedData(name=name, **target), REAL).notes
        assert [note for note in notes if "leak" in note or "equal" in note] == (
            [note for note in notes if note.startswith("leak in the official parts: 6 groups stand in test")]
        )
        assert (name == "fsdd") == any("leak" in note for note in notes)
