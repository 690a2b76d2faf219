"""Fixed point within a device's widths: what is chosen, by hand; what is lost, counted."""

import numpy as np
import pytest
from builders.integer_networks import fc
from builders.integer_networks import network as chain
from builders.naive_machine import naive_run
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.network.fixed_point import Part, Scale, bias_limit, fixed_point
from hwsearch.network.integer import run_integer, run_integer_stack
from hwsearch.network.integers import Widths, needed_bits
from hwsearch.network.width_loss import WidthLoss


def scale(weight, threshold, bias, value_max=1, timesteps=4):
    return Scale(
        (Part(np.array(weight, np.int64), value_max),),
        None if threshold is None else np.array(threshold, float),
        np.array(bias, float),
        timesteps,
    )


def test_a_wide_sum_is_shifted_right_before_a_narrow_membrane():
    # an 8-bit membrane leaves thresholds 2**5 = 32: 1000 / 32 = 31.25, so f = -5; th = 1000 / 32 = 31.25 -> 31
    fixed = fixed_point(scale([[127, -100], [3, 1]], [1000.0, 800.0], [64.0, -32.0]), Widths(8, 32, 8, 8))
    assert fixed.fraction_bits == (-5,)
    assert fixed.weights[0].tolist() == [[127, -100], [3, 1]]
    assert fixed.threshold.tolist() == [31, 25]
    assert fixed.bias.tolist() == [2, -1]
    assert fixed.loss == WidthLoss()


def test_without_a_wider_sum_the_grid_gets_coarser_and_what_vanishes_is_counted():
    fixed = fixed_point(scale([[127, -100, 1, 0]], [500.0], [0.0]), Widths(8, 8, 8, 8))
    assert fixed.threshold[0] <= 127
    # the weights keep their ratio to the threshold
    worth = fixed.weights[0][0] * 2 ** fixed.fraction_bits[0] / fixed.threshold[0]
    assert worth.tolist() == pytest.approx([127 / 500, -100 / 500, 0, 0], abs=0.03)
    assert fixed.loss == WidthLoss(weights_zeroed=1)


def joint(*parts, threshold=None, bias=0.0, timesteps=4):
    """Return a channel of connections of one weight each, (weight, exponent)."""
    connections = tuple(Part(np.array([[weight]], np.int64), 1, exponent) for weight, exponent in parts)
    return Scale(
        connections, None if threshold is None else np.array([threshold]), np.array([bias]), timesteps
    )


def test_connections_are_shifted_by_their_exponent_above_the_fraction_bits():
    # 16 bits: thresholds of up to 2**13 leave f = 4 to 400 (6400); sums of 127 << 2 and 100 are far from 32 bits
    fixed = fixed_point(joint((127, 2), (-100, 0), threshold=400.0, bias=-3.0), Widths(16, 32, 16, 16))
    assert fixed.fraction_bits == (6, 4)
    assert [weight.tolist() for weight in fixed.weights] == [[[127]], [[-100]]]
    assert (fixed.threshold.tolist(), fixed.bias.tolist()) == ([6400], [-48])


def test_a_coarser_grid_is_that_of_all_connections():
    fixed = fixed_point(joint((127, 1), (-100, 0), threshold=900.0), Widths(8, 8, 8, 8))
    worth = [
        weight.item() * 2.0**f / fixed.threshold[0]
        for weight, f in zip(fixed.weights, fixed.fraction_bits, strict=True)
    ]
    assert worth == pytest.approx([254 / 900, -100 / 900], abs=0.04)
    assert fixed.fraction_bits[0] == fixed.fraction_bits[1] + 1


def test_the_sums_of_all_connections_bound_a_readout():
    # over 4 timesteps 4 * (2 * 127 + 100) << f = 1416 << f, and the rounding, within 2**15: f = 4
    fixed = fixed_point(joint((127, 1), (100, 0)), Widths(16, 16, 16, 16))
    assert fixed.fraction_bits == (5, 4)
    # of two signs they are 4 * 254 at most: f = 5
    assert fixed_point(joint((127, 1), (-100, 0)), Widths(16, 16, 16, 16)).fraction_bits == (6, 5)


