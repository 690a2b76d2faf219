"""Weights that are stored stay stored, and nothing else comes alive, whatever is trained."""

import numpy as np
import pytest
import torch
from builders.drawn_integers import drawn_integers
from builders.integer_networks import fc, network

from hwsearch.compress.quantise import largest_level
from hwsearch.network.integers import Widths
from hwsearch.retrain.held import HeldStack
from hwsearch.retrain.start import start_of


def stack(weights, bits=8, threshold=100):
    layers = [fc(weights, [0] * len(weights), [threshold] * len(weights), f=2)]
    layers.append(fc([[1] * len(weights)] * 2, [0, 0], name="readout"))
    return HeldStack(
        start_of(network(layers, timesteps=2, shape=(1, 1, len(weights[0])), weight_bits=bits, input_max=1))
    )


def put(held, values):
    """Replace the first connection's trained values, in steps of its grid."""
    with torch.no_grad():
        held.weights[0].copy_(torch.tensor(values).unsqueeze(0) * held._steps[0])


def test_a_weight_that_rounds_to_zero_stays_at_one_by_its_sign():
    held = stack([[3, 0, -2, 1]])
    put(held, [[0.2, 5.0, -0.4, 0.0]])
    assert held.integers(Widths()).connections[0].weight.tolist() == [[1, 0, -1, 1]]


@pytest.mark.parametrize("bits", [1, 2, 3, 4, 6, 8])
def test_weights_keep_within_their_bits(bits):
    held = stack([[1, -1, 1]], bits)
    put(held, [[900.0, -900.0, 0.4]])
    most = largest_level(bits)
    assert held.integers(Widths()).connections[0].weight.tolist() == [[most, -most, 1]]


def test_forward_computes_with_the_levels_times_the_gain():
    held = stack([[4, 0, -2]])
    put(held, [[2.6, 7.0, -0.1]])
    with torch.no_grad():
        held.log_gains[0].fill_(np.log(2.0))
    step = float(held._steps[0].flatten()[0])
    assert held._quantised()[0][0, 0].tolist() == pytest.approx([2 * 3 * step, 0.0, -2 * step])


def test_gradients_reach_stored_weights_and_gains_alone():
    held = stack([[4, 0, -2]])
    held._quantised()[0].sum().backward()
    assert held.weights[0].grad[0, 0].tolist() == [1.0, 0.0, 1.0]
    # d/dlog(gain) of gain * step * (4 - 2)
    assert float(held.log_gains[0].grad) == pytest.approx(2 * float(held._steps[0].flatten()[0]))


def test_numbers_that_are_not_finite_give_no_network():
    held = stack([[4, 1, -2]])
    put(held, [[float("nan"), 1.0, 1.0]])
    assert held.integers(Widths()) is None


@pytest.mark.parametrize("spelling", ["4c3-p2-fc8", "fc6-r6", "4c3-dw3-p2-fc5"])
def test_any_trained_values_keep_the_pattern(spelling):
    parent = drawn_integers(spelling)
    held = HeldStack(start_of(parent))
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for weight in held.weights:
            weight.add_(torch.randn(weight.shape, generator=generator) * weight.abs().mean() * 3)
        for gain in held.log_gains:
            gain.add_(torch.randn(gain.shape, generator=generator))
    # eight bits of membrane make grids coarser, which takes small weights elsewhere
    child = held.integers(Widths(state=8, accumulator=16, bias=8, threshold=8))
    for old, new in zip(parent.connections, child.connections, strict=True):
        assert np.array_equal(old.weight != 0, new.weight != 0)
        assert old.shape == new.shape
    assert [p.shape for p in child.populations] == [p.shape for p in parent.populations]
