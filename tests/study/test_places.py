"""Faults get the place of their key."""

from pathlib import Path

from hwsearch.errors import Fault
from hwsearch.study.places import placed

TEXT = """\
name: a
data:
  name: digits
search:
  learn_from:
    - one
    - two
"""


def test_each_fault_gets_the_line_of_its_key_or_of_what_encloses_it(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text(TEXT)
    faults = [
        Fault("search.learn_from.1", "a"),
        Fault("data.train_size", "b"),  # not in the file: a default
        Fault("train.epochs", "c"),  # nor is its section
        Fault("data.name", "d"),
    ]
    assert [(fault.where, fault.path, fault.line) for fault in placed(faults, path)] == [
        ("train.epochs", path, None),
        ("data.train_size", path, 2),
        ("data.name", path, 3),
        ("search.learn_from.1", path, 7),
    ]


def test_options_and_other_files_stay_what_they_are(tmp_path):
    path, other = tmp_path / "s.yaml", Path("profile.yaml")
    path.write_text(TEXT)
    faults = [
        Fault("id", "a", path=other, line=3),
        Fault("--workers", "b"),
        Fault("data.root", "c"),
        Fault("data.name", "d"),
    ]
    found = placed(faults, path, ["--data-root"])
    assert [(fault.where, fault.path, fault.line) for fault in found] == [
        ("data.name", path, 3),
        ("--workers", None, None),
        ("--data-root", None, None),
        ("id", other, 3),
    ]
    assert placed(found, path, ["--data-root"]) == found  # once more makes no difference
    assert placed(faults[1:], None) == faults[1:]
