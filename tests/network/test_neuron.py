"""The fused loop by hand; in C against torch, bit for bit; against spikingjelly's neuron: gradients within 1e-6."""

import math

import pytest
import torch
from builders.stacks import draw

from hwsearch.graph.graph import Pooling
from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.native.library import library
from hwsearch.network import neuron
from hwsearch.network.neuron import Pool, fused, fused_stack, spikingjelly_neuron, spikingjelly_stack

UNIFORM, LEAKY = (0.25,) * 4, (0.0, 1 / 7, 2 / 7, 4 / 7)
needs_loops = pytest.mark.skipif(library() is None, reason="no C compiler, or HWSEARCH_NATIVE=0")


@pytest.mark.parametrize("timesteps", [1, 2, 4, 16])
@pytest.mark.parametrize("reset", ["zero", "subtract"])
@pytest.mark.parametrize("leak_shift", [None, 1, 2, 3])
@pytest.mark.parametrize("static", [False, True])
def test_equals_spikingjelly(leak_shift, reset, timesteps, static):
    law = NeuronLaw(leak_shift, 1.0, reset)
    generator = torch.Generator().manual_seed(timesteps)
    shape = (3, 500) if static else (timesteps, 3, 500)
    own = (torch.randn(shape, generator=generator) * 0.9).requires_grad_()
    other = own.detach().clone().requires_grad_()
    steps = timesteps if static else 0
    ours, theirs = fused(law)(own, steps), spikingjelly_neuron(law)(other, steps)
    assert ours.shape == (timesteps, 3, 500)
    assert 0 < ours.mean() < 1
    assert torch.equal(ours, theirs)
    weight = torch.randn(ours.shape, generator=generator)
    ours.backward(weight)
    theirs.backward(weight)
    torch.testing.assert_close(
        own.grad, other.grad, rtol=1e-6, atol=1e-6 * max(1.0, own.grad.abs().max().item())
    )


def test_hand_computed_trace():
    # tau 2, threshold 1: h = 0.6; 0.3 + 0.6 = 0.9; 0.45 + 0.6 = 1.05 -> spike, 0; 0.6
    spikes = fused(NeuronLaw(1, 1.0, "zero"))(torch.full((4, 1), 0.6), 0)
    assert spikes.flatten().tolist() == [0.0, 0.0, 1.0, 0.0]


def test_works_on_a_transposed_view():
    law = NeuronLaw(1, 1.0, "zero")
    x = torch.randn(2, 5, 7) * 2
    assert torch.equal(fused(law)(x.transpose(0, 1), 0), fused(law)(x.transpose(0, 1).contiguous(), 0))


@pytest.mark.parametrize("native", [pytest.param(True, marks=needs_loops), False])
def test_the_gradient_by_hand(native, monkeypatch):
    if not native:
        monkeypatch.setattr(neuron, "library", lambda: None)
    # h = 0.6, then 0.5 * 0.6 + 0.6 = 0.9: no spike. ds/dh = 1 / (1 + (pi (h - 1))^2), and dh2/dx1 = 0.5
    x = torch.full((2, 1), 0.6, requires_grad=True)
    spikes = fused(NeuronLaw(1, 1.0, "zero"))(x, 0)
    (grad,) = torch.autograd.grad(spikes.sum(), x)
    first, second = (1 / (1 + (math.pi * (h - 1)) ** 2) for h in (0.6, 0.9))
    assert grad.flatten().tolist() == pytest.approx([first + 0.5 * second, second], rel=1e-5)


def test_pooling_of_spikes_by_hand():
    # one map of 2 x 2 with the spikes 1, 0, 0, 1 at t = 1 and none at t = 2 (reset to zero, no current)
    x = torch.tensor([[2.0, 0.0], [0.0, 2.0]]).view(1, 1, 1, 1, 2, 2)
    x = torch.cat([x, torch.zeros_like(x)], 1)  # [K, T, B, C, H, W]
    for stack in (fused_stack, spikingjelly_stack):
        fire = stack(NeuronLaw(None, 1.0, "zero"))
        assert fire(x, 0, Pool(Pooling((2, 2), "max"))).flatten().tolist() == [1.0, 0.0]
        assert fire(x, 0, Pool(Pooling((2, 2), "sum"))).flatten().tolist() == [0.5, 0.0]
        assert fire(x, 0, Pool(Pooling((2, 2), "max"), (0.5, 0.5))).flatten().tolist() == [0.5]
        assert fire(x, 0, Pool(Pooling((2, 1), "sum"), (0.75, 0.25))).flatten().tolist() == [0.375, 0.375]


@needs_loops
@pytest.mark.parametrize(
    "pool",
    [
        Pool(),
        Pool(Pooling((2, 2), "max")),
        Pool(Pooling((2, 2), "sum")),
        Pool(Pooling((3, 3), "max")),
        Pool(Pooling((3, 3), "sum")),
        Pool(Pooling((2, 1), "max")),
        Pool(Pooling((1, 3), "sum")),
        Pool(Pooling((7, 9), "sum")),
        Pool(shares=UNIFORM),
        Pool(Pooling((2, 2), "max"), UNIFORM),
        Pool(Pooling((2, 2), "sum"), LEAKY),
        Pool(shares=LEAKY),
    ],
)
@pytest.mark.parametrize(
    "law", [NeuronLaw(1, 1.0, "zero"), NeuronLaw(3, 0.7, "subtract"), NeuronLaw(None, 1.0, "zero")]
)
@pytest.mark.parametrize("static", [True, False])
def test_the_loops_equal_torch(law, pool, static, monkeypatch):
    shape = (3, 5, 4, 7, 9) if static else (3, 4, 5, 4, 7, 9)  # 7 x 9 maps: windows leave a rest
    x = (draw(*shape) * 1.5).requires_grad_()
    steps = 4 if static else 0
    spikes = fused_stack(law)(x, steps, pool)
    upstream = draw(*spikes.shape, seed=1)
    (grad,) = torch.autograd.grad(spikes, x, upstream)
    monkeypatch.setattr(neuron, "library", lambda: None)
    expected = fused_stack(law)(x, steps, pool)
    (wanted,) = torch.autograd.grad(expected, x, upstream)
    assert 0 < spikes.mean() < 1
    assert torch.equal(spikes, expected)
    assert torch.equal(grad, wanted)


@needs_loops
def test_more_neurons_than_one_block():
    x = draw(2, 3, 1500)
    together = fused_stack(NeuronLaw(1, 1.0, "zero"))(x, 0, Pool())
    parts = [fused_stack(NeuronLaw(1, 1.0, "zero"))(part, 0, Pool()) for part in x.split(700, 2)]
    assert torch.equal(together, torch.cat(parts, 2))
