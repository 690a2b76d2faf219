"""Int8 networks that exports are held against: scales and integer arithmetic."""

import numpy as np
import pytest

pytest.importorskip("torch")

from benchmarks.rivals.int8 import Int8Layer, quantised, scores
from benchmarks.rivals.train import Trained


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


def test_integers_follow_the_floats():
    rng = np.random.default_rng(0)
    net = Trained(
        [rng.normal(size=(7, 12)), rng.normal(size=(3, 7))], [rng.normal(size=7), rng.normal(size=3)]
    )
    x = rng.integers(0, 17, (40, 12))
    floats = net.scores(x / 16)[-1]
    found = scores(quantised(net, x, 16), x) * np.abs(floats).max() / 127
    assert np.abs(found - floats).max() < 0.05 * np.abs(floats).max()
