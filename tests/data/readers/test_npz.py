"""Arrays of an npz: what is written is read; objects, damage and what is missing are refused."""

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwsearch.data.readers.npz import read_array, read_npz
from hwsearch.errors import InputError
from hwsearch.study.data_section import NpzData

X = np.arange(24).reshape(6, 4)
Y = np.repeat([0, 1], 3)
PART = np.array(["train", "train", "test"] * 2)


def write(folder: Path, **arrays: Any) -> Path:
    np.savez(folder / "w.npz", **arrays)
    return folder / "w.npz"


def test_arrays_groups_and_parts(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "w.npz", samples=X, state=Y, machine=["a", "b", "c"] * 2, part=PART)
    data = NpzData(
        npz="w.npz", x="samples", y="state", group="machine", part="part", root=str(tmp_path), axes="NC"
    )
    samples = read_npz(data)
    assert samples.x.shape == (6, 4, 1, 1)
    assert samples.y.tolist() == Y.tolist()
    assert samples.group_names == ("a", "b", "c")
    assert samples.official_test is not None
    assert samples.official_test.tolist() == [False, False, True] * 2


def unpickled(*_: Any) -> None:
    raise AssertionError("something was unpickled")


class Bomb:
    def __reduce__(self) -> Any:
        return unpickled, ()


def npy(array: Any, *, cut: int = 0) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()[: len(stream.getvalue()) - cut]


def header(shape: str) -> bytes:
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def zipped(folder: Path, **files: bytes) -> None:
    with zipfile.ZipFile(folder / "w.npz", "w") as archive:
        for name, content in files.items():
            archive.writestr(f"{name}.npy", content)


BROKEN: list[tuple[Any, dict[str, Any], str]] = [
    ({"x": X}, {}, r"data\.y: w\.npz must have this array; got 'y' \(known arrays: x\)"),
    ({"x": X, "y": Y}, {"group": "machne"}, r"data\.group: .* got 'machne'"),
    ({"x": X, "y": Y, "machine": Y}, {"group": "machne"}, r"did you mean 'machine'"),
    ({"x": X, "y": Y[:4]}, {}, r"w\.npz: y: there must be one label for each of the 6 samples"),
    ({"x": X, "y": Y + 1}, {}, r"w\.npz: y: classes must be numbered 0"),
    ({"x": X / 0.0 if False else np.full((6, 2), np.nan), "y": Y}, {}, r"w\.npz: x: values must be finite"),
    ({"x": X, "y": Y, "p": np.arange(6)}, {"part": "p"}, r"w\.npz: p: parts must be train or test, as text; got type"),
    ({"x": X, "y": Y, "p": ["val"] * 6}, {"part": "p"}, r"w\.npz: p: parts must be train or test.*got 'val'"),
    ({"x": X, "y": Y, "p": ["test"] * 6}, {"part": "p"}, r"w\.npz: p: both parts must have samples"),
    ({"x": X[:, :, None], "y": Y}, {}, r"data\.axes: .*got x of shape \(6, 4, 1\) in w\.npz"),
]  # fmt: skip


@pytest.mark.parametrize(("arrays", "keys", "words"), BROKEN)
def test_arrays_that_break_a_law(tmp_path: Path, arrays: Any, keys: dict[str, Any], words: str) -> None:
    write(tmp_path, **arrays)
    with pytest.raises(InputError) as caught:
        read_npz(NpzData(npz="w.npz", root=str(tmp_path), **keys))
    assert re.search(words, str(caught.value)), str(caught.value)


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (
            npy(np.array([Bomb()] * 6, object)),
            r"w\.npz: x: arrays of objects are not read.*x\.astype\(float\)",
        ),
        (npy(X, cut=8), r"w\.npz: x: an array of shape \(6, 4\) and type int64 must have 192 bytes; got 184"),
        (b"<html>", r"w\.npz: x: it must be an array as numpy\.savez writes it"),
        (header("(1000000000, 100)"), r"w\.npz: x: an array may take 4 GiB of memory at most"),
        (header("(6, 4)"), r"must have 192 bytes; got 0 bytes"),
    ],
)
def test_files_that_are_no_arrays(tmp_path: Path, x: bytes, words: str) -> None:
    zipped(tmp_path, x=x, y=npy(Y))
    with pytest.raises(InputError, match=words):
        read_npz(NpzData(npz="w.npz", root=str(tmp_path)))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "got an empty file"),
        (b"<!DOCTYPE html>", "got a web page"),
        (b"\x80\x04cos\nsystem\n", "got a pickle"),
        (npy(X), "it must be a folder, or a zip"),
    ],
)
def test_files_that_are_no_npz(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "w.npz").write_bytes(content)
    with pytest.raises(InputError, match=rf"w\.npz: .*{words}"):
        read_npz(NpzData(npz="w.npz", root=str(tmp_path)))


def test_one_array_is_read_as_it_is_and_another_name_is_suggested(tmp_path: Path) -> None:
    path = write(tmp_path, x=X / 2)
    assert np.array_equal(read_array(path, "x"), X / 2)
    with pytest.raises(InputError, match=r"w\.npz must have this array.*did you mean 'x'"):
        read_array(path, "xx")
