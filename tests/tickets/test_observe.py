"""What one pass of the dense network observes: traces and moments by hand, their sums in closed form."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from builders.finders import params_of, spec

from hwsearch.graph.graph import Readout
from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.network.params import initial_params
from hwsearch.tickets.observe import observe, readings, trace_power

LAW = NeuronLaw(None, 1.5, "subtract")
IMAGES = np.random.default_rng(0).integers(0, 17, (64, 1, 6, 6)).astype(np.uint8)


def test_one_neuron_by_hand():
    # current 1/2 each step, decay 1/2, threshold 1: membranes 1/2, 3/4, 7/8 and never a spike
    network = spec("fc1", norm=False)
    params = params_of([[1.0, *[0.0] * 35]], [[1.0], [0.0], [0.0]])
    x = np.zeros((1, 1, 6, 6), np.uint8)
    x[0, 0, 0, 0] = 8
    first, readout = observe(network, params, x, 3)
    assert first.mean == pytest.approx([(0.5 + 0.75 + 0.875) / 3])
    assert first.variance == pytest.approx([np.var([0.5, 0.75, 0.875])])
    assert first.rate[:2] == pytest.approx([0.5, 0.0])
    # the trace of that input is the same 1/2, 3/4, 7/8
    assert first.hessian[0, 0] == pytest.approx(0.25 + 0.5625 + 0.765625)
    assert first.hessian[1:].sum() == 0
    assert readout.rate == pytest.approx([0.0])
    assert readout.threshold is None


@pytest.mark.parametrize("reset", ["zero", "subtract"])
def test_a_reset_is_seen_before_it_happens(reset):
    network = spec("fc1", leak_shift=None, reset=reset, norm=False)
    params = params_of([[1.5, *[0.0] * 35]], [[1.0], [0.0], [0.0]])
    x = np.zeros((1, 1, 6, 6), np.uint8)
    x[0, 0, 0, 0] = 16
    first, readout = observe(network, params, x, 2)
    second = 1.5 if reset == "zero" else 2.0
    assert first.mean == pytest.approx([(1.5 + second) / 2])
    assert readout.rate == pytest.approx([1.0])


def test_the_rate_of_a_filter_is_its_channels_and_its_hessian_that_of_its_taps():
    network = spec("2c3-p2-2c3-fc4")
    statistics = observe(network, initial_params(network, 0), IMAGES, 3)
    assert [s.hessian.shape[0] for s in statistics] == [9, 18, 18, 4]
    assert np.ptp(statistics[1].rate.reshape(2, 9), axis=1) == pytest.approx([0, 0])
    assert statistics[0].rate == pytest.approx(np.full(9, IMAGES.mean() / 16), rel=1e-5)
    for layer_statistics in statistics:
        assert np.linalg.eigvalsh(layer_statistics.hessian).min() > -1e-6


def test_the_trace_of_a_constant_input_by_hand():
    # d = 1/2: traces 1, 3/2, 7/4
    assert trace_power(0.5, 3) == 1 + 2.25 + 3.0625
    assert trace_power(1.0, 3) == 1 + 4 + 9
    assert trace_power(0.0, 3) == 3


def test_normalisation_is_in_the_gain_and_in_the_membrane():
    # gamma 2, shift 0.5, mean 0.25, variance 1 (and 1e-5): current 1/2 becomes 2 (1/2 - 1/4) + 1/2 = 1
    network = spec("fc1", leak_shift=None)
    norm = np.array([[2.0], [0.5], [0.25], [1.0]], np.float32)
    params = replace(params_of([[1.0, *[0.0] * 35]], [[1.0], [0.0], [0.0]]), norms=(norm, None))
    x = np.zeros((1, 1, 6, 6), np.uint8)
    x[0, 0, 0, 0] = 8
    statistics, _ = observe(network, params, x, 1)
    assert statistics.gain == pytest.approx([2.0], rel=1e-4)
    assert statistics.mean == pytest.approx([1.0], rel=1e-4)


def test_without_the_hessian_the_rest_is_the_same():
    network = spec("fc4")
    params = initial_params(network, 0)
    whole, bare = (observe(network, params, IMAGES, 2, hessian=flag) for flag in (True, False))
    for with_hessian, without in zip(whole, bare, strict=True):
        assert without.hessian.size == 0
        for name in ("rate", "gain", "mean", "variance"):
            assert np.array_equal(getattr(with_hessian, name), getattr(without, name))


def test_a_depthwise_connection_has_a_hessian_a_channel():
    network = spec("3c3-dw3s2-fc4")
    _, depthwise, _, _ = observe(network, initial_params(network, 0), IMAGES, 3)
    assert depthwise.hessian.shape == (3, 9, 9)
    assert depthwise.rate.shape == (3, 9)
    # the channel's own block of what a full filter there would see
    full = spec("3c3-3c3s2-fc4")
    same = initial_params(full, 0)
    fields = {"weights": (initial_params(network, 0).weights[0], *same.weights[1:])}
    _, whole, _, _ = observe(full, replace(same, **fields), IMAGES, 3)
    for channel in range(3):
        block = slice(9 * channel, 9 * channel + 9)
        assert depthwise.hessian[channel] == pytest.approx(whole.hessian[block, block], rel=1e-5)
        assert depthwise.rate[channel] == pytest.approx(whole.rate[block], rel=1e-5)


def test_a_leaky_readout_weighs_its_timesteps_by_hand():
    # current 1, threshold 1.5, reset by subtraction: membranes 1, 2, 1.5, spikes 0, 1, 1
    # of a leak of 1/2 they count 1/7, 2/7 and 4/7
    network = spec(
        "fc1", (1, 1, 1), 2, leak_shift=None, norm=False, input_max=1, readout=Readout(leak_shift=1)
    )
    params = params_of([[1.0]], [[1.0], [0.0]])
    x = np.ones((1, 1, 1, 1), np.uint8)
    network = replace(network, populations=(replace(network.populations[0], law=LAW), network.populations[1]))
    first, readout = observe(network, params, x, 3)
    assert readout.rate == pytest.approx([6 / 7])
    assert readout.hessian == pytest.approx(np.array([[36 / 49]]))
    assert readout.mean == pytest.approx([6 / 7, 0.0])
    assert first.reads_input
    assert not readout.reads_input


def test_a_sequence_is_filtered_frame_by_frame():
    # frames 1, 0, 1 at decay 1/2: traces 1, 1/2, 5/4
    network = spec("fc1", (1, 1, 1), 2, norm=False, input_max=1, frames=3)
    params = params_of([[0.25]], [[1.0], [0.0]])
    x = np.array([1, 0, 1], np.uint8).reshape(1, 3, 1, 1, 1)
    first, _ = observe(network, params, x, 3)
    assert first.hessian == pytest.approx(np.array([[1 + 0.25 + 25 / 16]]))
    assert first.rate == pytest.approx([2 / 3])
    assert first.mean == pytest.approx([0.25 * (1 + 0.5 + 1.25) / 3])


def test_connections_into_one_population_see_one_membrane():
    network = spec("r4-fc3", norm=False)
    there, back, *_ = observe(network, initial_params(network, 0), IMAGES, 3)
    assert np.array_equal(there.mean, back.mean)
    assert there.hessian.shape == (36, 36)
    assert back.hessian.shape == (4, 4)


def test_labels_a_timestep_take_the_mean_over_their_predictions_by_hand():
    # spikes 1, 0, 1: after each step the mean of what was counted is 1, 1/2, 2/3
    read = readings(torch.tensor([[[1.0]], [[0.0]], [[1.0]]]), Readout(labels="step"), 3)
    assert read.flatten().tolist() == pytest.approx([1.0, 0.5, 2 / 3])
    last = readings(torch.tensor([[[1.0]], [[0.0]], [[1.0]]]), Readout(last=2), 3)
    assert last.flatten().tolist() == [0.5]
