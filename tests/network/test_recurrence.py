"""Populations that feed each other: by hand, in C against torch, and alone against in a stack."""

from dataclasses import replace

import pytest
import torch
from builders.graphs import spec
from builders.stacks import draw

from hwsearch.graph.graph import NO_POOLING, Connection, Population
from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.native.library import library
from hwsearch.network import recurrence
from hwsearch.network.neuron_step import spikingjelly_step, step_neuron
from hwsearch.network.recurrence import Circle, Member, recurrent, through_time

needs_loops = pytest.mark.skipif(library() is None, reason="no C compiler, or HWSEARCH_NATIVE=0")
INTEGRATE = NeuronLaw(None, 1.0, "zero")


def back_to_itself(outside, weight, law, *, constant=False):
    """Return a flat population that feeds itself."""
    n = outside.shape[-1]
    connection = Connection("r.back", 0, 0, "fc", n, n, (1, 1), (1, 1), 1, NO_POOLING, 1, (1, 1), (1, 1), 1)
    return Circle(
        [Member(0, Population("r", n, (1, 1), law, flat=True), outside, constant)], [connection], [weight]
    )


@pytest.mark.parametrize("native", [pytest.param(True, marks=needs_loops), False])
def test_a_trace_by_hand(native, monkeypatch):
    if not native:
        monkeypatch.setattr(recurrence, "library", lambda: None)
    # neuron 0 fires first; its spike brings 1 to neuron 1 a timestep later, and that one 0.5 to neuron 0
    outside = torch.tensor([[1.0, 0.0], [0.0, 0.0], [0.5, 0.0]]).view(1, 3, 1, 2)
    weight = torch.tensor([[[0.0, 0.5], [1.0, 0.0]]])  # row: to
    (spikes,) = through_time(back_to_itself(outside, weight, INTEGRATE), 3, step_neuron)
    assert spikes.view(3, 2).tolist() == [[1, 0], [0, 1], [1, 0]]


def test_two_populations_in_a_circle_by_hand():
    # "a" sees 1 once. "b" reads it in the same timestep; "a" reads "b" a timestep later: both fire for ever
    flat = {name: Population(name, 1, (1, 1), INTEGRATE, flat=True) for name in "ab"}
    ab = Connection("b", 0, 1, "fc", 1, 1, (1, 1), (1, 1), 1, NO_POOLING, 0, (1, 1), (1, 1), 1)
    ba = replace(ab, name="a.back", source=1, target=0, delay=1)
    a = Member(0, flat["a"], torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1), False)
    b = Member(1, flat["b"], torch.zeros(1, 1, 1), True)
    circle = Circle([a, b], [ba, ab], [torch.ones(1, 1, 1)] * 2)
    assert [s.flatten().tolist() for s in through_time(circle, 3, step_neuron)] == [[1, 1, 1], [1, 1, 1]]
    silent = replace(circle, weights=[torch.zeros(1, 1, 1), torch.ones(1, 1, 1)])
    assert [s.flatten().tolist() for s in through_time(silent, 3, step_neuron)] == [[1, 0, 0], [1, 0, 0]]


@needs_loops
@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("n", [5, 16, 37])
@pytest.mark.parametrize("law", [NeuronLaw(1, 1.0, "zero"), NeuronLaw(3, 0.7, "subtract"), INTEGRATE])
def test_the_loop_equals_torch_and_spikingjelly(law, n, constant, monkeypatch):
    shape = (3, 7, n) if constant else (3, 6, 7, n)
    outside, weight = draw(*shape).requires_grad_(), (draw(3, n, n, seed=1) / n**0.5).requires_grad_()
    circle = back_to_itself(outside, weight, law, constant=constant)
    (spikes,) = through_time(circle, 6, step_neuron)
    upstream = draw(*spikes.shape, seed=2)
    grads = torch.autograd.grad(spikes, (outside, weight), upstream)
    assert 0.05 < spikes.mean() < 0.95
    monkeypatch.setattr(recurrence, "library", lambda: None)
    for step in (step_neuron, spikingjelly_step):
        (expected,) = through_time(circle, 6, step)
        assert torch.equal(spikes, expected)
        for a, b in zip(grads, torch.autograd.grad(expected, (outside, weight), upstream), strict=True):
            torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6 * b.abs().max().item())


@needs_loops
@pytest.mark.parametrize("n", [16, 37])
def test_a_candidate_does_not_depend_on_its_stack(n):
    law = NeuronLaw(1, 1.0, "zero")
    outside, weight = draw(4, 5, 3, n).requires_grad_(), (draw(4, n, n, seed=1) / n**0.5).requires_grad_()
    spikes = recurrent(outside, weight, law, 5)
    grads = torch.autograd.grad(spikes, (outside, weight), draw(*spikes.shape, seed=2))
    for k in range(4):
        single = [t[k : k + 1].detach().clone().requires_grad_() for t in (outside, weight)]
        alone = recurrent(*single, law, 5)
        assert torch.equal(alone[0], spikes[k])
        apart = torch.autograd.grad(alone, single, draw(*spikes.shape, seed=2)[k : k + 1])
        assert all(torch.equal(a[0], b[k]) for a, b in zip(apart, grads, strict=True))


def test_a_recurrent_layer_of_a_spelling_is_such_a_population():
    own = spec("r5")
    assert [(c.name, c.delay) for c in own.connections if c.source == c.target] == [("rec1.back", 1)]
