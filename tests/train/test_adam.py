"""Adam of a stack: by hand, in C against torch, and each candidate's own learning rate."""

import numpy as np
import pytest
import torch
from builders.graphs import spec
from builders.stacks import MLP, draw, tickets

from hwsearch.native.library import library
from hwsearch.network.stack import Stack
from hwsearch.train import adam
from hwsearch.train.adam import StackAdam

needs_loops = pytest.mark.skipif(library() is None, reason="no C compiler, or HWSEARCH_NATIVE=0")


def stepped(factors, grads, rate=0.01):
    """Return the parameters of a stack [K, ...] before and after a step for each of ``grads``."""
    own = spec("fc5", norm=True)
    stack = Stack(own, tickets(own, MLP[:1]) * len(factors))
    before = [parameter.detach().clone() for parameter in stack.parameters()]
    optimiser = StackAdam(stack, factors)
    for value in grads:
        for parameter in stack.parameters():
            parameter.grad = value(parameter)
        optimiser.step(rate)
        assert all(parameter.grad is None for parameter in stack.parameters())
    return before, [parameter.detach() for parameter in stack.parameters()]


@pytest.mark.parametrize("native", [pytest.param(True, marks=needs_loops), False])
def test_by_hand(native, monkeypatch):
    if not native:
        monkeypatch.setattr(adam, "library", lambda: None)
    # the first step is rate * sign(g), whatever the size of g: both moments are g and g^2 after their correction
    before, after = stepped([1.0, 0.5], [lambda p: torch.full_like(p, 3.0)])
    for old, new in zip(before, after, strict=True):
        torch.testing.assert_close(new[0], old[0] - 0.01, rtol=0, atol=1e-6)
        torch.testing.assert_close(new[1], old[1] - 0.005, rtol=0, atol=1e-6)
    # then g = 0: m = 0.9 * 0.1 * 3 / 0.19 = 1.42105, v = 0.999 * 0.001 * 9 / 0.001999 = 4.49775: a step of 0.67006
    _, later = stepped([1.0, 0.5], [lambda p: torch.full_like(p, 3.0), torch.zeros_like])
    for once, twice in zip(after, later, strict=True):
        torch.testing.assert_close(twice[0], once[0] - 0.0067006, rtol=0, atol=1e-6)


@needs_loops
def test_the_loops_equal_torch(monkeypatch):
    grads = [lambda p, seed=seed: draw(*p.shape, seed=seed) for seed in range(4)]
    _, fast = stepped([1.0, 0.5, 1.0], grads)
    monkeypatch.setattr(adam, "library", lambda: None)
    for a, b in zip(fast, stepped([1.0, 0.5, 1.0], grads)[1], strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("native", [pytest.param(True, marks=needs_loops), False])
def test_a_candidate_does_not_depend_on_its_place(native, monkeypatch):
    if not native:
        monkeypatch.setattr(adam, "library", lambda: None)
    # vector kernels round a row's incomplete end otherwise: rows are padded to whole vectors
    gradient = draw(1, 200)
    grads = [
        lambda p: gradient[:, : p[0].numel()].view(1, *p.shape[1:]).repeat(len(p), *[1] * (p.dim() - 1))
    ] * 3
    (_, alone), (_, among) = (stepped([1.0] * size, grads) for size in (1, 5))
    for a, b in zip(alone, among, strict=True):
        for k in range(5):
            assert np.array_equal(a[0].numpy(), b[k].numpy())
