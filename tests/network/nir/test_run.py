"""Floats through time, by hand."""

from dataclasses import replace

import numpy as np
import pytest
from builders.graphs import spec

from hwsearch.graph.graph import Readout
from hwsearch.network.nir.run import kept_predictions, run_floats
from hwsearch.network.params import Params, initial_params

ALL = Readout()


def one_neuron(weight, bias, *, back=None, readout=ALL, **settings):
    network = spec("fc1" if back is None else "r1", (1, 1, 1), 2, readout=readout, **settings)
    weights = [[[weight]], [[1.0], [2.0]]] if back is None else [[[weight]], [[back]], [[1.0], [2.0]]]
    return network, Params(tuple(np.array(w) for w in weights), (np.array([bias]), np.zeros(2)), (None, None))


def spikes(network, params, x, **settings):
    run = run_floats(network, params, np.array(x, float).reshape(-1, 1, 1, 1, 1), **settings)
    return run.spikes[0].ravel().tolist(), run


def test_leak_and_reset_to_zero():
    # 0.6, 0.3 + 0.6 = 0.9, 0.45 + 0.6 = 1.05 fires, 0.6
    fired, run = spikes(*one_neuron(0.5, 0.1), [1, 1, 1, 1])
    assert fired == [0, 0, 1, 0]
    assert run.readout.tolist() == [[1.0, 2.0]]
    assert run.predictions.tolist() == [1]


def test_reset_by_subtraction():
    # 1.5 fires, leaves 0.5; 0.25 + 0.75 = 1.0 fires at the threshold, which is a tie
    fired, run = spikes(*one_neuron(1.0, 0.0, reset="subtract"), [1.5, 0.75])
    assert fired == [1, 1]
    assert run.ties == 1


def test_what_comes_back_comes_one_timestep_later():
    # fires at 0; then -2 comes back: 1 - 2 = -1; then -0.5 + 1 = 0.5; then 0.25 + 1 fires
    assert spikes(*one_neuron(1.0, 0.0, back=-2.0), [1, 1, 1, 1])[0] == [1, 0, 0, 1]


def test_what_comes_late_from_the_input():
    network, params = one_neuron(1.0, 0.0)
    late = replace(network, connections=(replace(network.connections[0], delay=1), network.connections[1]))
    assert spikes(late, params, [1, 0, 1, 1])[0] == [0, 1, 0, 1]


def test_any_leak():
    # 0.5, 0.45 + 0.5 = 0.95, 0.855 + 0.5 fires
    network, params = one_neuron(0.5, 0.0)
    assert spikes(network, params, [1, 1, 1], leaks=[np.array([0.1]), np.zeros(2)])[0] == [0, 0, 1]


def test_the_last_timesteps_and_a_leaky_readout():
    network, params = one_neuron(1.0, 0.0, readout=Readout(last=2))
    assert spikes(network, params, [1, 1, 1])[1].readout.tolist() == [[2.0, 4.0]]
    network, params = one_neuron(1.0, 0.0, readout=Readout(leak_shift=1))
    assert spikes(network, params, [1, 1, 1])[1].readout.tolist() == [[1.75, 3.5]]


@pytest.mark.parametrize("spelling", ["4c3s2-dw3-fc8", "4c3x1-p2x1-4c1", "4c3-gap-fc8"])
def test_filters_are_those_of_torch(spelling):
    torch = pytest.importorskip("torch")
    network = spec(spelling, (2, 6, 6), pool="sum")
    params = initial_params(network, 0)
    x = np.random.default_rng(0).random((1, 3, 2, 6, 6))
    c = network.connections[0]
    current = torch.nn.functional.conv2d(
        torch.from_numpy(x[0]), *(torch.from_numpy(p[0]).double() for p in (params.weights, params.biases)), c.stride,
        c.padding,
    )  # fmt: skip
    run = run_floats(network, params, x)
    assert np.array_equal(run.spikes[0][0], (current >= 1.0).double().numpy())


def test_what_a_shift_changes_is_counted_for_each_population():
    # exact: 0.5, 0.95, 1.355 fires once; with a leak of 1/2: 0.5, 0.75, 0.875 never, so that the first class wins a tie
    network, params = one_neuron(0.5, 0.0)
    frames = np.ones((3, 4, 1, 1, 1))
    assert kept_predictions(network, params, [np.array([0.1]), np.zeros(2)], frames) == {
        "fc1": 0.0,
        "all": 0.0,
    }
    assert kept_predictions(network, params, [np.array([0.5]), np.zeros(2)], frames) == {"all": 1.0}
