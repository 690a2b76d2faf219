"""The fused loop against spikingjelly's neuron: spikes bit for bit, gradients within 1e-6."""

import pytest
import torch

from hwsearch.network.neuron import NeuronLaw, fused, spikingjelly_neuron


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
