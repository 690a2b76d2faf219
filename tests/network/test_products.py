"""Products of a stack: each candidate's as if it were alone, whatever the sizes; and what a GPU has in their place."""

import pytest
import torch
import torch.nn.functional as F
from builders.stacks import draw

from hwsearch.network.products import _grouped, convolution, linear


@pytest.mark.parametrize(
    ("rows", "inputs", "outputs"), [(33, 17, 3), (29, 128, 10), (64, 64, 128), (5, 7, 1)]
)
def test_linear_alone_and_in_a_stack(rows, inputs, outputs):
    x, w, b = draw(7, rows, inputs), draw(7, outputs, inputs, seed=1), draw(7, outputs, seed=2)
    every = [t.requires_grad_() for t in (x, w, b)]
    out = linear(*every)
    grads = torch.autograd.grad(out, every, draw(*out.shape, seed=3))
    for k in (0, 3, 6):
        single = [t[k : k + 1].detach().clone().requires_grad_() for t in every]
        alone = linear(*single)
        assert torch.equal(alone[0], out[k])
        for a, b_ in zip(
            torch.autograd.grad(alone, single, draw(*out.shape, seed=3)[k : k + 1]), grads, strict=True
        ):
            assert torch.equal(a[0], b_[k])
        torch.testing.assert_close(alone[0], F.linear(x[k], w[k], b[k]), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_convolution_alone_in_a_stack_and_grouped(shared, kernel):
    x = draw(6, 2, 9, 7) if shared else draw(5, 6, 2, 9, 7)
    w, b = draw(5, 3, 2, kernel, kernel, seed=1), draw(5, 3, seed=2)
    every = [x.requires_grad_(not shared), w.requires_grad_(), b.requires_grad_()]
    out = convolution(*every)
    upstream = draw(*out.shape, seed=3)
    dw, db = torch.autograd.grad(out, every[1:], upstream)
    for k in range(5):
        single = [t[k : k + 1].detach().clone().requires_grad_() for t in every[1:]]
        alone = convolution(x.detach() if shared else x.detach()[k : k + 1], *single)
        assert torch.equal(alone[0], out[k])
        a, c = torch.autograd.grad(alone, single, upstream[k : k + 1])
        assert torch.equal(a[0], dw[k])
        assert torch.equal(c[0], db[k])
    together = _grouped(*every)
    torch.testing.assert_close(together, out, rtol=1e-4, atol=1e-4)
    inputs = every[1:] if shared else every
    for a, c in zip(
        torch.autograd.grad(together, inputs, upstream),
        torch.autograd.grad(convolution(*every), inputs, upstream),
        strict=True,
    ):
        torch.testing.assert_close(a, c, rtol=1e-4, atol=1e-3)
