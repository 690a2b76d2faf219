"""Plain networks are trained side by side as if alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from hwsearch.rival.network import Setting, Shape, masks_of
from hwsearch.rival.training import Samples, Schedule, Start, _Split, initial, train
from hwsearch.train.augment import Augmentation, Augmenter

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
    (net,) = train([Start(initial(5, 0, 2, 0))], [samples], SCHEDULE, [1])
    assert [weight.shape for weight in net.weights] == [(2, 5)]


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


def test_a_plain_network_reads_moved_images_as_vectors(samples):
    # two frames of one channel of 3 x 3, one after another
    x = np.zeros((64, 2, 1, 3, 3), np.int64)
    x[:, :, 0, 1, 1] = np.arange(1, 65)[:, None]
    images = Samples(x.reshape(64, -1), samples.y, 64, 2, (1, 3, 3))
    how = Augmentation(1, "horizontal")
    split = _Split(images, Schedule(1, 64, 0.02, augment=how), 7)
    ((values, _),) = split.epoch(0)
    frames = ((values + split.mean) * 64).round().view(64, 2, 1, 3, 3)
    assert torch.equal(frames[:, 0], frames[:, 1])
    moves = Augmenter(how, torch.from_numpy(x), 7).moves(0)
    for frame in frames[:, 0, 0]:
        # the value says which sample it is, and the place how that was moved
        ((row, column),) = frame.nonzero().tolist()
        down, right, mirrored = moves[int(frame[row, column]) - 1].tolist()
        assert (row, column) == (1 + down, 1 - right if mirrored else 1 + right)


def test_another_epoch_moves_otherwise(samples):
    images = Samples(np.arange(64 * 9).reshape(64, 9), samples.y, 576, 2, (1, 3, 3))
    split = _Split(images, Schedule(2, 64, 0.02, augment=Augmentation(1)), 7)
    first, second = ({tuple(row) for row in next(split.epoch(n))[0].tolist()} for n in (0, 1))
    assert first != second
