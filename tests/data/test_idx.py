"""The idx format by hand, damaged files, and that what is written is what is read."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from builders.idx import idx_file
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hwsearch.data.idx import read_idx
from hwsearch.errors import InputError


def test_read_idx_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(
        gzip.compress(bytes.fromhex("00000803 00000002 00000001 00000003 010203 0405ff"), mtime=0)
    )
    assert read_idx(path, (1, 3)).tolist() == [[[1, 2, 3]], [[4, 5, 255]]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (idx_file((2, 2), bytes(4)), r"magic number must be 00000803 .* got 00000802"),
        (idx_file((1, 2, 2), bytes(4), kind=13), r"magic number must be 00000803 .* got 00000d03"),
        (gzip.compress(b"", mtime=0), r"got an empty file"),
        (
            gzip.compress(bytes.fromhex("00000803 0000"), mtime=0),
            r"the header must give the shape; got 6 bytes",
        ),
        (idx_file((1, 2, 3), bytes(6)), r"one item must have the shape \(2, 2\); got \(2, 3\)"),
        (idx_file((0, 2, 2), b""), r"at least one item"),
        (idx_file((2, 2, 2), bytes(7)), r"needs exactly 8 bytes behind it; got 7 bytes"),
        (idx_file((2, 2, 2), bytes(9)), r"needs exactly 8 bytes behind it; got more"),
        (idx_file((2**32 - 1, 2, 2), bytes(4)), r"must hold the items .* got 4294967295 items"),
        (idx_file((2, 2, 2), bytes(8))[:-9], r"readable gzip file"),
        (b"plain", r"readable gzip file"),
    ],
)
def test_damaged_idx_files_are_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "damaged.gz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"damaged\.gz: .*{words}"):
        read_idx(path, (2, 2))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.gz: .*readable gzip file; got .*No such file"):
        read_idx(tmp_path / "none.gz")


@given(arrays(np.uint8, st.tuples(st.integers(1, 5), st.integers(1, 4), st.integers(1, 4))))
@settings(deadline=None)
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, x: np.ndarray) -> None:
    path = tmp_path_factory.mktemp("idx") / "x.gz"
    path.write_bytes(idx_file(x.shape, x.tobytes()))
    assert np.array_equal(read_idx(path, x.shape[1:]), x)


def test_what_is_read_may_be_written_to(tmp_path: Path) -> None:
    path = tmp_path / "labels.gz"
    path.write_bytes(idx_file((3,), bytes([1, 2, 3])))
    labels = read_idx(path)
    labels[0] = 9
    assert labels.tolist() == [9, 2, 3]
