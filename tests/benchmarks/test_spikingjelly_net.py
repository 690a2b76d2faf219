"""Every kind of network against spikingjelly's own modules: spikes bit for bit, gradients within 1e-6."""

import pytest
import torch
import torch.nn.functional as F
from builders.stacks import KINDS, inputs_of, kind_of, lively

from benchmarks.spikingjelly_net import SpikingJellyNet
from hwsearch.network import neuron, products, recurrence
from hwsearch.network.flow import Flow
from hwsearch.network.stack import Stack
from hwsearch.train.inputs import as_input

T = 6


def network(kind):
    """Return a network, a ticket of it and what it reads."""
    own = kind_of(kind)
    (ticket,) = lively(own, [("weight", 0.2, 8)])
    return own, ticket, as_input(inputs_of(own, 7), own.input, T)


def expected_outputs(own, net, x):
    """Return what the readout says by spikingjelly's spikes, [B, classes] or [B, T, classes]."""
    sequence = x.unsqueeze(0).repeat(T, 1, 1, 1, 1) if own.input.still else x.transpose(0, 1)
    currents = net(sequence)
    decay = 1.0 if own.readout.leak_shift is None else 1 - 2.0**-own.readout.leak_shift
    potential, count, steps = torch.zeros_like(currents[0]), 0.0, []
    for t in range(own.readout.first(T), T):
        potential, count = potential * decay + currents[t], count * decay + 1
        steps.append(potential / count)
    return torch.stack(steps, 1) if own.readout.labels == "step" else steps[-1]


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("native", [True, False])
def test_spikes_and_gradients(kind, native, monkeypatch):
    if not native:
        for module in (neuron, products, recurrence):
            monkeypatch.setattr(module, "library", lambda: None)
    own, ticket, x = network(kind)
    ours, theirs = Stack(own, [ticket]), SpikingJellyNet(own, ticket)
    emitted, emit = {}, Flow.emit

    def remember(flow, population, spikes, pool):
        emitted[population] = spikes.detach(), pool
        emit(flow, population, spikes, pool)

    monkeypatch.setattr(Flow, "emit", remember)
    out = ours(x, T)
    wanted = expected_outputs(own, theirs, x)
    for population, (spikes, pool) in emitted.items():
        reference = neuron.pooled(theirs.spikes[population].unsqueeze(0), pool)
        assert reference.mean() > 0.01
        assert (
            torch.equal(spikes, reference)
            if not pool.shares
            else torch.allclose(spikes, reference, atol=1e-6)
        )
    torch.testing.assert_close(out[0], wanted, rtol=1e-5, atol=1e-6)
    target = torch.arange(len(x)) % own.classes
    every = target.repeat_interleave(T) if own.readout.labels == "step" else target
    F.cross_entropy(out[0].flatten(0, -2), every).backward()
    F.cross_entropy(wanted.flatten(0, -2), every).backward()
    for a, b in zip([*ours.weights, *ours.biases], [*theirs.weights, *theirs.biases], strict=True):
        assert b.grad is not None
        torch.testing.assert_close(
            a.grad[0], b.grad, rtol=1e-6, atol=1e-6 * max(1.0, b.grad.abs().max().item())
        )
