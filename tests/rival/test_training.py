"""Plain networks are trained side by side as if alone."""

from dataclasses import replace

import numpy as np
import pytest

from hwsearch.rival.network import Setting, Shape, masks_of
from hwsearch.rival.training import Samples, Schedule, Start, initial, train

SCHEDULE = Schedule(epochs=3, batch_size=16, learning_rate=0.02, input_noise=0.05, balanced=True)


@pytest.fixture
def samples():
    """Return two classes that one input tells apart."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 17, (64, 5))
    return Samples(x, (x[:, 0] > 8).astype(np.int64), 16, 2)


def test_it_learns(samples):
    (net,) = train([Start(initial(5, 6, 2, 0))], [samples], Schedule(40, 16, 0.02), [1])
    hidden = np.maximum(samples.x / 16 @ net.weights[0].T + net.biases[0], 0)
    assert ((hidden @ net.weights[1].T + net.biases[1]).argmax(1) == samples.y).mean() > 0.9


@pytest.mark.parametrize("cut", [False, True])
def test_a_narrow_network_beside_wide_ones_is_what_it_is_alone(samples, cut):
    starts = []
    for hidden, bits in ((3, 8), (9, 2), (5, 4)):
        net = initial(5, hidden, 2, hidden)
        masks = masks_of(net, Setting(Shape(0, hidden), bits, "weight", 0.4)) if cut else None
        starts.append(Start(net, masks, bits if cut else 0))
    together = train(starts, [samples], SCHEDULE, [1])
    for start, net in zip(starts, together, strict=True):
        (alone,) = train([start], [samples], SCHEDULE, [1])
        for a, b in zip((*net.weights, *net.biases), (*alone.weights, *alone.biases), strict=True):
            assert a.shape == b.shape
            np.testing.assert_allclose(a, b, atol=1e-4)


def test_without_hidden_neurons_the_classes_read_the_input(samples):
    epochs = []
    (net,) = train([Start(initial(5, 0, 2, 0))], [samples], SCHEDULE, [1], lambda: epochs.append(1))
    assert [weight.shape for weight in net.weights] == [(2, 5)]
    assert len(epochs) == SCHEDULE.epochs


@pytest.mark.parametrize("hidden", [0, 4])
def test_splits_side_by_side_are_trained_as_each_alone(samples, hidden):
    other = Samples(samples.x[::-1].copy() // 2, 1 - samples.y[::-1], 16, 2)
    starts = []
    for split, bits in ((0, 8), (1, 2), (0, 2), (1, 8)):
        net = initial(5, hidden, 2, bits)
        starts.append(Start(net, masks_of(net, Setting(Shape(0, hidden), bits, "weight", 0.4)), bits, split))
    together = train(starts, [samples, other], SCHEDULE, [1, 2])
    for start, net in zip(starts, together, strict=True):
        own, seed = ((samples, 1), (other, 2))[start.split]
        (alone,) = train([replace(start, split=0)], [own], SCHEDULE, [seed])
        for a, b in zip((*net.weights, *net.biases), (*alone.weights, *alone.biases), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-4)