def test_the_largest_bias_bounds_the_fraction_bits_too():
    # th alone would leave f = 5 (100 * 2**5 < 8192), an 8-bit bias of 30 leaves f = 2 (30 * 4 = 120)
    fixed = fixed_point(scale([[1, 2]], [100.0], [30.0]), Widths(16, 32, 8, 16))
    assert (fixed.fraction_bits, fixed.bias.tolist(), fixed.threshold.tolist()) == ((2,), [120], [400])
    assert fixed.loss == WidthLoss()


def test_one_channel_of_tiny_weights_costs_the_others_nothing():
    # its threshold, a million steps, would need f = -7: the others' thresholds of 60 would become 0. No input fires it
    thresholds = np.array([60.0] * 31 + [1e6])
    fixed = fixed_point(scale([[50, -20]] * 32, thresholds, [0.0] * 32), Widths(16, 32, 16, 16))
    assert fixed.fraction_bits[0] >= 4
    assert fixed.weights[0][:31].tolist() == [[50, -20]] * 31
    assert fixed.loss.weights_zeroed == 2  # of that channel


def test_a_threshold_never_becomes_zero():
    assert fixed_point(scale([[1]], [1e-12], [0.0]), Widths(16, 32, 16, 16)).threshold.tolist() == [1]


def test_a_readout_over_many_timesteps_fits_its_accumulator():
    # 32 weights of 127 over 64 timesteps: 260,096 needs 19 bits; 15 * 32 * 64 = 30,720 fits 16
    weight = np.tile([127, -127], (3, 32))
    wide = fixed_point(scale(weight, None, [0.0] * 3, timesteps=64), Widths(16, 32, 16, 16))
    assert wide.fraction_bits == (8,)
    assert wide.weights[0].tolist() == weight.tolist()
    narrow = fixed_point(scale(weight, None, [0.0] * 3, timesteps=64), Widths(16, 16, 16, 16))
    assert narrow.fraction_bits == (0,)
    assert np.abs(narrow.weights[0]).max() == 16 - 1
    assert np.abs(narrow.weights[0]).reshape(3, -1).sum(1).max() // 2 * 64 < 2**15


def test_a_readout_bias_keeps_its_width():
    fixed = fixed_point(scale([[100, -3], [-90, 40]], None, [114_650.0, 3.0]), Widths(16, 16, 16, 16))
    assert np.abs(fixed.bias).max() <= 2**15 - 1
    assert fixed.loss.biases_clipped + fixed.loss.weights_zeroed > 0


@given(
    seed=st.integers(0, 2**32 - 1),
    bits=st.sampled_from([1, 2, 3, 4, 5, 6, 8]),
    state=st.integers(6, 32),
    accumulator=st.integers(6, 32),
    bias=st.integers(4, 32),
    threshold=st.integers(4, 32),
    spread=st.floats(0, 6),
    readout=st.booleans(),
    connections=st.integers(1, 2),
)
@settings(max_examples=150, deadline=None)
def test_whatever_the_widths_all_numbers_are_within_them(
    seed, bits, state, accumulator, bias, threshold, spread, readout, connections
):
    rng, top = np.random.default_rng(seed), max(1, 2 ** (bits - 1) - 1)
    widths = Widths(state, accumulator, bias, threshold)
    shapes, exponents = [(6, 10), (6, 2, 3, 1)], rng.permuted([0, rng.integers(0, 9)])
    parts = [
        Part(rng.integers(-top, top + 1, shape), int(rng.integers(1, 256)), int(exponent))
        for shape, exponent in zip(shapes, exponents, strict=True)
    ]
    population = Scale(
        tuple(parts[:connections]),
        None if readout else 10 ** rng.uniform(-spread, spread, 6),
        rng.normal(size=6) * 10 ** rng.uniform(-spread, spread),
        int(rng.integers(1, 65)),
    )
    fixed = fixed_point(population, widths)
    assert max(np.abs(weight).max() for weight in fixed.weights) <= top
    assert np.abs(fixed.bias).max() <= bias_limit(widths) + 1
    if not readout:
        assert fixed.threshold.min() >= 1
        assert fixed.threshold.max() < 2 ** (min(threshold, state) - 1)
    base = {f - part.exponent for f, part in zip(fixed.fraction_bits, parts, strict=False)}
    assert len(base) == 1
    if min(base) < 0:
        assert accumulator > state
    if widths == Widths(32, 32, 32, 32):
        assert fixed.loss == WidthLoss()


