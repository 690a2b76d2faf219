"""The integer machine model against traces worked out by hand, and against a plain loop over Python integers."""

import numpy as np
import pytest
from builders.integer_networks import Layer, fc, network, one_neuron
from builders.naive_machine import naive_run
from builders.random_networks import equal_runs, networks, permuted_stack
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.network.integer import run_integer, run_integer_stack

X2 = np.full((1, 1, 1, 1), 2, np.uint8)


def membranes(net, x=X2):
    return run_integer(net, x, trace=True).membranes[0][:, 0, 0].tolist()


def test_leak_and_reset_to_zero():
    # v: 7; 7 - (7>>1=3) + 7 = 11 >= 10 -> 0; 7; 11 -> 0
    net = one_neuron(timesteps=4)
    assert membranes(net) == [7, 0, 7, 0]
    assert run_integer(net, X2).readout.tolist() == [[2]]


def test_leak_and_reset_by_subtraction():
    # v: 7; 11 -> 1; 1 - 0 + 7 = 8; 8 - 4 + 7 = 11 -> 1
    assert membranes(one_neuron(timesteps=4, reset="subtract")) == [7, 1, 8, 1]


def test_integrate_and_fire():
    # no leak: 7; 14 -> 0; 7; 14 -> 0; by subtraction: 7; 14 -> 4; 11 -> 1; 8; 15 -> 5
    assert membranes(one_neuron(timesteps=4, leak_shift=None)) == [7, 0, 7, 0]
    assert membranes(one_neuron(timesteps=5, leak_shift=None, reset="subtract")) == [7, 4, 1, 8, 5]


def test_a_negative_membrane_leaks_by_arithmetic_shift():
    # a = -3 * 2 + 1 = -5; v: -5; -5 - (-5>>1 = -3) - 5 = -7; -7 - (-4) - 5 = -8; -8 + 4 - 5 = -9; -9 + 5 - 5 = -9
    net = network([fc([[-3]], [1], [10]), fc([[1]], [0], None, name="readout")], timesteps=5)
    assert membranes(net) == [-5, -7, -8, -9, -9]


def test_fraction_bits_shift_the_sum_but_not_the_bias():
    # a = (3 * 2) << 2 + 1 = 25, threshold 40: 25; 25 - 12 + 25 = 38; 38 - 19 + 25 = 44 -> 0
    net = network([fc([[3]], [1], [40], f=2), fc([[1]], [0], None, name="readout")], timesteps=3)
    assert membranes(net) == [25, 38, 0]


def test_a_tie_with_the_threshold_fires():
    net = network([fc([[5]], [0], [10]), fc([[1]], [0], None, name="readout")], timesteps=1)
    assert membranes(net) == [0]


def test_membranes_saturate_at_their_width():
    # 8 bits: -128 .. 127. a = -100: -100; -100 + 50 - 100 = -150 -> -128; -128 + 64 - 100 = -164 -> -128
    net = network([fc([[-50]], [0], [100]), fc([[1]], [0], None, name="readout")], timesteps=3, state_bits=8)
    assert membranes(net) == [-100, -128, -128]


def test_the_readout_integrates_and_the_first_of_equals_wins():
    # a spike at steps 2 and 4, readout weights 1, 1 and bias 3 a step: 2 + 4 * 3 = 14 for both
    net = network([fc([[3]], [1], [10]), fc([[1], [1]], [3, 3], None, name="readout")], timesteps=4)
    run = run_integer(net, X2, trace=True)
    assert run.readout.tolist() == [[14, 14]]
    assert run.predictions.tolist() == [0]
    assert run.membranes[1][:, 0, 0].tolist() == [3, 7, 10, 14]


