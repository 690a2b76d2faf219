"""Flip rates: against drawn membranes, and by hand."""

import numpy as np
import pytest
from scipy.special import ndtr

from hwsearch.graph.graph import INPUT
from hwsearch.predict.flip_rate import _GRID, FlipRate, Flow, Path, _log_correlation, _passed
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
    flow = Flow(((Path(0, INPUT, 1.0, False),), (Path(1, 0, 1.0, False),)), ((0, 0), (1, 1)), 1)
    estimator = FlipRate(np.array([1.0]), _GRID[None], tables, flow, 1)  # spikes correlate as membranes do
    names = np.array([["weight"] * 2, ["channel"] * 2])
    joint = Joint(np.array([[0.5, 0.5], [0.5, 0.0]]), names, np.full((2, 2), 8), (-1, 0))
    correlation = np.array([0.8 * 0.8, 1.0 * 0.8])
    expected = ndtr(correlation / np.sqrt(1 - correlation**2))
    assert estimator.expected(joint) == pytest.approx(expected, abs=1e-6)


def test_the_correlation_of_a_layer_by_hand():
    # covariance I: (3, 4) and (3, 0) correlate by 9 / (5 * 3); the second channel is gone
    weight, changed = np.array([[3.0, 4.0], [1.0, 1.0]]), np.array([[3.0, 0.0], [0.0, 0.0]])
    assert np.exp(_log_correlation(weight, changed, np.eye(2))) == pytest.approx([0.6, 0.5])
    # the input that the pruned weight read never varies: nothing was lost
    assert np.exp(_log_correlation(weight, changed, np.diag([1.0, 0.0])))[0] == pytest.approx(1.0)
    # nothing survives
    assert np.exp(_log_correlation(weight, 0 * weight, np.eye(2))) == pytest.approx([1e-3, 1e-3])


def test_what_is_always_alike_correlates_fully_however_near_its_threshold():
    passed = _passed(np.array([0.0, 0.5, -3.0]))
    assert passed[-1] == pytest.approx(1.0)
    assert (np.diff(passed) >= 0).all()
