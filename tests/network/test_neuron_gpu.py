"""The Triton kernels in Triton's interpreter, against the loop in torch. Nothing here needs a GPU."""

import os

import pytest
import torch

os.environ["TRITON_INTERPRET"] = "1"  # read when Triton is imported
pytest.importorskip("triton", reason="Triton is not installed (pip install hwsearch[gpu]; about 1 GB)")

from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.network import neuron
from hwsearch.network.neuron import Pool, fused_stack
from hwsearch.network.neuron_gpu import fire


@pytest.mark.parametrize("reset", ["zero", "subtract"])
@pytest.mark.parametrize("leak_shift", [None, 1, 3])
@pytest.mark.parametrize("static", [True, False])
def test_equals_the_loop_in_torch(leak_shift, reset, static, monkeypatch):
    monkeypatch.setattr(neuron, "library", lambda: None)
    law = NeuronLaw(leak_shift, 0.8, reset)
    x = torch.randn((3, 2, 611) if static else (3, 5, 2, 611), generator=torch.Generator().manual_seed(0))
    x.requires_grad_()
    steps = 5 if static else 0
    spikes, expected = fire(x, steps, law), fused_stack(law)(x, steps, Pool())
    assert 0 < spikes.mean() < 1
    assert torch.equal(spikes, expected)
    upstream = torch.randn(spikes.shape, generator=torch.Generator().manual_seed(1))
    (grad,) = torch.autograd.grad(spikes, x, upstream)
    (wanted,) = torch.autograd.grad(expected, x, upstream)
    torch.testing.assert_close(grad, wanted, rtol=1e-5, atol=1e-6)


def test_hand_computed_trace():
    # h = 0.6; 0.3 + 0.6 = 0.9; 0.45 + 0.6 = 1.05 -> spike, 0; 0.6
    spikes = fire(torch.full((1, 1), 0.6), 4, NeuronLaw(1, 1.0, "zero"))
    assert spikes.flatten().tolist() == [0.0, 0.0, 1.0, 0.0]