def test_pooling_by_or_and_by_sum():
    # a 2 x 2 map of pixels 2 2 0 2 through weight 5, threshold 10: spikes 1 1 0 1 every step
    layer = Layer("conv1", "conv", np.full((1, 1, 1, 1), 5), np.array([0]), np.array([10]), 0, 2, (2, 2))
    x = np.array([[[[2, 2], [0, 2]]]], np.uint8)
    for pool, total in (("max", 1), ("sum", 3)):
        net = network([layer, fc([[1]], [0], None, name="readout")], timesteps=2, pool=pool, shape=(1, 2, 2))
        run = run_integer(net, x)
        assert run.readout.tolist() == [[2 * total]]
        assert run.spikes[0].tolist() == [6.0]
        assert run.input_maps[1].ravel().tolist() == [2.0 * total]


@pytest.mark.parametrize("reset", ["zero", "subtract"])
@pytest.mark.parametrize("leak_shift", [None, 1, 3])
def test_equals_a_plain_loop(reset, leak_shift):
    rng = np.random.default_rng(0)
    layers = [
        fc(rng.integers(-7, 8, (6, 4)), rng.integers(-20, 20, 6), rng.integers(50, 900, 6), f=1),
        fc(rng.integers(-3, 4, (5, 6)), rng.integers(-9, 9, 5), rng.integers(4, 40, 5), f=3, name="fc2"),
        fc(rng.integers(-3, 4, (3, 5)), rng.integers(-9, 9, 3), None, f=2, name="readout"),
    ]
    net = network(layers, timesteps=6, leak_shift=leak_shift, reset=reset, state_bits=10, shape=(1, 2, 2))
    x = rng.integers(0, 256, (20, 1, 2, 2)).astype(np.uint8)
    assert np.array_equal(run_integer(net, x).readout, naive_run(net, x)[0][-1])


def random_layers(rng, hidden, wide):
    """A small conv net of integers: 2c3-p2, fc, readout; `wide` weights do not fit float32 sums."""
    most = 30000 if wide else 7
    channels, units = hidden
    conv = Layer("conv1", "conv", rng.integers(-most, most + 1, (channels, 1, 3, 3)).astype(np.int32),
                        rng.integers(-20, 20, channels).astype(np.int32),
                        rng.integers(10 * most, 90 * most, channels).astype(np.int32), 1, 2, (5, 4), 1)  # fmt: skip
    middle = Layer("fc2", "fc", rng.integers(-3, 4, (units, channels * 4)).astype(np.int32),
                          rng.integers(-9, 9, units).astype(np.int32),
                          rng.integers(4, 60, units).astype(np.int32), 2, 1, (1, 1), 4)  # fmt: skip
    return [
        conv,
        middle,
        fc(rng.integers(-3, 4, (3, units)), rng.integers(-9, 9, 3), None, f=2, name="readout"),
    ]


@pytest.mark.parametrize("reset", ["zero", "subtract"])
@pytest.mark.parametrize("leak_shift", [None, 1, 3])
@pytest.mark.parametrize("pool", ["max", "sum"])
@pytest.mark.parametrize(("wide", "state_bits"), [(False, 32), (False, 9), (True, 32), (True, 16)])
def test_stacks_equal_the_reference(reset, leak_shift, pool, wide, state_bits):
    rng = np.random.default_rng(5)
    settings = {
        "timesteps": 5,
        "leak_shift": leak_shift,
        "reset": reset,
        "pool": pool,
        "state_bits": state_bits,
    }
    nets = [
        network(random_layers(rng, hidden, wide and index == 1), shape=(1, 5, 4), **settings)
        for index, hidden in enumerate(((2, 6), (4, 3), (1, 1)))
    ]
    x = rng.integers(0, 256, (40, 1, 5, 4)).astype(np.uint8)
    fired = 0.0
    for net, together in zip(nets, run_integer_stack(nets, x, trace=True), strict=True):
        potentials, traces, _ = naive_run(net, x)
        assert np.array_equal(together.readout, potentials[-1])
        for mine, wanted in zip(together.membranes, [*traces, potentials], strict=True):
            assert np.array_equal(mine, wanted.reshape(mine.shape))
        alone = run_integer(net, x)
        for a, b in zip(
            (*together.input_maps, *together.spikes), (*alone.input_maps, *alone.spikes), strict=True
        ):
            assert np.array_equal(a, b)
        fired += alone.spikes[0].sum() + alone.spikes[1].sum()
    assert fired > 0
    if state_bits < 32:
        top = 2 ** (state_bits - 1)
        assert any(max(-t.min(), t.max() + 1) == top for t in naive_run(nets[1], x)[1])


