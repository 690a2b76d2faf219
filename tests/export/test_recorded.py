"""Recorded inputs that are not the network's are refused before anything is computed."""

import numpy as np
import pytest
from builders.exports import INPUTS, model, network, put

from hwsearch.errors import RecordError
from hwsearch.export import recorded
from hwsearch.export.bundle import verify, write_export
from hwsearch.export.recorded import CHECK, run_recorded
from hwsearch.network.store import load_tensors, save_tensors


@pytest.fixture
def folder(tmp_path):
    return write_export(model(), tmp_path / "model")


def test_a_network_is_run_on_what_was_recorded(folder):
    net, arrays, run = run_recorded(folder)
    assert net.timesteps == network().timesteps
    assert np.array_equal(arrays["inputs"], INPUTS)
    assert np.array_equal(run.predictions, arrays["predictions"])


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        (np.zeros((0, 1, 1, 2), np.uint8), "shape (0, 1, 1, 2)"),
        (np.zeros((2, 1, 2, 2), np.uint8), "not 1 .. 4096 of shape (1, 1, 2)"),
        (np.zeros((5000, 1, 1, 2), np.uint8), "shape (5000, 1, 1, 2)"),
        (np.zeros((2, 1, 1, 2)), "inputs of float64"),
        (np.full((2, 1, 1, 2), 11, np.uint8), "inputs from 11 to 11, where 0 to 10 are read"),
    ],
)
def test_inputs_that_are_not_its_are_refused(folder, inputs, words):
    arrays, values = load_tensors(folder / CHECK)
    save_tensors(folder / CHECK, arrays | {"inputs": inputs}, values)
    put(folder, CHECK, (folder / CHECK).read_bytes())
    with pytest.raises(RecordError) as caught:
        run_recorded(folder)
    assert words in str(caught.value)
    assert "behaviour" in [check.name for check in verify(folder) if not check.passed]


@pytest.mark.parametrize("name", ["MOST_WORK", "MOST_TRACE"])
def test_work_without_end_is_refused(folder, monkeypatch, name):
    monkeypatch.setattr(recorded, name, 3)
    with pytest.raises(RecordError, match="3 are checked at most"):
        run_recorded(folder)
