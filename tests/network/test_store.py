"""Networks and parameters on disk: what is written is what is read, and what is damaged is refused."""

import json

import numpy as np
import pytest
from builders.graphs import spec
from builders.integer_networks import fc, network
from builders.random_networks import networks, random_network
from hypothesis import given, settings

from hwsearch.errors import RecordError
from hwsearch.graph.graph import Readout
from hwsearch.network.params import initial_params
from hwsearch.network.store import (
    load_params,
    load_tensors,
    network_arrays,
    network_digest,
    network_from,
    network_settings,
    params_arrays,
    save_params,
    save_tensors,
)


def chain(first, **changes):
    return network(
        [first, fc([[1, 0]], [0], None, f=-1, name="readout")],
        **{"timesteps": 4, "reset": "subtract", "shape": (1, 1, 2)} | changes,
    )


FIRST = fc([[3, -1], [0, 2]], [1, -7], [10, 20], f=2)
NETWORK = chain(FIRST)


def test_a_network_comes_back_from_a_file(tmp_path):
    path = tmp_path / "folder" / "network.safetensors"
    save_tensors(path, network_arrays(NETWORK), {"network": network_settings(NETWORK)})
    arrays, values = load_tensors(path)
    back = network_from(values["network"], arrays)
    assert network_settings(back) == network_settings(NETWORK)
    stored, wanted = network_arrays(back), network_arrays(NETWORK)
    assert list(stored) == list(wanted)
    assert all(np.array_equal(stored[name], wanted[name]) for name in wanted)
    assert [p.threshold is None for p in back.populations] == [False, True]
    assert network_digest(back) == network_digest(NETWORK)
    assert [file.name for file in path.parent.iterdir()] == [
        "network.safetensors"
    ]  # nothing unfinished is left


@given(case=networks(n_inputs=1))
@settings(max_examples=40, deadline=None)
def test_graphs_come_back_whole(case):
    net, _ = case
    plain = json.loads(json.dumps(network_settings(net)))
    back = network_from(plain, network_arrays(net))
    assert [p.shape for p in back.populations] == [p.shape for p in net.populations]
    assert [(c.shape, c.fraction_bits) for c in back.connections] == [
        (c.shape, c.fraction_bits) for c in net.connections
    ]
    assert (back.input, back.readout, back.timesteps) == (net.input, net.readout, net.timesteps)
    assert (back.state_bits, back.accumulator_bits) == (net.state_bits, net.accumulator_bits)
    assert network_digest(back) == network_digest(net)


def test_the_arrays_of_a_graph_are_those_of_connections_and_populations():
    params = initial_params(spec("res(4c3-1c3)-r5"), 0)
    assert list(params_arrays(params)) == ["0.weight", "1.weight", "2.weight", "3.weight", "4.weight", "5.weight",
                                           "0.bias", "1.bias", "2.bias", "3.bias"]  # fmt: skip
    net = random_network(np.random.default_rng(3))[0]
    names = [c.shape.name for c in net.connections]
    arrays = network_arrays(net)
    assert [name for name in arrays if name.endswith(".weight")] == [f"{name}.weight" for name in names]
    assert len([name for name in arrays if name.endswith(".bias")]) == len(net.populations)
    assert len([name for name in arrays if name.endswith(".threshold")]) == len(net.populations) - 1


@pytest.mark.parametrize(
    "changed",
    [
        chain(FIRST, timesteps=5),
        chain(FIRST, reset="zero"),
        chain(FIRST, readout=Readout(last=2)),
        chain(fc([[3, -1], [0, 2]], [1, -7], [10, 21], f=2)),
        chain(fc([[3, -1], [0, 2]], [1, -7], [10, 20], f=1)),
        chain(fc([[3, -1, 0, 2]], [1, -7], [10, 20], f=2)),
    ],
)
def test_the_digest_is_of_all_that_is_computed(changed):
    assert network_digest(changed) != network_digest(NETWORK)
    assert network_digest(chain(FIRST)) == network_digest(NETWORK)


@pytest.mark.parametrize("norm", [True, False])
def test_parameters_come_back_bit_for_bit(tmp_path, norm):
    params = initial_params(spec("4c3-p2-res(4c3)-r5", norm=norm), 0)
    save_params(tmp_path / "params.safetensors", params)
    back = load_params(tmp_path / "params.safetensors")
    for stored, wanted in (
        (back.weights, params.weights),
        (back.biases, params.biases),
        (back.norms, params.norms),
    ):
        assert [each is None for each in stored] == [each is None for each in wanted]
        pairs = zip(stored, wanted, strict=True)
        assert all(np.array_equal(a, b) for a, b in pairs if b is not None)


def test_a_damaged_file_is_refused(tmp_path):
    path = tmp_path / "params.safetensors"
    with pytest.raises(RecordError, match="whole safetensors file"):
        load_params(path)
    save_params(path, initial_params(spec("fc5"), 0))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(RecordError, match="whole safetensors file"):
        load_params(path)
