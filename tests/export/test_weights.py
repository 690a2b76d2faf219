"""Weights as the device stores them: the priced bytes, and the same integers again."""

import numpy as np
import pytest
from builders.exports import FORMATS_OF_LAYERS, network
from safetensors.numpy import load_file

import hwsearch
from hwsearch.errors import RecordError
from hwsearch.export.weights import packed_bytes, read_weights, weights_facts, write_weights
from hwsearch.network.store import network_digest, save_tensors


def test_the_network_is_read_from_its_packed_bytes(tmp_path):
    n_bytes = write_weights(tmp_path / "w", network(), FORMATS_OF_LAYERS, 16, {"trial": 3})
    found, arrays = read_weights(tmp_path / "w")
    assert network_digest(found) == network_digest(network())
    # dense: 4 weights; bitmap: 4 bits in a byte, and 3 weights
    assert n_bytes == packed_bytes(arrays) == 4 + 1 + 3
    assert arrays["readout.mask"].tolist() == [[True, False], [True, True]]
    assert arrays["fc1.weight"].dtype == np.int8
    assert "readout.threshold" not in arrays
    assert weights_facts(tmp_path / "w")["identity"] == {"trial": 3}


def test_a_file_that_describes_no_network_is_refused(tmp_path):
    save_tensors(tmp_path / "w", {"inputs": np.zeros(2)}, {})
    with pytest.raises(RecordError, match="must describe a whole network; got: KeyError"):
        read_weights(tmp_path / "w")


def test_the_packed_bytes_are_the_priced_bytes(finished, tmp_path):
    result = hwsearch.load_run(finished)
    folder = result.export(to=tmp_path / "model", formats=["weights"])
    assert packed_bytes(load_file(folder / "weights.safetensors")) == result.pick()["weight_bytes"]


def test_a_removed_channel_is_not_in_the_file(finished, tmp_path):
    result = hwsearch.load_run(finished)
    trials = result.trials.query("outcome == 'trained' and granularity == 'channel'")
    folder = result.export(int(trials["trial"].iloc[0]), to=tmp_path / "model")
    found, _ = read_weights(folder / "weights.safetensors")
    assert sum(len(connection.weight) for connection in found.connections) < 24 + 16 + 10
