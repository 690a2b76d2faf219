"""Files that know their name and content: any byte that changes is noticed, before anything is read."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.errors import RecordError
from hwsearch.network.store import load_tensors, save_tensors
from hwsearch.search.store.sealed import load_sealed, save_sealed

TENSORS = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.array([[True, False]])}
VALUES = {"accuracy": 0.9, "said": 'a "checksum": in a text', "none": None, "list": [1, 2]}


@pytest.fixture(scope="module")
def sealed(tmp_path_factory):
    path = tmp_path_factory.mktemp("sealed") / "trained-1.safetensors"
    save_sealed(path, TENSORS, VALUES)
    return path, path.read_bytes()


def test_it_comes_back_and_is_an_ordinary_safetensors_file(sealed):
    path, _ = sealed
    tensors, values = load_sealed(path)
    assert values == VALUES
    assert {name: (t.dtype, t.tolist()) for name, t in tensors.items()} == {
        name: (t.dtype, t.tolist()) for name, t in TENSORS.items()
    }
    assert load_tensors(path)[1]["accuracy"] == 0.9
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_every_flipped_bit_is_noticed(sealed, tmp_path):
    path, data = sealed
    other = tmp_path / path.name
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1 << place % 8
        other.write_bytes(changed)
        with pytest.raises(RecordError):
            load_sealed(other)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.data())
def test_what_is_cut_put_in_or_put_over_is_noticed(sealed, tmp_path_factory, draw):
    path, data = sealed
    start = draw.draw(st.integers(0, len(data)))
    end = draw.draw(st.integers(start, len(data)))
    changed = data[:start] + draw.draw(st.binary(max_size=40)) + data[end:]
    other = tmp_path_factory.mktemp("changed") / path.name
    other.write_bytes(changed)
    if changed == data:
        assert load_sealed(other) is not None
    else:
        with pytest.raises(RecordError):
            load_sealed(other)


def test_a_file_of_another_name_is_named(sealed, tmp_path):
    _, data = sealed
    other = tmp_path / "trained-2.safetensors"
    other.write_bytes(data)
    with pytest.raises(RecordError, match=r"written as trained-1\.safetensors"):
        load_sealed(other)


def test_a_file_without_a_seal_is_read_where_that_is_asked_for(tmp_path):
    path = tmp_path / "a"
    assert load_sealed(path) is None
    save_tensors(path, TENSORS, VALUES)
    with pytest.raises(RecordError, match="no checksum"):
        load_sealed(path)
    assert load_sealed(path, unsealed=True)[1] == VALUES
    path.write_bytes(b"")
    with pytest.raises(RecordError, match="cannot be read"):
        load_sealed(path, unsealed=True)
    path.unlink()
    path.mkdir()
    with pytest.raises(RecordError, match="cannot be read"):
        load_sealed(path, unsealed=True)


def test_a_name_of_the_seal_is_no_value(tmp_path):
    with pytest.raises(ValueError, match="file"):
        save_sealed(tmp_path / "a", {}, {"file": 1})


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "trained-1.safetensors")
    with pytest.raises(RecordError, match="no regular file"):
        load_sealed(tmp_path / "trained-1.safetensors")
