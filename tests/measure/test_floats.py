"""Logits of stacks, and batch-norm statistics of given inputs, against numbers worked out by hand or in numpy."""

import numpy as np
import pytest

from hwsearch.measure import floats
from hwsearch.measure.floats import logits, reestimate_norm
from hwsearch.network.stack import LayerParams, Ticket, initial_params
from hwsearch.network.topology import NetworkSpec, layer_shapes

RNG = np.random.default_rng(0)


def spec(topology, shape, batch_norm):
    return NetworkSpec(layer_shapes(topology, shape, 2), 1, 1.0, "zero", batch_norm, "max", shape, 10, 4, 2)


def kept(params, bits):
    return Ticket(params, tuple(np.ones(p.weight.shape, bool) for p in params), (bits,) * len(params))


def test_logits_of_one_neuron_by_hand():
    own = spec("fc1", (1, 1, 1), batch_norm=False)
    first = LayerParams(np.array([[0.8]], np.float32), np.array([0.0], np.float32))
    last = LayerParams(np.array([[1.0], [-0.5]], np.float32), np.array([0.1, 0.0], np.float32))
    x = np.array([10, 5, 0], np.uint8).reshape(3, 1, 1, 1)
    # input 1: h = 0.8, 1.2 (spike, v = 0), 0.8, 1.2 (spike): rate 1/2; input 0.5: h = 0.4 ... below 0.8: none
    expected = [[0.6, -0.25], [0.1, 0.0], [0.1, 0.0]]
    np.testing.assert_allclose(logits(own, [kept((first, last), 16)], x, 4)[0], expected, atol=1e-4)


def test_statistics_of_the_first_layer_are_those_of_its_currents():
    own = spec("fc3-fc2", (1, 2, 2), batch_norm=True)
    ticket = kept(initial_params(own, 0), 16)
    x = RNG.integers(0, 11, (256, 1, 2, 2)).astype(np.uint8)
    (fitted,) = reestimate_norm(own, [ticket], x, 3)
    currents = (x.reshape(256, 4) / 10) @ ticket.params[0].weight.T
    np.testing.assert_allclose(fitted.params[0].norm[2], currents.mean(0), atol=1e-4)
    # an input shown T times gives T equal currents: 768 values for the unbiased variance
    np.testing.assert_allclose(fitted.params[0].norm[3], currents.var(0) * 768 / 767, rtol=4e-3)
    assert np.array_equal(fitted.params[0].norm[:2], ticket.params[0].norm[:2])
    assert not np.array_equal(fitted.params[1].norm[2:], ticket.params[1].norm[2:])


def test_statistics_are_averages_over_batches():
    own = spec("fc3", (1, 2, 2), batch_norm=True)
    ticket = kept(initial_params(own, 0), 16)
    x = RNG.integers(0, 11, (512, 1, 2, 2)).astype(np.uint8)
    halves = [reestimate_norm(own, [ticket], half, 2)[0].params[0].norm for half in (x[:256], x[256:])]
    (whole,) = reestimate_norm(own, [ticket], x, 2)
    np.testing.assert_allclose(whole.params[0].norm[2:], (halves[0][2:] + halves[1][2:]) / 2, atol=1e-6)


def test_without_batch_norm_tickets_stay():
    own = spec("fc3", (1, 2, 2), batch_norm=False)
    ticket = kept(initial_params(own, 0), 4)
    assert reestimate_norm(own, [ticket], np.zeros((4, 1, 2, 2), np.uint8), 2) == [ticket]


@pytest.mark.parametrize("topology", ["fc9", "3c3-p2-fc5"])
def test_a_list_that_does_not_fit_is_split(topology, monkeypatch):
    own = spec(topology, (1, 4, 4), batch_norm=True)
    every = [kept(initial_params(own, seed), bits) for seed, bits in enumerate((8, 1, 4, 2, 3))]
    x = RNG.integers(0, 11, (300, 1, 4, 4)).astype(np.uint8)
    together, fitted = logits(own, every, x, 3), reestimate_norm(own, every, x, 3)
    monkeypatch.setattr(floats, "_ELEMENTS_AT_A_TIME", 1)
    np.testing.assert_allclose(logits(own, every, x, 3), together, atol=1e-5)
    for a, b in zip(reestimate_norm(own, every, x, 3), fitted, strict=True):
        np.testing.assert_allclose(a.params[0].norm, b.params[0].norm, rtol=1e-5, atol=1e-6)
