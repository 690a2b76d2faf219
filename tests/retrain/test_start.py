"""Floats of integers: worked out by hand, and folded back to the same integers."""

import numpy as np
import pytest
from builders.drawn_integers import drawn_integers
from builders.integer_networks import fc, network, one_neuron

from hwsearch.errors import RecordError
from hwsearch.network.fold import in_fixed_point
from hwsearch.network.integers import Widths
from hwsearch.network.store import network_digest
from hwsearch.retrain.start import readout_unit, start_of


def test_weights_and_biases_are_in_units_of_the_threshold():
    # threshold 10 is 1.0, so a step of the sum is 0.1; an input of 255 is 1.0, so a weight of 3 is 3 * 0.1 * 255
    start = start_of(one_neuron(timesteps=4), readout_unit=0.5)
    assert start.ticket.params.weights[0] == pytest.approx(np.array([[76.5]]))
    assert start.ticket.params.biases[0] == pytest.approx([0.1])
    # the readout's unit is said: a spike is 1.0
    assert start.ticket.params.weights[1] == pytest.approx(np.array([[0.5]]))


def test_fraction_bits_make_a_sum_worth_more_of_the_threshold():
    layers = [fc([[3]], [8], [40], f=2), fc([[1]], [0], name="readout")]
    start = start_of(network(layers, timesteps=2, input_max=1))
    # (3 << 2) / 40, and the bias is in units of the membrane already
    assert start.ticket.params.weights[0] == pytest.approx(np.array([[0.3]]))
    assert start.ticket.params.biases[0] == pytest.approx([0.2])


def test_what_is_zero_is_not_stored():
    layers = [fc([[3, 0], [0, -1]], [0, 0], [5, 5]), fc([[1, 0]], [0], name="readout")]
    start = start_of(network(layers, timesteps=2, shape=(1, 1, 2)))
    assert start.ticket.masks[0].tolist() == [[True, False], [False, True]]
    assert start.ticket.masks[1].tolist() == [[True, False]]


@pytest.mark.parametrize("spelling", ["4c3-p2-fc8", "4c3-res(4c3)-fc6", "fc6-r6", "4c3-dw3-p2-fc5"])
def test_untrained_floats_compute_as_the_integers(spelling):
    """Fraction bits are chosen anew, so they may be more; in units of them nothing changes."""
    parent = drawn_integers(spelling)
    start = start_of(parent, 2.0**-6)
    weights = [c.weight for c in parent.connections]
    gains = [np.ones(len(unit)) for unit in start.units]
    scales = start.scales(weights, start.ticket.params.biases, gains)
    child, loss = in_fixed_point(start.spec, scales, parent.weight_bits, parent.timesteps, Widths())
    assert loss.weights_zeroed == 0
    for place, (old, new) in enumerate(zip(parent.populations, child.populations, strict=True)):
        shifts = {
            n.fraction_bits - o.fraction_bits
            for n, o in zip(child.connections, parent.connections, strict=True)
            if n.shape.target == place
        }
        (more,) = shifts
        assert new.bias == pytest.approx(old.bias * 2.0**more, abs=0.51)
        if old.threshold is not None:
            assert np.array_equal(new.threshold, old.threshold * 2**more)


def test_integers_with_all_fraction_bits_come_back_bit_for_bit():
    layers = [
        fc([[3, -7], [1, 2]], [16, 4], [1300, 900], f=8),
        fc([[1, 0], [5, 1]], [0, 3], f=8, name="readout"),
    ]
    parent = network(layers, timesteps=3, shape=(1, 1, 2), input_max=15)
    start = start_of(parent, 0.25)
    ones = [np.ones(len(unit)) for unit in start.units]
    scales = start.scales([c.weight for c in parent.connections], start.ticket.params.biases, ones)
    child, _ = in_fixed_point(start.spec, scales, parent.weight_bits, 3, Widths())
    assert network_digest(child) == network_digest(parent)


def test_a_gain_of_two_halves_thresholds_and_biases():
    parent = network([fc([[3]], [16], [1300], f=8), fc([[1]], [0], f=8, name="readout")], timesteps=2)
    start = start_of(parent)
    scales = start.scales(
        [c.weight for c in parent.connections], start.ticket.params.biases, [np.array([2.0]), np.array([1.0])]
    )
    child, _ = in_fixed_point(start.spec, scales, parent.weight_bits, 2, Widths())
    assert (child.populations[0].threshold, child.populations[0].bias) == (650, 8)


def test_a_readout_speaks_as_loud_as_a_trained_one():
    parent = one_neuron(timesteps=2)
    # a current of 50 stands out by 25: times 1/8 that is 3.1, the nearest to 4 of the powers of 2
    assert readout_unit(parent, np.array([[100, 0], [0, 100]]), 1.0) == 2.0**-3
    assert readout_unit(parent, np.array([[100, 0], [0, 100]]), 4.0) == 2.0**-5
    by_step = np.array([[[100, 0], [0, 100]]])
    assert readout_unit(parent, by_step, 1.0) == 2.0**-3
    # nothing is heard: one spike through the largest weight, 1, stands for it
    assert readout_unit(parent, np.zeros((3, 2), int), 1.0) == 4.0


def test_a_threshold_of_zero_gives_no_unit():
    parent = network([fc([[1]], [0], [0]), fc([[1]], [0], name="readout")], timesteps=1)
    with pytest.raises(RecordError, match="fc1: a threshold must be above 0"):
        start_of(parent)
