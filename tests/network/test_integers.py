"""The widths that a network needs: by hand, and never left by any input."""

import numpy as np
from builders.integer_networks import fc, network, one_neuron
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.network.integer import run_integer
from hwsearch.network.integers import Widths, half_step, needed_bits, overflows, shifted


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
