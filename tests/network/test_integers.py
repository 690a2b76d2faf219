"""The widths that a network needs: by hand, and never left by any input."""

from dataclasses import replace

import numpy as np
import pytest
from builders.integer_networks import dense, fc, graph, network, one_neuron, population
from builders.random_networks import networks
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.graph.graph import INPUT, Input, Pooling, Readout
from hwsearch.network.integer import run_integer
from hwsearch.network.integers import Widths, half_step, largest_value, needed_bits, overflows, shifted


def test_widths_that_no_input_can_exceed():
    # fc1: sums within 3*255+1 = 766 -> 11 bits (signed); fired at 10, so a membrane within 9 + 766 = 775: 11 bits
    # readout: one spike a step, 4 steps: 0 .. 4 -> 4 bits
    net = one_neuron(timesteps=4)
    assert list(needed_bits(net)) == [("fc1", 11, 11), ("readout", 4, 4)]


def test_widths_by_subtraction_and_below_zero_by_hand():
    # a in [1 - 2 * 255, 1 + 3 * 255] = [-509, 766]: 11 bits. Two steps, no leak, by subtraction: at most 2 * 766 + 766
    # before the reset of the next, at least 2 * -509: 2298 needs 13 bits
    net = network([fc([[3, -2]], [1], [10]), fc([[-1]], [2], name="readout")], timesteps=2, leak_shift=None,
                  reset="subtract", shape=(1, 1, 2))  # fmt: skip
    # readout: a in [1, 2], two steps: 4 needs 4 bits
    assert list(needed_bits(net)) == [("fc1", 11, 13), ("readout", 4, 4)]


def test_a_device_is_told_which_layer_overflows_what():
    net = one_neuron(timesteps=4)  # needs 11-bit sums and membranes
    assert overflows(net, Widths(state=11, accumulator=11)) == ""
    assert overflows(net, Widths(state=10, accumulator=11)) == "fc1 needs 11-bit membranes, the device has 10"
    assert overflows(net, Widths(state=11, accumulator=3)) == (
        "fc1 needs 11-bit sums, the device has 3; readout needs 4-bit sums, the device has 3"
    )


def test_shifts_by_hand():
    values = np.array([5, -5])
    assert shifted(values, 2).tolist() == [20, -20]
    assert shifted(values, -1).tolist() == [2, -3]  # an arithmetic shift rounds down
    assert [half_step(f) for f in (2, 0, -1, -3)] == [0, 0, 1, 4]
    assert [Widths(16, bits).shifts_right for bits in (8, 16, 32)] == [False, False, True]


@given(
    seed=st.integers(0, 2**32 - 1),
    reset=st.sampled_from(["zero", "subtract"]),
    leak_shift=st.sampled_from([None, 1, 2, 4]),
    fractions=st.tuples(st.integers(-3, 4), st.integers(-3, 4)),
    timesteps=st.integers(1, 12),
)
@settings(max_examples=60, deadline=None)
def test_no_input_leaves_the_widths(seed, reset, leak_shift, fractions, timesteps):
    rng = np.random.default_rng(seed)
    layers = [
        fc(rng.integers(-7, 8, (6, 4)), rng.integers(-20, 20, 6), rng.integers(1, 900, 6), f=fractions[0]),
        fc(rng.integers(-3, 4, (3, 6)), rng.integers(-9, 9, 3), None, f=fractions[1], name="readout"),
    ]
    net = network(layers, timesteps=timesteps, leak_shift=leak_shift, reset=reset, shape=(1, 2, 2))
    extreme = (rng.integers(0, 2, (20, 1, 2, 2)) * 255).astype(np.uint8)
    traces = run_integer(net, extreme, trace=True).membranes
    for (_, _, bits), trace in zip(needed_bits(net), traces, strict=True):
        assert -(2 ** (bits - 1)) <= trace.min()
        assert trace.max() < 2 ** (bits - 1)


def test_widths_of_two_connections_and_a_recurrence_by_hand():
    # 9 << 1, (5 * 9 + 2) >> 2 = 11 and a spike of its own, 3, and the bias: [-1, 18 + 11 + 3 - 1 = 31], 6 bits; the sum
    # before its shift is 45 + 2, 7 bits. Fired at 20 the membrane is within 19 + 31: 7 bits
    net = graph(
        [population("rec1", [-1], [20]), population("readout", [0])],
        [
            dense("rec1", INPUT, 0, [[1]], f=1),
            dense("rec1.skip", INPUT, 0, [[5]], f=-2),
            dense("rec1.back", 0, 0, [[3]], delay=1),
            dense("readout", 0, 1, [[1]], readout=True),
        ],
        timesteps=4,
    )
    assert list(needed_bits(net)) == [("rec1", 7, 7), ("readout", 4, 4)]


@pytest.mark.parametrize(
    ("readout", "bits"),
    [
        (Readout(), 9),  # 8 * 31 = 248
        (Readout(last=4), 8),  # 124
        (Readout(leak_shift=1), 7),  # 31; 47; 55; 59; 61; 62; 62: v - (v >> 1) + 31 stays below 62
        (Readout(leak_shift=1, last=2), 7),  # 47
    ],
)
def test_widths_of_a_readout_by_hand(readout, bits):
    net = network(
        [fc([[1]], [0], [1]), fc([[31]], [0], name="readout")], timesteps=8, leak_shift=None, readout=readout
    )
    assert list(needed_bits(net))[-1] == ("readout", bits, bits)


def test_the_largest_value_that_a_weight_meets():
    counts = Input((1, 2, 2), 3, 2, frames=7)
    first = dense("fc1", INPUT, 0, [[1]], pooling=Pooling((2, 2), "sum")).shape
    assert largest_value(first, counts, 2) == 3 * 4 * 4  # bins of up to 4 frames
    assert largest_value(first, replace(counts, binning="mean"), 2) == 3 * 4
    assert largest_value(replace(first, source=0), counts, 2) == 4
    assert largest_value(replace(first, source=0, pooling=Pooling((2, 2), "max")), counts, 2) == 1


@given(case=networks(), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_no_input_of_a_graph_leaves_the_widths(case, seed):
    net, x = case
    net = replace(net, state_bits=32, accumulator_bits=32)
    extreme = np.random.default_rng(seed).integers(0, 2, x.shape).astype(np.uint16) * net.input.max
    run = run_integer(net, extreme, trace=True)
    assert run.sums_clipped == run.membranes_clipped == 0
    for need, trace in zip(needed_bits(net), run.membranes, strict=True):
        assert -(2 ** (need.membrane - 1)) <= trace.min()
        assert trace.max() < 2 ** (need.membrane - 1)
