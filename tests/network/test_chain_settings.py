"""Chains of layers of old files, as populations and connections."""

import numpy as np

from hwsearch.network.chain_settings import graph_settings
from hwsearch.network.integer import run_integer
from hwsearch.network.store import network_from

# 2 channels of 2 by 4, pooled by windows of 2 to 2 channels of 1 by 2, and a readout of those four
CHAIN = {
    "layers": [
        {"name": "conv1", "kind": "conv", "fraction_bits": 1, "pool": 2, "out_size": [2, 4], "fan_columns": 1},
        {"name": "readout", "kind": "fc", "fraction_bits": 0, "pool": 1, "out_size": [1, 1], "fan_columns": 2},
    ],
    "weight_bits": [8, 4], "timesteps": 2, "leak_shift": None, "reset": "zero", "pool": "sum",
    "input_shape": [1, 2, 4], "input_max": 9, "input_bits": 4, "state_bits": 16, "accumulator_bits": 24,
}  # fmt: skip
ARRAYS = {
    "conv1.weight": np.array([1, 2]).reshape(2, 1, 1, 1), "conv1.bias": np.array([0, 1]),
    "conv1.threshold": np.array([6, 9]), "readout.weight": np.array([[1, 1, 0, 0], [0, 0, 1, 1]]),
    "readout.bias": np.array([0, 0]),
}  # fmt: skip


def test_each_layer_is_a_connection_and_the_population_that_it_enters():
    settings = graph_settings(CHAIN, {"conv1": (2, 1, 1, 1), "readout": (2, 4)})
    first, last = settings["connections"]
    assert (first["source"], first["target"], first["in_size"], first["out_size"]) == (-1, 0, [2, 4], [2, 4])
    assert (first["kernel"], first["in_channels"], first["out_channels"]) == ([1, 1], 1, 2)
    assert (last["source"], last["target"], last["fan_columns"], last["readout"]) == (0, 1, 2, True)
    # the pooling behind a layer is that of what reads it
    assert first["pooling"]["window"] == [1, 1]
    assert last["pooling"] == {"window": [2, 2], "kind": "sum"}
    hidden, readout = settings["populations"]
    assert hidden["law"] == {"leak_shift": None, "threshold": 1.0, "reset": "zero"}
    assert (hidden["flat"], readout["flat"], readout["law"]) == (False, True, None)


def test_it_computes_what_it_computed():
    net = network_from(CHAIN, ARRAYS)
    assert (net.weight_bits, net.state_bits, net.accumulator_bits) == ((8, 4), 16, 24)
    # 2x a timestep for the first channel, threshold 6: pixels of 3 fire at once. 4x + 1, threshold 9: pixels of 2 do
    x = np.array([[[[3, 0, 2, 0], [0, 0, 0, 3]]]], np.uint8)
    run = run_integer(net, x, trace=True)
    # first channel: one of a window, and one; the 2 fires in the second timestep (8). second: one, and two
    assert run.membranes[-1][:, 0].tolist() == [[2, 3], [5, 6]]
