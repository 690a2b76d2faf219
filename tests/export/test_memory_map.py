"""What firmware knows of a network's place in memory."""

from dataclasses import replace

import numpy as np
import pytest
from builders.exports import FORMATS_OF_LAYERS, network
from builders.integer_networks import dense, graph, population

from hwsearch.export.memory_map import memory_map, moved
from hwsearch.hardware.storage import FORMATS


def with_weights(net, weight):
    connections = (replace(net.connections[0], weight=np.array(weight, np.int32)), *net.connections[1:])
    return replace(net, connections=connections)


def test_other_values_in_the_same_places_may_follow():
    before = memory_map(network(), FORMATS_OF_LAYERS, 16)
    assert moved(before, memory_map(with_weights(network(), [[-7, 5], [0, 1]]), FORMATS_OF_LAYERS, 16)) == ""


def test_a_bitmap_is_of_which_weights_are_not_zero():
    net = network()
    readout = replace(net.connections[1], weight=np.array([[1, 0], [1, 0]], np.int32))
    other = replace(net, connections=(net.connections[0], readout))
    formats = ("dense", "bitmap")
    words = moved(memory_map(net, formats, 16), memory_map(other, formats, 16))
    assert words == "the weights of readout would be stored otherwise"


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("dense", "kernel")])
def test_indices_of_every_sparse_format_are_compared(name):
    weight = np.zeros((8, 64), np.int32)
    weight[::2, ::8] = 3
    moved_weight = np.roll(weight, 1, axis=1 if name != "block:4" else 0)
    nets = [
        graph(
            [population("fc1", [0] * 8, [5] * 8), population("readout", [0, 0])],
            [dense("fc1", -1, 0, each), dense("readout", 0, 1, np.ones((2, 8)), readout=True)],
            timesteps=2, shape=(1, 1, 64),
        )
        for each in (weight, -weight, moved_weight)
    ]  # fmt: skip
    same, negated, other = (memory_map(net, (name, "dense"), 16) for net in nets)
    assert moved(same, negated) == ""
    if name.partition(":")[0] != "block" or name == "block:4":
        assert moved(same, other) == "the weights of fc1 would be stored otherwise"


def test_thresholds_that_need_more_bytes_do_not_fit():
    net = network()
    first = replace(net.populations[0], threshold=np.array([5, 70_000], np.int32))
    wide = replace(net, populations=(first, *net.populations[1:]))
    maps = [memory_map(each, FORMATS_OF_LAYERS, 16) for each in (net, wide)]
    assert moved(*maps) == "biases or thresholds would take other types in C"


def test_widths_and_timesteps_are_the_same():
    net = network()
    other = memory_map(replace(net, timesteps=3), FORMATS_OF_LAYERS, 16)
    assert moved(memory_map(net, FORMATS_OF_LAYERS, 16), other) == "timesteps differ"
