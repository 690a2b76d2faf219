"""The loss of a stack: by hand, and in C against torch."""

import math

import numpy as np
import pytest
import torch
from builders.stacks import draw

from hwsearch.native.library import library
from hwsearch.train import loss
from hwsearch.train.loss import balanced_weights, cross_entropy

needs_loops = pytest.mark.skipif(library() is None, reason="no C compiler, or HWSEARCH_NATIVE=0")


@pytest.mark.parametrize("native", [pytest.param(True, marks=needs_loops), False])
def test_by_hand(native, monkeypatch):
    if not native:
        monkeypatch.setattr(loss, "library", lambda: None)
    # gain 2: softmax of (0, 2 ln 3) is (1, 9) / 10; of (0, 0) it is a half each. Mean over the two samples
    out = torch.tensor([[[0.0, math.log(3)], [0.0, 0.0]]]).requires_grad_()
    losses = cross_entropy(out, torch.tensor([1, 0]), 2.0)
    assert losses.tolist() == pytest.approx([(math.log(10 / 9) + math.log(2)) / 2])
    (grad,) = torch.autograd.grad(losses.sum(), out)
    # gain (softmax - target) / 2 samples
    assert grad.flatten().tolist() == pytest.approx([0.1, -0.1, -0.5, 0.5], abs=1e-6)


@pytest.mark.parametrize("native", [pytest.param(True, marks=needs_loops), False])
def test_a_prediction_after_every_timestep_by_hand(native, monkeypatch):
    if not native:
        monkeypatch.setattr(loss, "library", lambda: None)
    # one sample, two timesteps: softmax of (0, ln 3) is (1, 3) / 4, of (0, 0) a half each
    out = torch.tensor([[[[0.0, math.log(3)], [0.0, 0.0]]]])
    right, wrong = math.log(4 / 3), math.log(4)
    assert cross_entropy(out, torch.tensor([1]), 1.0).item() == pytest.approx((right + math.log(2)) / 2)
    assert cross_entropy(out, torch.tensor([[0, 1]]), 1.0).item() == pytest.approx((wrong + math.log(2)) / 2)


@needs_loops
def test_cross_entropy(monkeypatch):
    out, target = (draw(3, 7, 10) * 4).requires_grad_(), torch.arange(7)
    losses = cross_entropy(out, target, 2.0)
    (grad,) = torch.autograd.grad(losses, out, torch.tensor([1.0, 2.0, 0.5]))
    monkeypatch.setattr(loss, "library", lambda: None)
    expected = cross_entropy(out, target, 2.0)
    torch.testing.assert_close(losses, expected)
    (wanted,) = torch.autograd.grad(expected, out, torch.tensor([1.0, 2.0, 0.5]))
    torch.testing.assert_close(grad, wanted, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("native", [pytest.param(True, marks=needs_loops), False])
def test_weighted_by_hand(native, monkeypatch):
    if not native:
        monkeypatch.setattr(loss, "library", lambda: None)
    # as in test_by_hand, class 0 (the second sample) with weight 3, class 1 with 1/2
    out = torch.tensor([[[0.0, math.log(3)], [0.0, 0.0]]]).requires_grad_()
    losses = cross_entropy(out, torch.tensor([1, 0]), 2.0, torch.tensor([3.0, 0.5]))
    assert losses.tolist() == pytest.approx([(0.5 * math.log(10 / 9) + 3 * math.log(2)) / 2])
    (grad,) = torch.autograd.grad(losses.sum(), out)
    assert grad.flatten().tolist() == pytest.approx([0.05, -0.05, -1.5, 1.5], abs=1e-6)


@pytest.mark.parametrize("native", [pytest.param(True, marks=needs_loops), False])
def test_weights_of_one_change_no_bit(native, monkeypatch):
    if not native:
        monkeypatch.setattr(loss, "library", lambda: None)
    out, target = (draw(3, 7, 10) * 4).requires_grad_(), torch.arange(7)
    plain, weighted = (cross_entropy(out, target, 2.0, w) for w in (None, torch.ones(10)))
    assert torch.equal(plain, weighted)
    grads = [torch.autograd.grad(losses.sum(), out)[0] for losses in (plain, weighted)]
    assert torch.equal(*grads)


def test_balanced_weights():
    # 4 samples, 3 classes: 4 / (3 * 3), 4 / (3 * 1), and nothing where there is no sample
    assert balanced_weights(np.array([0, 0, 1, 0]), 3).tolist() == pytest.approx([4 / 9, 4 / 3, 0.0])
    labels = np.array([[0, 0, 1], [0, 2, 2]])  # each timestep counts
    weights = balanced_weights(labels, 3)
    assert weights.tolist() == pytest.approx([6 / 9, 6 / 3, 6 / 6])
    assert weights[torch.from_numpy(labels)].mean().item() == pytest.approx(1.0)
