"""The neuron of one timestep: by hand, and against spikingjelly's."""

import math

import pytest
import torch
from builders.stacks import draw

from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.network.neuron_step import spikingjelly_step, step_neuron


@pytest.mark.parametrize("step", [step_neuron, spikingjelly_step])
def test_by_hand(step):
    # half of 1.2 stays: 0.6 + 0.6 fires, 0.6 + 0.1 does not
    x, membrane = torch.tensor([0.6, 0.1]), torch.tensor([1.2, 1.2])
    fired, after = step(NeuronLaw(1, 1.0, "zero"))(x, membrane)
    assert fired.tolist() == [1.0, 0.0]
    assert after.tolist() == pytest.approx([0.0, 0.7])
    fired, after = step(NeuronLaw(1, 1.0, "subtract"))(x, membrane)
    assert after.tolist() == pytest.approx([0.2, 0.7])
    fired, after = step(NeuronLaw(None, 1.0, "zero"))(x, None)
    assert after.tolist() == pytest.approx([0.6, 0.1])


def test_the_gradient_by_hand():
    # h = 0.7: ds/dh = 1 / (1 + (0.3 pi)^2), and the membrane passes it on: dv/dx = 1, dv/d(before) = 0.5
    x, before = torch.tensor([0.1], requires_grad=True), torch.tensor([1.2], requires_grad=True)
    fired, after = step_neuron(NeuronLaw(1, 1.0, "zero"))(x, before)
    grads = torch.autograd.grad(fired.sum() + 2 * after.sum(), (x, before))
    expected = 1 / (1 + (0.3 * math.pi) ** 2) + 2
    assert [grad.item() for grad in grads] == pytest.approx([expected, 0.5 * expected])


@pytest.mark.parametrize("reset", ["zero", "subtract"])
@pytest.mark.parametrize("leak_shift", [None, 2])
def test_equals_spikingjelly(leak_shift, reset):
    law = NeuronLaw(leak_shift, 0.5, reset)
    results = []
    for step in (step_neuron, spikingjelly_step):
        x, before = draw(50).requires_grad_(), draw(50, seed=1).requires_grad_()
        fired, after = step(law)(x, before)
        grads = torch.autograd.grad((fired * draw(50, seed=2) + after * draw(50, seed=3)).sum(), (x, before))
        results.append((fired, after, *grads))
    assert torch.equal(results[0][0], results[1][0])
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-6)
