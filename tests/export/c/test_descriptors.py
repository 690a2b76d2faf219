"""Descriptors by hand: how far a filter reaches, what a connection reads, the lowest number of 32 bits."""

import numpy as np
from builders.integer_networks import dense, filters, graph, population

from hwsearch.export.c.descriptors import arrays, filled, maps, reaches
from hwsearch.export.c.model import c_model
from hwsearch.graph.graph import Pooling


def strided():
    plane = np.ones((1, 1, 3, 3), np.int32)
    net = graph(
        [population("conv1", [-(2**31)], [5], size=(3, 2)), population("readout", [0])],
        [filters("conv1", -1, 0, plane, (5, 3), stride=(2, 2), pooling=Pooling((1, 2), "sum")),
         dense("readout", 0, 1, [[1] * 6], fan_columns=6, readout=True)],
        timesteps=1, shape=(1, 5, 6),
    )  # fmt: skip
    return c_model(net, ["dense", "dense"], 16)


def test_a_weight_reaches_back_by_whole_strides_and_a_rest():
    (table,) = reaches(strided())
    # of rows 0, 1, 2 of the filter the last is a whole stride, a line of two outputs
    assert [entry[1] for entry in table] == [0, 0, 0, 0, 0, 0, 1, 1, 1]
    assert [entry[3] for entry in table] == [0, 0, 0, 1, 1, 1, 0, 0, 0]
    assert table[8] == (1 * 2 + 1, 1, 1, 0, 0)


def test_a_map_is_what_is_read_pooled():
    (_, conv), (_, readout) = maps(strided())
    assert (conv["height"], conv["width"], conv["full_width"], conv["window_width"]) == (5, 3, 6, 2)
    assert (conv["pad_height"], conv["stride_width"], conv["out_width"]) == (1, 2, 2)
    assert (readout["channels"], readout["height"], readout["width"], readout["pad_height"]) == (1, 3, 2, 0)


def test_the_lowest_number_has_a_spelling_that_c_knows():
    bias = next(array for array in arrays(strided()) if array.name == "snn_bias_conv1")
    assert bias.type == "int32_t"
    assert "(-2147483647 - 1)" in bias.text


def test_lines_are_not_too_long():
    lines = filled([str(n) for n in range(200)]).splitlines()
    assert len(lines) > 5
    assert max(map(len, lines)) <= 100
