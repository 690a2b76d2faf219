"""Flip rates: against drawn membranes, and by hand."""

import numpy as np
import pytest
from scipy.special import ndtr

from hwsearch.predict.flip_rate import _GRID, FlipRate, _passed
from hwsearch.predict.joint import Joint, LayerTables


@pytest.mark.parametrize("above", [-1.5, -0.3, 0.8])
def test_flips_are_those_of_jointly_normal_membranes(above):
    rng = np.random.default_rng(0)
    for c in (0.25, 0.75):
        u, other = rng.standard_normal((2, 400_000))
        flips = ((u > -above) != (c * u + np.sqrt(1 - c**2) * other > -above)).mean()
        most = 2 * ndtr(above) * ndtr(-above)
        passed = _passed(np.array([above]))[_GRID.tolist().index(c)]
        assert most * (1 - passed) == pytest.approx(flips, abs=0.003)
    assert _passed(np.array([above]))[[0, -1]] == pytest.approx([0.0, 1.0], abs=1e-9)


def test_correlations_of_layers_multiply_by_hand():
    levels, none = np.array([0.0, 0.5]), np.zeros((2, 2))
    half = np.log([[1.0, 1.0], [0.8, 1.0]])  # a correlation of 0.8 at a sparsity of 0.5, all channels there
    gone = np.log([[1.0, 1.0], [1.0, 0.64]])  # or a share of 0.64 of the channels, and no noise
    tables = LayerTables(
        levels, np.array([8]), {"weight": [half, half], "channel": [gone, none]}, [none[:1], none[:1]]
    )
    estimator = FlipRate(
        np.array([1.0]), _GRID[None], np.array([0.4]), tables, 1
    )  # spikes correlate as membranes do
    joint = Joint(np.array([[0.5, 0.5], [0.5, 0.0]]), np.array(["weight", "channel"]), np.full((2, 2), 8))
    correlation = np.array([0.8 * 0.8, 1.0 * 0.8])
    expected = ndtr(correlation / np.sqrt(1 - correlation**2))
    assert estimator.expected(joint) == pytest.approx(expected, abs=1e-6)
    assert estimator.flips(joint)[:, 0] == pytest.approx([0.4 * 0.2, 0.0], abs=1e-6)
