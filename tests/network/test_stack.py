"""A stack of candidates: the float network by hand, fresh parameters, and each candidate apart from the others."""

import numpy as np
import pytest
import torch
from builders.stacks import CONV, MLP, X, spec, tickets

from hwsearch.network.stack import NEURON_LOOPS, LayerParams, Stack, Ticket, initial_params
from hwsearch.network.topology import NetworkSpec, layer_shapes


def ticket(*layers, bits=8):
    params = tuple(LayerParams(np.array(w, np.float32), np.array(b, np.float32)) for w, b in layers)
    return Ticket(params, tuple(np.ones(layer.weight.shape, bool) for layer in params), (bits,) * len(params))


@pytest.mark.parametrize("loop", list(NEURON_LOOPS))
def test_the_mean_readout_current_by_hand(loop):
    # 8 bits hold 1.27 and 0.5 in steps of 0.01. current 1.27 * 0.4 = 0.508, leak 1/2: h = 0.508, 0.762, 0.889, 0.9525
    # a bias of 0.1: 0.608, 0.912, 1.064 -> spike, 0.608: one spike in four steps, so 0.25 * 1.27 - 0.2
    shape = NetworkSpec(layer_shapes("fc1", (1, 1, 1), 1), 1, 1.0, "zero", False, "max", (1, 1, 1), 10, 4, 1)
    stack = Stack(shape, [ticket(([[1.27]], [0.1]), ([[1.27]], [-0.2]))], loop)
    out = stack(torch.full((1, 1, 1, 1), 0.4), 4)
    assert out.shape == (1, 1, 1)
    assert out.item() == pytest.approx(0.25 * 1.27 - 0.2, abs=1e-6)


def test_a_masked_weight_is_no_weight():
    shape = NetworkSpec(
        layer_shapes("fc1", (1, 1, 2), 1), None, 1.0, "zero", False, "max", (1, 1, 2), 10, 4, 1
    )
    whole = ticket(([[1.0, -1.0]], [0.0]), ([[1.0]], [0.0]))
    masked = Ticket(whole.params, (np.array([[True, False]]), whole.masks[1]), whole.bits)
    # both inputs 1: the sum is 0 and nothing fires, or 1 and it fires in every step
    out = Stack(shape, [whole, masked])(torch.ones(1, 1, 1, 2), 3)
    assert out.flatten().tolist() == [0.0, 1.0]


@pytest.mark.parametrize(("topology", "kinds"), [("fc9-fc7", MLP), ("4c3-p2-6c3-fc5", CONV)])
@pytest.mark.parametrize("batch_norm", [True, False])
def test_a_candidate_does_not_depend_on_its_stack(topology, kinds, batch_norm):
    shape = spec(topology, batch_norm=batch_norm)
    every, x = tickets(shape, kinds), torch.from_numpy(X[:20] / np.float32(16))
    together = Stack(shape, every)(x, 3)
    for k, alone in enumerate(every):
        assert torch.equal(Stack(shape, [alone])(x, 3)[0], together[k])


def test_fresh_parameters():
    shape = spec("8c3-fc30")
    params = initial_params(shape, 0)
    for layer, floats in zip(shape.layers, params, strict=True):
        bound = 1 / np.sqrt(np.prod(layer.weight_shape[1:]))
        assert floats.weight.shape == layer.weight_shape
        assert 0.8 * bound < np.abs(floats.weight).max() <= bound
    norm = params[0].norm
    assert [row.tolist() for row in norm] == [[1.0] * 8, [0.0] * 8, [0.0] * 8, [1.0] * 8]
    assert not params[0].bias.any()  # its normalisation has a shift
    assert params[-1].norm is None
    assert params[-1].bias.any()
    assert np.array_equal(initial_params(shape, 0)[1].weight, params[1].weight)
    assert not np.array_equal(initial_params(shape, 1)[1].weight, params[1].weight)


def test_parameters_come_out_as_they_went_in():
    shape = spec("4c3-p2-fc5")
    (first, *_), given = Stack(shape, tickets(shape, CONV)).params(), initial_params(shape, 0)
    for out, floats in zip(first, given, strict=True):
        assert np.array_equal(out.weight, floats.weight)
        assert np.array_equal(out.bias, floats.bias)
        assert (out.norm is None and floats.norm is None) or np.array_equal(out.norm, floats.norm)
