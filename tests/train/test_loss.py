"""The loss of a stack: by hand, and in C against torch."""

import math

import pytest
import torch
from builders.stacks import draw

from hwsearch.native.library import library
from hwsearch.train import loss
from hwsearch.train.loss import cross_entropy

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
