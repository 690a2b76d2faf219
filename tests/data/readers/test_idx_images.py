"""Images and labels of idx files: shapes, parts; what does not go together is named."""

import gzip
import re
from pathlib import Path

import numpy as np
import pytest
from builders.idx import idx_file

from hwsearch.data.readers.idx_images import read_idx_data
from hwsearch.errors import InputError
from hwsearch.study.data_section import IdxData, IdxFiles

LABELS = bytes([0, 1] * 3)


def write(root: Path, **files: bytes) -> None:
    for name, content in files.items():
        (root / name).write_bytes(content)


def data(root: Path, *names: str) -> IdxData:
    keys = dict(zip(("images", "labels", "test_images", "test_labels"), names, strict=False))
    return IdxData(idx=IdxFiles(**keys), root=str(root))


@pytest.mark.parametrize(
    ("shape", "full"), [((6, 5), (6, 5, 1, 1)), ((6, 2, 3), (6, 1, 2, 3)), ((6, 3, 2, 2), (6, 3, 2, 2))]
)
def test_shapes_packed_and_plain(tmp_path: Path, shape: tuple[int, ...], full: tuple[int, ...]) -> None:
    body = bytes(range(np.prod(shape)))
    write(tmp_path, x=idx_file(shape, body), y=gzip.decompress(idx_file((6,), LABELS)))
    samples = read_idx_data(data(tmp_path, "x", "y"))
    assert samples.x.shape == full
    assert samples.x.tobytes() == body
    assert (samples.y.tolist(), samples.input_max, samples.official_test) == (list(LABELS), 255, None)


def test_four_files(tmp_path: Path) -> None:
    write(tmp_path, x=idx_file((6, 2, 2), bytes(24)), y=idx_file((6,), LABELS))
    samples = read_idx_data(data(tmp_path, "x", "y", "x", "y"))
    assert samples.official_test is not None
    assert samples.official_test.tolist() == [False] * 6 + [True] * 6


X, Y = idx_file((6, 2, 2), bytes(24)), idx_file((6,), LABELS)
BROKEN: list[tuple[dict[str, bytes], str]] = [
    ({"x": X}, r"data\.idx\.labels: the file or folder must exist; got no 'y'.*there is x"),
    ({}, r"data\.idx\.images: .*\n.*data\.idx\.labels: "),
    ({"x": X, "y": Y[:-9]}, r"y: the file must be a readable gzip file"),
    ({"x": gzip.compress(X, mtime=0), "y": Y}, r"x: the magic number .*gzip within gzip \(unpack it once\)"),
    ({"x": b"<!DOCTYPE html>", "y": Y}, r"x: the magic number .*the beginning of a web page"),
    ({"x": b"", "y": b""}, r"x: .*got an empty file.*\n.*y: .*got an empty file"),
    ({"x": idx_file((6, 2, 2), bytes(23)), "y": Y}, r"x: the header's shape \(6, 2, 2\) needs exactly 24 bytes"),
    ({"x": X, "y": idx_file((5,), LABELS[:5])}, r"y: there must be one label for each of the 6 images; got 5 labels"),
    ({"x": X, "y": idx_file((6,), bytes([1, 2] * 3))}, r"y: classes must be numbered 0 \.\. K - 1.*got 1, 2"),
    ({"x": X, "y": idx_file((6,), bytes(6))}, r"y: there must be at least two classes; got only '0'"),
    ({"x": X, "y": idx_file((6,), bytes([0, 0, 0, 0, 0, 1]))}, r"y: each class must have at least 3 samples"),
    ({"x": idx_file((6,), bytes(6)), "y": Y}, r"data\.idx\.images: it must hold images, or rows of inputs"),
    ({"x": X, "y": X}, r"y: the magic number must be 00000801 \(idx, unsigned bytes\); got 00000803"),
    ({"x": idx_file((6, 2, 2), bytes(96), kind=13), "y": Y}, r"x: .*got 00000d03 \(save it as unsigned bytes\)"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "words"), BROKEN)
def test_what_breaks_a_law_is_named(tmp_path: Path, files: dict[str, bytes], words: str) -> None:
    write(tmp_path, **files)
    with pytest.raises(InputError) as caught:
        read_idx_data(data(tmp_path, "x", "y"))
    assert re.search(words, str(caught.value)), str(caught.value)


def test_both_parts_have_one_shape(tmp_path: Path) -> None:
    write(tmp_path, x=X, y=Y, tx=idx_file((6, 2, 3), bytes(36)))
    with pytest.raises(
        InputError, match=r"data\.idx\.test_images: .* those of x have \(1, 2, 2\); got \(1, 2, 3\)"
    ):
        read_idx_data(data(tmp_path, "x", "y", "tx", "y"))


def test_a_data_set_by_name_has_a_shape_and_classes(tmp_path: Path) -> None:
    write(tmp_path, x=X, y=Y)
    with pytest.raises(InputError, match=r"x: one item must have the shape \(28, 28\); got \(2, 2\)"):
        read_idx_data(data(tmp_path, "x", "y"), (28, 28))
    with pytest.raises(InputError, match=r"y: labels must lie in 0 \.\. 0; got 1"):
        read_idx_data(data(tmp_path, "x", "y"), classes=1)
