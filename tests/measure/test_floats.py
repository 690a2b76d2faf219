"""Logits of stacks, against numbers worked out by hand and networks that run alone."""

import numpy as np
import pytest
from builders import graphs

from hwsearch.measure import floats
from hwsearch.measure.floats import logits
from hwsearch.network.params import Params, Ticket, initial_params

RNG = np.random.default_rng(0)


def spec(topology, shape, batch_norm):
    return graphs.spec(topology, shape, 2, norm=batch_norm, input_max=10)


def whole(params, bits):
    masks = tuple(np.ones(weight.shape, bool) for weight in params.weights)
    return Ticket(params, masks, (bits,) * len(masks))


def test_logits_of_one_neuron_by_hand():
    network = spec("fc1", (1, 1, 1), batch_norm=False)
    weights = np.array([[0.8]], np.float32), np.array([[1.0], [-0.5]], np.float32)
    biases = np.array([0.0], np.float32), np.array([0.1, 0.0], np.float32)
    x = np.array([10, 5, 0], np.uint8).reshape(3, 1, 1, 1)
    # input 1: h = 0.8, 1.2 (spike, v = 0), 0.8, 1.2 (spike): rate 1/2; input 0.5: h = 0.4 ... below 0.8: none
    expected = [[0.6, -0.25], [0.1, 0.0], [0.1, 0.0]]
    np.testing.assert_allclose(
        logits(network, [whole(Params(weights, biases, (None, None)), 16)], x, 4)[0], expected, atol=1e-4
    )


@pytest.mark.parametrize("topology", ["fc9", "3c3-p2-fc5"])
def test_a_list_that_does_not_fit_is_split(topology, monkeypatch):
    network = spec(topology, (1, 4, 4), batch_norm=True)
    tickets = [whole(initial_params(network, seed), bits) for seed, bits in enumerate((8, 1, 4, 2, 3))]
    x = RNG.integers(0, 11, (300, 1, 4, 4)).astype(np.uint8)
    together = logits(network, tickets, x, 3)
    assert together.shape == (5, 300, 2)
    monkeypatch.setattr(floats, "_ELEMENTS_AT_A_TIME", 1)
    np.testing.assert_allclose(logits(network, tickets, x, 3), together, atol=1e-5)


def test_both_neuron_loops_say_the_same():
    network = spec("fc9", (1, 4, 4), batch_norm=True)
    ticket = whole(initial_params(network, 0), 8)
    x = RNG.integers(0, 11, (20, 1, 4, 4)).astype(np.uint8)
    fused, reference = (
        logits(network, [ticket], x, 3, neuron_loop=loop) for loop in ("fused", "spikingjelly")
    )
    np.testing.assert_allclose(fused, reference, atol=1e-5)
