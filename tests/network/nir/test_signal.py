"""What becomes of a signal, by hand."""

import numpy as np
import pytest

pytest.importorskip("h5py", reason="h5py, with which NIR files are read, is not installed")
from hwsearch.network.nir.signal import Signal, Unsayable, passed, per_channel, shape_of
from hwsearch.network.nir.values import Delay, Flatten, Pool, Scale, Weights


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ((5,), ((5, 1, 1), True)),
        ((2, 9), ((2, 1, 9), False)),
        ((2, 4, 6), ((2, 4, 6), False)),
        ((1, 2, 4, 6), ((2, 4, 6), False)),
        ((3, 2, 4, 6), None),
        ((), None),
        ((0,), None),
    ],
)
def test_shapes(written, expected):
    assert shape_of(written) == expected


def through(signal, *nodes):
    for node in nodes:
        signal = passed(node, signal)
    return signal


MAP = Signal("a", (2, 5, 6), flat=False)


def test_poolings_multiply_and_leave_out_the_rest():
    signal = through(MAP, Pool((2, 1), 1.0), Pool((1, 3), 3.0))
    assert (signal.window, signal.shape, signal.factor.item()) == ((2, 3), (2, 2, 2), 3.0)


def test_scales_go_into_a_matrix():
    scale = np.arange(60.0).reshape(2, 5, 6)
    weight = np.ones((1, 60))
    signal = through(MAP, Scale(scale), Flatten(0, -1), Weights(weight, None), Scale(np.array([2.0])))
    assert signal.weight.ravel() == pytest.approx(2 * np.arange(60))
    assert (signal.shape, signal.flat, signal.map_size) == ((1, 1, 1), True, (5, 6))


def test_scales_go_into_filters():
    scale = np.array([1.0, 3.0]).reshape(2, 1, 1)
    dense = through(MAP, Scale(scale), Weights(np.ones((4, 2, 3, 3)), None, (2, 2)))
    assert dense.weight[:, :, 0, 0].tolist() == [[1, 3]] * 4
    assert dense.shape == (4, 3, 3)
    depthwise = through(MAP, Scale(scale), Weights(np.ones((2, 1, 3, 1)), None, groups=2))
    assert depthwise.weight[:, 0, 0, 0].tolist() == [1, 3]


def test_filters_over_the_whole_map_are_a_matrix():
    signal = through(MAP, Weights(np.arange(60.0).reshape(1, 2, 5, 6), None, padding=(0, 0)))
    assert signal.weight.tolist() == [list(range(60))]


@pytest.mark.parametrize(
    ("nodes", "law"),
    [
        (
            (Weights(np.ones((4, 2, 3, 3)), None), Weights(np.ones((4, 4, 3, 3)), None)),
            "one matrix or filter bank at most",
        ),
        ((Weights(np.ones((4, 2, 3, 3)), None), Pool((2, 2), 1.0)), "must stand behind neurons"),
        ((Flatten(0, -1), Pool((2, 2), 1.0)), "must stand behind neurons"),
        ((Pool((6, 6), 1.0),), "window must fit its map"),
        ((Flatten(1, -1),), "must make one axis of all"),
        ((Weights(np.ones((4, 60)), None),), "must read one axis"),
        ((Flatten(0, -1), Weights(np.ones((4, 59)), None)), "as many values as it has inputs"),
        ((Weights(np.ones((4, 3, 3, 3)), None),), "as many channels as it has"),
        ((Weights(np.ones((4, 2, 3, 3)), None, padding=(0, 0)),), "padding must be kernel // 2"),
        ((Weights(np.ones((4, 2, 2, 2)), None, padding=(0, 0)),), "padding must be kernel // 2"),
        ((Scale(np.ones(7)),), "a scale must be one number"),
        ((Scale(np.ones((2, 5, 6))), Pool((2, 2), 1.0)), "a scale before a pooling"),
        ((Scale(np.ones((2, 5, 6))), Weights(np.ones((4, 2, 3, 3)), None)), "a scale before filters"),
        ((Delay(1), Delay(1)), "0 or 1 timesteps in all"),
    ],
)
def test_what_the_machine_cannot_do(nodes, law):
    with pytest.raises(Unsayable) as caught:
        through(MAP, *nodes)
    assert law in caught.value.law
    assert caught.value.got
    assert caught.value.todo


def test_values_of_neurons_as_values_of_channels():
    assert per_channel(np.array(3.0), (2, 5, 6), "x").tolist() == [3, 3]
    assert per_channel(np.array([1.0, 2.0]).reshape(2, 1, 1), (2, 5, 6), "x").tolist() == [1, 2]
    assert per_channel(np.repeat([1.0, 2.0], 30).reshape(2, 5, 6), (2, 5, 6), "x").tolist() == [1, 2]
    assert per_channel(np.array([1.0, 2.0]), (2, 1, 1), "x").tolist() == [1, 2]
    with pytest.raises(Unsayable, match="x must be one number a channel"):
        per_channel(np.arange(60.0).reshape(2, 5, 6), (2, 5, 6), "x")
    with pytest.raises(Unsayable, match="x must be one number, one a channel or one a neuron"):
        per_channel(np.ones(7), (2, 5, 6), "x")