def network(weight, threshold, bias, *, fraction=0, readout_fraction=0, **changes):
    """Two inputs of 0 .. 15, one layer of neurons, and a readout of each of them."""
    layers = [
        fc(weight, bias, threshold, fraction),
        fc(np.eye(len(bias)), [0] * len(bias), None, readout_fraction, "readout"),
    ]
    widths = {"timesteps": 3, "leak_shift": None, "state_bits": 16} | changes
    return chain(layers, shape=(1, 1, 2), input_max=15, input_bits=4, **widths)


X = np.array([[[[3, 1]]]], np.uint8)


def test_a_shift_to_the_right_rounds_to_the_nearest_by_hand():
    # sums 3 * 3 + 1 * 2 = 11 and 3 * -3 + 1 * -1 = -10; (11 + 2) >> 2 = 3, (-10 + 2) >> 2 = -2; biases 1 and 0
    net = network([[3, 2], [-3, -1]], [100, 100], [1, 0], fraction=-2)
    membranes = run_integer(net, X, trace=True).membranes[0][:, 0]
    assert membranes.tolist() == [[4, -2], [8, -4], [12, -6]]
    # sums reach 5 * 15 + 2 (the rounding) = 77: 8 bits with their sign
    assert next(needed_bits(net)).sums == 8


def test_sums_are_clipped_to_the_accumulator_by_hand_and_counted():
    # 3 * 127 + 1 * 127 = 508 is clipped to 127, -300 to -128: once each, in each of three timesteps
    net = network([[127, 127], [-100, 0]], [1000, 1000], [0, 0], accumulator_bits=8)
    run = run_integer(net, X, trace=True)
    assert run.membranes[0][:, 0].tolist() == [[127, -128], [254, -256], [381, -384]]
    assert run.sums_clipped == 6
    assert run.membranes_clipped == 0
    wide = run_integer(network([[127, 127], [-100, 0]], [1000, 1000], [0, 0]), X)
    assert wide.sums_clipped == 0


def test_a_bias_is_added_to_the_clipped_sum():
    # 508 -> 127, + 10 -> 127; -300 -> -128, + 10 -> -118
    net = network([[127, 127], [-100, 0]], [1000, 1000], [10, 10], accumulator_bits=8)
    assert run_integer(net, X, trace=True).membranes[0][0, 0].tolist() == [127, -118]


def test_membranes_that_are_clipped_are_counted():
    # 8 bits: 100, then 200 -> 127, 227 -> 127
    net = network([[33, 1], [0, 0]], [1000, 1000], [0, 0], state_bits=8)
    run = run_integer(net, X, trace=True)
    assert run.membranes[0][:, 0, 0].tolist() == [100, 127, 127]
    assert run.membranes_clipped == 2


def test_a_readout_saturates_at_its_accumulator():
    # it fires in every timestep, each worth 2**6 = 64: 64, 127, 127
    net = network([[1, 0], [0, 0]], [1, 1000], [0, 0], readout_fraction=6, accumulator_bits=8)
    run = run_integer(net, X, trace=True)
    assert run.membranes[-1][:, 0, 0].tolist() == [64, 127, 127]
    assert run.sums_clipped == 2


def test_a_stack_of_shifts_and_narrow_sums_equals_each_alone():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 16, (40, 1, 1, 2)).astype(np.uint8)
    nets = [
        network(
            rng.integers(-127, 128, (3, 2)), [20, 30, 40], rng.integers(-20, 21, 3),
            fraction=fraction, accumulator_bits=10, state_bits=9, leak_shift=1,
        )
        for fraction in (-3, 0, 2)
    ]  # fmt: skip
    together = run_integer_stack(nets, x, trace=True)
    for net, run in zip(nets, together, strict=True):
        alone = run_integer(net, x, trace=True)
        assert all(np.array_equal(a, b) for a, b in zip(run.membranes, alone.membranes, strict=True))
        assert (run.sums_clipped, run.membranes_clipped) == (alone.sums_clipped, alone.membranes_clipped)
        assert np.array_equal(naive_run(net, x)[1][0][..., 0, 0], alone.membranes[0])
