"""Products of a stack: each candidate's as if it were alone, whatever the sizes; and what a GPU has in their place."""

import pytest
import torch
import torch.nn.functional as F
from builders.stacks import draw

from hwsearch.network import products
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


KERNELS = [(1, 1), (3, 3), (5, 5), (3, 1), (1, 5)]
STRIDES = [(1, 1), (2, 2), (1, 3)]


def in_torch(x, weight, bias, stride, depthwise):
    """Return a candidate's convolution as torch's module computes it."""
    pad = (weight.shape[-2] // 2, weight.shape[-1] // 2)
    return F.conv2d(x, weight, bias, stride, pad, groups=len(weight) if depthwise else 1)


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("depthwise", [True, False])
@pytest.mark.parametrize("stride", STRIDES)
@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("size", [(9, 7), (1, 20)])
def test_every_convolution_against_torch_and_in_a_stack(
    size, kernel, stride, depthwise, shared, native, monkeypatch
):
    if not native:
        monkeypatch.setattr(products, "library", lambda: None)
    x = draw(3, 4, *size) if shared else draw(3, 3, 4, *size)
    w, b = draw(3, 4, 1 if depthwise else 4, *kernel, seed=1), draw(3, 4, seed=2)
    every = [x.requires_grad_(not shared), w.requires_grad_(), b.requires_grad_()]
    out = convolution(*every, stride, depthwise=depthwise)
    upstream, trained = draw(*out.shape, seed=3), every[1:] if shared else every
    grads = torch.autograd.grad(out, trained, upstream)
    for k in range(3):
        single = [t[k : k + 1].detach().clone().requires_grad_() for t in trained]
        inputs = [x.detach(), *single] if shared else single
        alone = convolution(*inputs, stride, depthwise=depthwise)
        apart = torch.autograd.grad(alone, single, upstream[k : k + 1])
        assert torch.equal(alone[0], out[k])
        assert all(torch.equal(a[0], g[k]) for a, g in zip(apart, grads, strict=True))
        inputs = [x.detach(), *(s[0] for s in single)] if shared else [s[0] for s in single]
        expected = in_torch(*inputs, stride, depthwise)
        torch.testing.assert_close(out[k], expected, rtol=1e-5, atol=1e-5)
        for a, g in zip(torch.autograd.grad(expected, single, upstream[k]), grads, strict=True):
            torch.testing.assert_close(g[k], a[0], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("stride", STRIDES)
def test_grouped_depthwise_convolutions(stride, shared):
    x, w, b = (
        draw(*((5, 4, 9, 7) if shared else (3, 5, 4, 9, 7))),
        draw(3, 4, 1, 3, 3, seed=1),
        draw(3, 4, seed=2),
    )
    together = _grouped(x, w, b, stride, True)
    torch.testing.assert_close(together, convolution(x, w, b, stride, depthwise=True), rtol=1e-5, atol=1e-5)


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


@pytest.mark.parametrize("spikes", [True, False])
@pytest.mark.parametrize(("density", "stride"), [(1.0, (1, 1)), (0.1, (1, 1)), (0.6, (2, 1))])
def test_convolutions_of_many_frames_alone_and_in_a_stack(spikes, density, stride):
    """Candidates of different densities: each way of a convolution, chunk after chunk of frames."""
    x = draw(3, 150, 17, 6, 5)
    x = (x > 0.8).float() if spikes else x
    densities = torch.tensor([density, 1.0, 0.05]).view(3, 1, 1, 1, 1)
    w = draw(3, 18, 17, 3, 3, seed=1)
    w = w * (torch.rand(w.shape, generator=torch.Generator().manual_seed(0)) < densities)
    every = [t.requires_grad_() for t in (x, w, draw(3, 18, seed=2))]
    out = convolution(*every, stride)
    upstream = draw(*out.shape, seed=3)
    grads = torch.autograd.grad(out, every, upstream)
    for k in range(3):
        single = [t[k : k + 1].detach().clone().requires_grad_() for t in every]
        alone = convolution(*single, stride)
        assert torch.equal(alone[0], out[k])
        apart = torch.autograd.grad(alone, single, upstream[k : k + 1])
        assert all(torch.equal(a[0], g[k]) for a, g in zip(apart, grads, strict=True))
