"""A file is there whole or not at all; and what is said of a damaged one."""

from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from hwsearch.records.files import REBUILD, damaged, first_fault, write_text


def test_a_text_replaces_the_earlier_one_and_leaves_nothing_beside_it(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "µ\n")
    write_text(path, "second\n")
    assert path.read_bytes() == b"second\n"
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_cut_off_leaves_the_earlier_text(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    write_text(path, "first")

    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        write_text(path, "second")
    assert path.read_text() == "first"


def test_a_damaged_file_is_named_with_law_value_and_what_to_do():
    assert damaged(Path("a.csv"), "must be so", "7") == f"a.csv: must be so; got: 7 ({REBUILD})"
    assert damaged(Path("a.csv"), "must be so", "7", "delete it") == "a.csv: must be so; got: 7 (delete it)"


def test_the_first_wrong_value_is_named_with_its_place():
    class Inner(BaseModel):
        n: int

    class Outer(BaseModel):
        inner: list[Inner]

    with pytest.raises(ValidationError) as caught:
        Outer.model_validate({"inner": [{"n": 1}, {"n": "many"}]})
    text = first_fault(caught.value)
    assert text.startswith("inner: 1: n: ")
    assert text.endswith(", not 'many'")
