"""Text is read of files that are files, of a bounded size."""

import os

import pytest

from hwsearch.study.text_file import read_bounded


def test_text_is_read_through_a_link(tmp_path):
    (tmp_path / "a").write_text("ä\r\n", encoding="utf-8", newline="")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert read_bounded(tmp_path / "b", 4) == "ä\r\n"


def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    for path, words in (
        (tmp_path / "fifo", "a pipe or a device"),
        (tmp_path, "a folder"),
        ("/dev/zero", "a device"),
    ):
        with pytest.raises(ValueError, match=words):
            read_bounded(tmp_path / path, 100)


def test_what_is_too_large_or_no_text_is_refused(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    with pytest.raises(ValueError, match="5 bytes, where 4 are read at most"):
        read_bounded(path, 4)
    path.write_bytes(b"ab\xff")
    with pytest.raises(ValueError, match=r"no UTF-8 \(invalid start byte at byte 2\)"):
        read_bounded(path, 4)
    with pytest.raises(FileNotFoundError):
        read_bounded(tmp_path / "none", 4)