@pytest.mark.slow
@given(case=networks(), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_random_graphs_equal_the_naive_machine_alone_and_in_a_stack(case, seed):
    net, x = case
    potentials, traces, sent = naive_run(net, x)
    run = run_integer(net, x, trace=True)
    wanted = potentials.swapaxes(0, 1) if net.readout.labels == "step" else potentials[-1]
    assert np.array_equal(run.readout, wanted)
    for mine, trace in zip(run.membranes, [*traces, potentials], strict=True):
        assert np.array_equal(mine, trace.reshape(mine.shape))
    for mine, spikes in zip(run.spikes, sent, strict=True):
        assert mine.tolist() == pytest.approx(spikes.sum((0, 3, 4)).mean(0).tolist())
    stack = permuted_stack(np.random.default_rng(seed), net)
    for each, together in zip(stack, run_integer_stack(stack, x, trace=True), strict=True):
        assert equal_runs(together, run_integer(each, x, trace=True))


@given(case=networks(n_inputs=40))
@settings(max_examples=15, deadline=None)
def test_batches_are_one_run(case):
    net, x = case
    whole = run_integer(net, x, trace=True)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("hwsearch.network.integer._ELEMENTS_AT_A_TIME", 1)  # 16 samples at a time
        parts = run_integer(net, x, trace=True)
    assert np.array_equal(parts.readout, whole.readout)
    assert all(np.array_equal(a, b) for a, b in zip(parts.membranes, whole.membranes, strict=True))
    for mine, wanted in zip(
        (*parts.input_maps, *parts.spikes), (*whole.input_maps, *whole.spikes), strict=True
    ):
        assert np.allclose(mine, wanted)


def test_networks_that_differ_in_their_law_are_no_stack():
    with pytest.raises(ValueError, match="must share"):
        run_integer_stack([one_neuron(timesteps=2), one_neuron(timesteps=3)], X2)


def test_sums_beyond_24_bits_stay_exact():
    # 32767 * 255 + 1 * 255 is not a float32
    net = network(
        [fc([[32767, 1]], [0], [2**30]), fc([[1]], [0], None, name="readout")], timesteps=1, shape=(1, 1, 2)
    )
    x = np.full((1, 1, 1, 2), 255, np.uint8)
    assert run_integer(net, x, trace=True).membranes[0].ravel().tolist() == [32767 * 255 + 255]


def test_refuses_inputs_beyond_their_range():
    with pytest.raises(ValueError, match=r"must lie in \[0, 1\]; got 2"):
        run_integer(one_neuron(timesteps=1, input_max=1), X2)
    with pytest.raises(ValueError, match="at least one input"):
        run_integer(one_neuron(timesteps=1), X2[:0])


def test_the_spikes_of_each_inference_are_counted():
    # as above: the neuron fires at the second and the fourth timestep; without an input its membrane stays at 1 or 2
    found = run_integer(one_neuron(timesteps=4), np.array([[[[2]]], [[[0]]]], np.uint8))
    assert [each.tolist() for each in found.fired] == [[2, 0]]


@given(networks())
@settings(max_examples=20, deadline=None)
def test_the_spikes_of_inferences_have_the_mean_of_the_channels(drawn):
    net, x = drawn
    found = run_integer(net, x)
    for each, means in zip(found.fired, found.spikes, strict=True):
        assert each.shape == (len(x),)
        assert each.mean() == pytest.approx(means.sum())
