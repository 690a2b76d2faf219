"""The worked example's numbers are those of the network."""

import numpy as np
from builders.integer_networks import dense as matrix
from builders.integer_networks import fc, filters, graph, network, population

from hwsearch.export.c.example import worked_example


def test_a_neuron_in_numbers():
    layers = [fc([[3, 0], [2, -1]], [1, 1], [10, 90], f=1), fc([[1, 1]], [0], name="readout")]
    text = worked_example(network(layers, timesteps=2, shape=(1, 1, 2)), np.array([[[[2, 5]]]]))
    # of the second neuron: 2 * 2 - 5 = -1, doubled, and the bias
    assert "neuron (1, 0, 0) of `fc1`" in text
    assert "(2) * 2 + (-1) * 5 = -1; f = 1: -2" in text
    assert "a = -1" in text
    assert "below the threshold 90: no spike" in text


def test_a_filter_in_numbers():
    plane = np.ones((1, 1, 3, 3), np.int32)
    net = graph(
        [population("conv1", [0], [5], size=(2, 2)), population("readout", [0])],
        [filters("conv1", -1, 0, plane, (2, 2)), matrix("readout", 0, 1, [[1, 1, 1, 1]], fan_columns=4, readout=True)],
        timesteps=1, shape=(1, 2, 2),
    )  # fmt: skip
    text = worked_example(net, np.array([[[[1, 2], [3, 0]]]]))
    assert "(1) * 1 + (1) * 2 + (1) * 3 = 6; f = 0: 6" in text
    assert "at least the threshold 5: a spike, and v becomes 0" in text
    assert "the potentials are 4: class 0" in text
