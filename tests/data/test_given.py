"""Arrays of other libraries come in as numpy's, and as a file that is never pickled."""

import numpy as np
import pandas as pd
import pytest
import torch

from hwsearch.data.given import digest_of_arrays, numpy_of, read_arrays, write_arrays
from hwsearch.errors import InputError, RecordError

ROWS = [[1.0, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize(
    "value",
    [ROWS, np.array(ROWS), torch.tensor(ROWS), torch.tensor(ROWS, requires_grad=True), pd.DataFrame(ROWS)],
    ids=lambda value: type(value).__name__,
)
def test_each_kind_of_array_is_taken(value):
    found = numpy_of(value, "x")
    assert isinstance(found, np.ndarray)
    assert found.tolist() == ROWS


def test_text_of_pandas_becomes_text_of_numpy():
    assert numpy_of(pd.Series(["worn", "good"]), "y").dtype.kind == "U"
    assert numpy_of(pd.Series(["worn", None], dtype=object), "y").dtype.kind == "O"  # refused as samples


@pytest.mark.parametrize("value", [[[1], [2, 3]], torch.zeros(2, dtype=torch.bfloat16)])
def test_what_is_no_array_is_refused_by_its_argument(value):
    with pytest.raises(
        InputError, match=r"^x: it must be an array, a tensor, or a list of rows of equal length; got"
    ):
        numpy_of(value, "x")


def test_the_digest_is_of_types_shapes_and_values():
    x, y = np.arange(6.0).reshape(2, 3), np.array(["a", "b"])
    others = [{"x": x + 1, "y": y}, {"x": x.T, "y": y}, {"x": x.astype(np.float32), "y": y}, {"x": x, "z": y}]
    digests = {digest_of_arrays(arrays) for arrays in ({"x": x, "y": y}, *others)}
    assert len(digests) == 5
    assert digest_of_arrays({"y": y, "x": np.asfortranarray(x)}) == digest_of_arrays({"x": x, "y": y})


def test_a_file_gives_back_what_was_written_and_the_same_bytes(tmp_path):
    arrays = {"x": np.arange(6, dtype=np.uint8).reshape(2, 3), "y": np.array(["a", "b"])}
    for name in ("a.npz", "b.npz"):
        write_arrays(arrays, tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    found = read_arrays(tmp_path / "a.npz")
    assert {name: array.tolist() for name, array in found.items()} == {
        "x": [[0, 1, 2], [3, 4, 5]],
        "y": ["a", "b"],
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz", "b.npz"]


def test_objects_are_never_pickled_nor_unpickled(tmp_path):
    objects = np.array([{}, None], dtype=object)
    with pytest.raises(ValueError, match="Python objects"):
        write_arrays({"x": objects}, tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", x=objects)
    (tmp_path / "c.npz").write_bytes(b"PK\x03\x04")
    for name in ("b.npz", "c.npz", "gone.npz"):
        with pytest.raises(RecordError, match="must be as they were written"):
            read_arrays(tmp_path / name)
