"""Margin gradients: by hand."""

import numpy as np
import pytest
import torch
from builders import graphs
from builders.finders import params_of
from scipy.special import ndtr

from hwsearch.network.params import Ticket
from hwsearch.network.stack import Stack
from hwsearch.predict.joint import Joint, LayerTables
from hwsearch.predict.layer_sensitivity import EstimatorScope
from hwsearch.predict.margin_gradient import MarginGradient, _noise, margin_gradient
from hwsearch.tickets.fit import dense_masks


def test_noise_is_what_is_left_once_the_signal_is_scaled_back():
    weight = np.array([1.0, 1.0, 1.0, -1.0])
    # half of the power is left: twice as large, two weights are off by 1, two by their whole size
    assert _noise(weight, np.array([1.0, 1.0, 0.0, 0.0])) == pytest.approx(1.0)
    assert _noise(weight, 0.3 * weight) == pytest.approx(0.0)
    assert _noise(np.array([3.0, 1.0]), np.array([3.0, 0.0])) == pytest.approx(10 / 2 * (10 / 9 - 1))


def test_agreement_by_hand():
    tables = LayerTables(
        np.array([0.0, 0.5]), np.array([4, 8]), {"weight": [np.array([0.0, 0.2]), np.array([0.0, 0.4])]},
        [np.array([0.1, 0.0]), np.array([0.3, 0.0])],
    )  # fmt: skip
    estimator = MarginGradient(np.array([2.0, 1.0]), np.array([[10.0, 5.0], [1.0, 2.0]]), tables, 1)
    first = Joint(np.array([[0.25, 0.5]]), np.array([["weight"] * 2]), np.array([[4, 8]]), (-1, 0))
    sizes = np.array([0.1 + 0.1, 0.4])
    variance = np.array([sizes @ [10.0, 1.0], sizes @ [5.0, 2.0]])
    assert estimator.expected(first) == pytest.approx([ndtr(np.array([2.0, 1.0]) / np.sqrt(variance)).mean()])
    # the second layer is treated alike: only the first one's changes count, of both candidates
    second = Joint(np.array([[0.0, 0.5]]), np.array([["weight"] * 2]), np.array([[8, 8]]), (-1, 0))
    variance = 0.2 * np.array([10.0, 5.0])
    assert estimator.alike(first, second) == pytest.approx(
        [ndtr(np.array([2.0, 1.0]) / np.sqrt(variance)).mean()]
    )


def test_gradients_of_a_readout_are_its_inputs():
    spec = graphs.spec("fc2", (1, 1, 2), 2, input_max=1)
    # both neurons fire at every step on an input of 1, the first alone on (1, 0)
    dense = params_of([[4.0, 0.0], [0.0, 4.0]], [[2.0, 0.0], [0.0, 1.0]])
    x = np.array([[[[1, 1]]], [[[1, 0]]]], np.uint8)
    estimator = margin_gradient(spec, dense, x, EstimatorScope(("weight",), (8,), 16, 3))
    logits = Stack(spec, [Ticket(dense, dense_masks(dense), (16, 16))]).eval()
    seen = logits(torch.from_numpy(x.astype(np.float32)), 3)[0].detach().numpy()
    assert seen == pytest.approx(np.array([[2.0, 1.0], [2.0, 0.0]]), abs=1e-3)
    assert estimator.margins == pytest.approx([1.0, 2.0], abs=1e-3)
    # d(z_0 - z_1) / dW = (s, -s) with s = (1, 1) and (1, 0)
    assert estimator.gradients[1] == pytest.approx([4.0, 2.0], abs=1e-6)
    assert estimator.eval_steps == 3 * 2 * 2 * 3
