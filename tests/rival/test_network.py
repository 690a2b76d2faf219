"""How a plain network's floats become integers."""

import itertools

import numpy as np
import pytest
from builders.rivals import drawn_layers

from hwsearch.rival.integers import Int8Layer, scores
from hwsearch.rival.network import Floats, Setting, Shape, integers_of, masks_of, slimmer


def drawn(seed=0, sizes=(12, 7, 3)):
    rng = np.random.default_rng(seed)
    pairs = list(itertools.pairwise(sizes))
    return Floats(
        tuple(rng.normal(size=(o, i)).astype(np.float32) for i, o in pairs),
        tuple(rng.normal(size=o).astype(np.float32) for _, o in pairs),
    )


@pytest.mark.parametrize("granularity", ["weight", "nm:4", "block:4"])
def test_half_of_the_weights_go(granularity):
    masks = masks_of(drawn(), Setting(Shape(0, 7), 8, granularity, 0.5))
    assert sum(int(mask.sum()) for mask in masks) == pytest.approx((12 * 7 + 7 * 3) / 2, abs=4)
    whole = masks_of(drawn(), Setting(Shape(0, 7), 8, granularity, 0.0))
    assert all(mask.all() for mask in whole)


def test_integers_follow_the_floats_and_stay_on_their_grid():
    net, x = drawn(), np.random.default_rng(1).integers(0, 17, (40, 12))
    masks = masks_of(net, Setting(Shape(0, 7), 8, "weight", 0.3))
    layers = integers_of(net, masks, 8, x, 16)
    hidden = np.maximum(x / 16 @ (net.weights[0] * masks[0]).T + net.biases[0], 0)
    floats = hidden @ (net.weights[1] * masks[1]).T + net.biases[1]
    assert np.abs(scores(layers, x) * np.abs(floats).max() / 127 - floats).max() < 0.05 * np.abs(floats).max()
    assert {int(v) for layer in integers_of(net, masks, 2, x, 16) for v in layer.weights.ravel()} == {
        -1,
        0,
        1,
    }


def test_neurons_that_change_nothing_go_and_the_answers_stay():
    rng = np.random.default_rng(3)
    for _ in range(20):
        layers, x = drawn_layers(rng)
        if len(layers) < 2:
            continue
        first, last = layers[0], layers[-1]
        first.weights[0], first.bias[0] = 0, -4  # silent for every input
        last.weights[:, -1] = 0  # read by nobody
        slim = slimmer(layers)
        assert len(slim[0].weights) < len(first.weights)
        assert np.array_equal(scores(slim, x), scores(layers, x))


def test_a_constant_neuron_stays():
    first = Int8Layer(np.zeros((1, 2), np.int8), np.array([90], np.int32), 2**30, 1, -128)
    last = Int8Layer(np.array([[2]], np.int8), np.zeros(1, np.int32), 2**30, 1, 0)
    assert len(slimmer([first, last])[0].weights) == 1


def test_training_that_diverged_is_told():
    net = drawn()
    assert net.finite
    net.weights[0][0, 0] = np.nan
    assert not net.finite
