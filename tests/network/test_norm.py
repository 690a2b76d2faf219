"""Batch normalisation of a stack: by hand, in C against torch, and against torch's own."""

import pytest
import torch
import torch.nn.functional as F
from builders.stacks import draw

from hwsearch.native.library import library
from hwsearch.network import norm
from hwsearch.network.norm import Running, normalise

needs_loops = pytest.mark.skipif(library() is None, reason="no C compiler, or HWSEARCH_NATIVE=0")


def test_normalisation_by_hand():
    x = torch.tensor([1.0, 3.0]).view(1, 2, 1)
    running = Running(torch.tensor([[10.0]]), torch.tensor([[1.0]]))
    y = normalise(x, torch.tensor([[2.0]]), torch.tensor([[0.5]]), running, 0.1)
    # mean 2, variance 1 (unbiased 2): -1, 1 times 2 plus 0.5
    torch.testing.assert_close(y.flatten(), torch.tensor([-1.5, 2.5]), atol=2e-5, rtol=0)
    torch.testing.assert_close(running.mean, torch.tensor([[9.2]]))
    torch.testing.assert_close(running.variance, torch.tensor([[1.1]]))


@needs_loops
@pytest.mark.parametrize("shape", [(3, 20, 130), (2, 6, 5, 7, 4)])
def test_normalisation(shape, monkeypatch):
    x, channels = (draw(*shape) * 2 + 1).requires_grad_(), shape[:1] + shape[2:3]
    gain, shift = (draw(*channels, seed=s).requires_grad_() for s in (1, 2))
    upstream = draw(*shape, seed=3)
    results = []
    for fast in (True, False):
        if not fast:
            monkeypatch.setattr(norm, "library", lambda: None)
        running = Running(torch.zeros(channels), torch.ones(channels))
        y = normalise(x, gain, shift, running, 0.1)
        grads = torch.autograd.grad(y, (x, gain, shift), upstream)
        results.append((y, *grads, running.mean, running.variance))
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=2e-5)
    theirs = F.batch_norm(x[1], None, None, gain[1], shift[1], True)
    torch.testing.assert_close(results[0][0][1], theirs, rtol=1e-5, atol=1e-5)


def test_evaluation_by_the_running_statistics_by_hand():
    x = torch.tensor([1.0, 3.0]).view(1, 2, 1)
    running = Running(torch.tensor([[2.0]]), torch.tensor([[4.0 - 1e-5]]))
    y = normalise(x, torch.tensor([[3.0]]), torch.tensor([[0.5]]), running, None)
    # (1 - 2) / 2 * 3 + 0.5 = -1 and (3 - 2) / 2 * 3 + 0.5 = 2
    torch.testing.assert_close(y.flatten(), torch.tensor([-1.0, 2.0]))
    assert running.mean.item() == 2.0
