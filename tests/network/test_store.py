"""Networks and parameters on disk: what is written is what is read, and what is damaged is refused."""

from dataclasses import replace

import numpy as np
import pytest
from builders.integer_networks import fc, network
from builders.stacks import spec

from hwsearch.errors import RecordError
from hwsearch.network.stack import initial_params
from hwsearch.network.store import (
    load_params,
    load_tensors,
    network_arrays,
    network_digest,
    network_from,
    network_settings,
    save_params,
    save_tensors,
)

NETWORK = network(
    [fc([[3, -1], [0, 2]], [1, -7], [10, 20], f=2), fc([[1, 0]], [0], None, f=-1, name="readout")],
    timesteps=4, reset="subtract", shape=(1, 1, 2),
)  # fmt: skip


def test_a_network_comes_back_from_a_file(tmp_path):
    path = tmp_path / "folder" / "network.safetensors"
    save_tensors(path, network_arrays(NETWORK), {"network": network_settings(NETWORK)})
    arrays, values = load_tensors(path)
    back = network_from(values["network"], arrays)
    assert replace(back, layers=()) == replace(NETWORK, layers=())
    for first, second in zip(back.layers, NETWORK.layers, strict=True):
        assert (first.name, first.kind, first.fraction_bits, first.pool) == (
            second.name, second.kind, second.fraction_bits, second.pool,
        )  # fmt: skip
        assert np.array_equal(first.weight, second.weight)
        assert np.array_equal(first.bias, second.bias)
        assert (first.threshold is None) == (second.threshold is None)
        assert first.threshold is None or np.array_equal(first.threshold, second.threshold)
    assert network_digest(back) == network_digest(NETWORK)
    assert [file.name for file in path.parent.iterdir()] == [
        "network.safetensors"
    ]  # nothing unfinished is left


@pytest.mark.parametrize(
    "changed",
    [
        replace(NETWORK, timesteps=5),
        replace(NETWORK, reset="zero"),
        replace(NETWORK, layers=(fc([[3, -1], [0, 2]], [1, -7], [10, 21], f=2), NETWORK.layers[1])),
        replace(NETWORK, layers=(fc([[3, -1], [0, 2]], [1, -7], [10, 20], f=1), NETWORK.layers[1])),
        replace(NETWORK, layers=(fc([[3, -1, 0, 2]], [1, -7], [10, 20], f=2), NETWORK.layers[1])),
    ],
)
def test_the_digest_is_of_all_that_is_computed(changed):
    assert network_digest(changed) != network_digest(NETWORK)


@pytest.mark.parametrize("batch_norm", [True, False])
def test_parameters_come_back_bit_for_bit(tmp_path, batch_norm):
    params = initial_params(spec("4c3-p2-fc5", batch_norm=batch_norm), 0)
    save_params(tmp_path / "params.safetensors", params)
    for first, second in zip(load_params(tmp_path / "params.safetensors"), params, strict=True):
        assert np.array_equal(first.weight, second.weight)
        assert np.array_equal(first.bias, second.bias)
        assert (first.norm is None) == (second.norm is None)
        assert first.norm is None or np.array_equal(first.norm, second.norm)


def test_a_damaged_file_is_refused(tmp_path):
    path = tmp_path / "params.safetensors"
    with pytest.raises(RecordError, match="whole safetensors file"):
        load_params(path)
    save_params(path, initial_params(spec("fc5"), 0))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(RecordError, match="whole safetensors file"):
        load_params(path)
