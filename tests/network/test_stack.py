"""A stack of candidates: the float network by hand, fresh parameters, and each candidate apart from the others."""

import numpy as np
import pytest
import torch
from builders.graphs import spec
from builders.stacks import CONV, MLP, X, same, tickets

from hwsearch.network.params import Params, Ticket, initial_params
from hwsearch.network.stack import NEURON_LOOPS, Stack


def ticket(*layers, bits=8):
    weights, biases = (
        tuple(np.array(values, np.float32) for values in part) for part in zip(*layers, strict=True)
    )
    masks = tuple(np.ones(weight.shape, bool) for weight in weights)
    return Ticket(Params(weights, biases, (None,) * len(biases)), masks, (bits,) * len(masks))


@pytest.mark.parametrize("loop", list(NEURON_LOOPS))
def test_the_mean_readout_current_by_hand(loop):
    # 8 bits hold 1.27 and 0.5 in steps of 0.01. current 1.27 * 0.4 = 0.508, leak 1/2: h = 0.508, 0.762, 0.889, 0.9525
    # a bias of 0.1: 0.608, 0.912, 1.064 -> spike, 0.608: one spike in four steps, so 0.25 * 1.27 - 0.2
    shape = spec("fc1", (1, 1, 1), 1)
    stack = Stack(shape, [ticket(([[1.27]], [0.1]), ([[1.27]], [-0.2]))], loop)
    out = stack(torch.full((1, 1, 1, 1), 0.4), 4)
    assert out.shape == (1, 1, 1)
    assert out.item() == pytest.approx(0.25 * 1.27 - 0.2, abs=1e-6)


def test_a_masked_weight_is_no_weight():
    shape = spec("fc1", (1, 1, 2), 1, leak_shift=None)
    whole = ticket(([[1.0, -1.0]], [0.0]), ([[1.0]], [0.0]))
    masked = Ticket(whole.params, (np.array([[True, False]]), whole.masks[1]), whole.bits)
    # both inputs 1: the sum is 0 and nothing fires, or 1 and it fires in every step
    out = Stack(shape, [whole, masked])(torch.ones(1, 1, 1, 2), 3)
    assert out.flatten().tolist() == [0.0, 1.0]


@pytest.mark.parametrize(("topology", "kinds"), [("fc9-fc7", MLP), ("4c3-p2-6c3-fc5", CONV)])
@pytest.mark.parametrize("batch_norm", [True, False])
def test_a_candidate_does_not_depend_on_its_stack(topology, kinds, batch_norm):
    shape = spec(topology, norm=batch_norm)
    every, x = tickets(shape, kinds), torch.from_numpy(X[:20] / np.float32(16))
    together = Stack(shape, every)(x, 3)
    for k, alone in enumerate(every):
        assert torch.equal(Stack(shape, [alone])(x, 3)[0], together[k])


def test_parameters_come_out_as_they_went_in():
    shape = spec("4c3-p2-fc5", norm=True)
    (first, *_), given = Stack(shape, tickets(shape, CONV)).params(), initial_params(shape, 0)
    assert same(first, given)
