"""Plain networks of integers: what they compute, held against a slow and exact evaluation."""

import numpy as np
import pytest
from builders.rivals import drawn_layers, slow_scores
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.rival.integers import Int8Layer, int8_layers, layer_values, scores


def _layer(weights, bias, multiplier, shift, zero=0):
    return Int8Layer(np.array(weights, np.int8), np.array(bias, np.int32), multiplier, shift, zero)


@pytest.mark.parametrize(
    ("total", "expected"), [(6, 2), (5, 2), (4, 1), (-5, -1), (-6, -2), (1000, 127), (-1000, -128)]
)
def test_a_quarter_is_rounded_twice_and_clipped(total, expected):
    """2**30 * 2**(-1 - 31): halved and rounded up at a half, then halved and rounded away from zero at a half."""
    assert scores([_layer([[0]], [total], 2**30, -1)], np.array([[3]])).item() == expected


def test_a_hidden_layer_is_read_from_its_zero():
    first = _layer([[1], [-1]], [0, 0], 2**30, 1, zero=-128)  # times 1: 5 and -5, which the ReLU makes 0
    second = _layer([[2, 3]], [1], 2**30, 1)
    assert scores([first, second], np.array([[5]])).item() == 2 * 5 + 1
    assert layer_values([first, second], np.array([[5]]))[0].tolist() == [[5, 0]]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_fast_evaluation_is_the_slow_and_exact_one(seed):
    layers, x = drawn_layers(np.random.default_rng(seed))
    assert scores(layers, x).tolist() == slow_scores(layers, x)


def test_a_layer_that_is_silent_for_every_sample_is_no_division_by_zero():
    weights = [np.array([[1], [1]]), np.array([[1, 1]])]
    layers = int8_layers(weights, [1.0, 1.0], [np.array([-9.0, -9.0]), np.array([0.5])], [0.0, 0.5], 1)
    assert layer_values(layers, np.array([[1]]))[0].tolist() == [[0, 0]]
