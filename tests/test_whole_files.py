"""A file is there whole or not at all, and nothing stays beside it."""

import os
import subprocess

import pytest

from hwsearch.whole_files import remove_left, remove_unfinished, whole_file


def test_what_is_written_takes_the_place_in_the_end(tmp_path):
    path = tmp_path / "a"
    path.write_text("first")
    with whole_file(path) as unfinished:
        unfinished.write_text("second")
        assert path.read_text() == "first"
    assert path.read_text() == "second"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt, SystemExit])
def test_what_is_broken_off_leaves_the_file_and_nothing_beside_it(tmp_path, error):
    path = tmp_path / "a"
    path.write_text("first")

    def broken_off():
        with whole_file(path) as unfinished:
            unfinished.write_text("sec")
            raise error

    with pytest.raises(error):
        broken_off()
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_what_could_not_be_unwound_is_removed(tmp_path):
    writing = whole_file(tmp_path / "a")
    writing.__enter__().write_text("half")
    assert [path.name for path in tmp_path.iterdir()] == [f"a.{os.getpid()}.part"]
    remove_unfinished()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed(tmp_path):
    gone = subprocess.Popen(["true"])
    gone.wait()
    alive = f"d.{os.getpid()}.part"
    for name in (f"a.{gone.pid}.part", "b.part", "c", alive):
        (tmp_path / name).touch()
    remove_left(tmp_path, tmp_path / "none")
    assert {path.name for path in tmp_path.iterdir()} == {"c", alive}
