"""Integers in the units of a NIR file, by hand."""

from dataclasses import replace

import numpy as np
import pytest
from builders.drawn_integers import drawn_integers

pytest.importorskip("nir", reason="nir is not installed")
from hwsearch.export.nir import nir_graph
from hwsearch.network.nir.units import float_weight, is_flat, node_name, unit


def test_weights_by_hand():
    # a LIF multiplies its current by 1/4: 4 * 3 << 2 over a unit of 10 - 0.6
    network = drawn_integers("fc1", (1, 1, 1), 2, leak_shift=2)
    connection = replace(network.connections[0], weight=np.array([[3]], np.int32))
    population = replace(
        network.populations[0], bias=np.array([5], np.int32), threshold=np.array([10], np.int32)
    )
    network = replace(
        network,
        connections=(connection, network.connections[1]),
        populations=(population, network.populations[1]),
    )
    node = nir_graph(network).nodes["fc1_weights"]
    assert node.weight == pytest.approx(np.array([[4 * 12 / 9.4]]))
    assert node.bias == pytest.approx(np.array([4 * 5 / 9.4]))


def test_a_unit_is_below_the_threshold_where_the_reset_is_to_zero():
    to_zero, by_subtraction = (
        drawn_integers("fc4", reset=reset).populations[0] for reset in ("zero", "subtract")
    )
    assert unit(to_zero) == pytest.approx(to_zero.threshold - 0.6)
    assert (unit(by_subtraction) == by_subtraction.threshold).all()


def test_depthwise_filters_are_filters_with_zeros_between_channels():
    network = drawn_integers("3c3-dw3-fc4")
    weight = float_weight(network, 1)
    assert weight.shape == (3, 3, 3, 3)
    off = weight.copy()
    off[np.arange(3), np.arange(3)] = 0
    assert not off.any()
    assert (weight[1, 1] != 0).any()


def test_a_residual_identity_between_vectors_is_a_diagonal():
    network = drawn_integers("fc5-res(fc5)-fc4")
    place = next(i for i, c in enumerate(network.connections) if not c.shape.prunable)
    weight = float_weight(network, place)
    assert np.array_equal(weight, np.diag(np.diag(weight)))


def test_names_are_those_of_torch_modules():
    assert node_name("rec1.back", "weights") == "rec1_back_weights"


def test_what_has_one_pixel_is_a_vector():
    network = drawn_integers("3c3-gap-fc4")
    assert [is_flat(network, place) for place in (-1, 0, 1)] == [False, False, True]
