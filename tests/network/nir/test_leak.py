"""The nearest shift, and what it costs."""

import numpy as np
import pytest

from hwsearch.network.nir.leak import nearest_shift


@pytest.mark.parametrize(
    ("leak", "shift", "error"),
    [
        (0.5, 1, 0.0),
        (0.25, 2, 0.0),
        (0.1, 3, 0.2),  # 0.125 for 0.1, of 0.125
        (0.6, 1, 1 / 6),
        (2.0**-8, 8, 0.0),
        (2.0**-8.9, 8, 1 - 2.0**-0.9),
        (2.0**-9.5, None, 1.0),
        (1e-8, None, 0.0),  # how frameworks write none
        (0.0, None, 0.0),
    ],
)
def test_the_nearest_shift_by_hand(leak, shift, error):
    found = nearest_shift(np.array([leak]))
    assert found.shift == shift
    assert found.error == pytest.approx(error)


def test_neurons_near_one_shift_share_it():
    found = nearest_shift(np.array([0.24, 0.25, 0.28]))
    assert (found.shift, found.error) == (2, pytest.approx(0.03 / 0.28))


def test_neurons_far_apart_are_refused():
    assert "1 of 3 are further than half a shift from 2**-2" in nearest_shift(np.array([0.25, 0.25, 0.1]))


def test_a_memoryless_neuron_is_refused():
    assert (
        nearest_shift(np.array([1.0])) == "1, of which 1 of 1 are further than half a shift from 2**-1 = 0.5"
    )


def test_a_population_half_of_which_leaks_is_refused():
    assert "further than half a shift" in nearest_shift(np.array([0.0, 0.5]))
