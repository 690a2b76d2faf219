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
        (b"plain", r"magic number must be 00000803 .* got 706c6169"),
        (b"", r"got an empty file"),
        (b"<!DOCTYPE html><html>", r"got 3c21444f, the beginning of a web page"),
        (
            gzip.compress(idx_file((2, 2, 2), bytes(8)), mtime=0),
            r"got 1f8b0800, gzip within gzip .unpack it once",
        ),
    ],
)
def test_damaged_idx_files_are_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "damaged.gz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"damaged\.gz: .*{words}"):
        read_idx(path, (2, 2))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.gz: the file must be readable; got .*No such file"):
        read_idx(tmp_path / "none.gz")


def test_of_any_shape_packed_or_plain(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(gzip.decompress(idx_file((2, 1, 3, 2), bytes(range(12)))))
    assert read_idx(path, None).tolist() == np.arange(12).reshape(2, 1, 3, 2).tolist()
    path.write_bytes(idx_file((2, 3), bytes(range(6))))
    assert read_idx(path, None).shape == (2, 3)
    path.write_bytes(idx_file((2,) * 5, bytes(32)))
    with pytest.raises(InputError, match=r"must be 00000801 \.\. 00000804"):
        read_idx(path, None)


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
