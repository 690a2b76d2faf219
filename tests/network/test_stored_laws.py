"""Settings and arrays that are no network are told by the first law that they break."""

import copy
import json

import numpy as np
import pytest
from builders.integer_networks import fc, network
from builders.random_networks import random_network

from hwsearch.errors import RecordError
from hwsearch.network.store import network_arrays, network_from, network_settings
from hwsearch.network.stored_laws import network_fault

NETWORK = network(
    [fc([[3, -1], [0, 2]], [1, -7], [10, 20], f=2), fc([[1, 0]], [0], None, name="readout")],
    timesteps=4, shape=(1, 1, 2),
)  # fmt: skip
SETTINGS = json.loads(json.dumps(network_settings(NETWORK)))


@pytest.mark.parametrize("seed", range(20))
def test_a_network_breaks_no_law(seed):
    net, _ = random_network(np.random.default_rng(seed))
    assert network_fault(network_settings(net), network_arrays(net)) == ""


@pytest.mark.parametrize(
    ("at", "value", "words"),
    [
        ("populations.0.law.leak_shift", 10**18, "less than or equal to 31; got 1000000000000000000"),
        ("populations.0.law", None, "no other, must be the readout"),
        ("populations.0.size", [60000, 60000], "neurons at most"),
        ("populations.1.name", "fc1", "names of their own"),
        ("populations.0.name", "a */ int evil; /*", "populations.0.name"),  # it would stand in a comment of C
        ("connections.0.name", "fc1\n", "connections.0.name"),
        ("connections.0.target", 9, "must be populations"),
        ("connections.0.source", 1, "nothing may read the readout"),
        ("connections.1.source", 1, "nothing may read the readout"),
        ("connections.0.in_channels", 3, "in_channels must be 2"),
        ("connections.0.pooling.window", [2, 2], "pools a map of 1 x 2 away"),
        ("connections.1.fraction_bits", 64, "less than or equal to 31"),
        ("weight_bits", [4], "one a connection; got 1"),
        ("weight_bits", [2, 4], "weights of 2 bits must lie in -1 .. 1"),
        ("timesteps", 1e9, "valid integer"),
        ("input.max", 2**40, "less than or equal to 65535"),
        ("readout", {"leak_shift": -1}, "greater than or equal to 1"),
        ("state_bits", True, "valid integer"),
    ],
)
def test_what_is_no_network_is_told(at, value, words):
    settings = copy.deepcopy(SETTINGS)
    *parents, last = [int(part) if part.isdigit() else part for part in at.split(".")]
    inner = settings
    for part in parents:
        inner = inner[part]
    inner[last] = value
    assert words in network_fault(settings, network_arrays(NETWORK))
    with pytest.raises(RecordError):
        network_from(settings, network_arrays(NETWORK))


@pytest.mark.parametrize(
    ("name", "array", "words"),
    [
        ("fc1.weight", None, "fc1.weight: the array is missing"),
        ("fc1.bias", np.zeros(3, int), "whole numbers of shape (2,)"),
        ("fc1.threshold", np.zeros(2), "got float64"),
        ("fc1.bias", np.full(2, 2**40), "must be of 32 bits"),
    ],
)
def test_arrays_that_are_not_its_are_told(name, array, words):
    arrays = network_arrays(NETWORK)
    if array is None:
        del arrays[name]
    else:
        arrays[name] = array
    assert words in network_fault(SETTINGS, arrays)


@pytest.mark.parametrize("settings", [None, [], {}, {"layers": 3}, {"layers": [{"name": 1}]}, "x" * 10])
def test_what_are_no_settings_at_all_is_told(settings):
    with pytest.raises(RecordError):
        network_from(settings, {})
