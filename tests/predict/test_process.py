"""The process's covariances: three points by hand, slopes against differences, and what a covariance must be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.predict.process import NOT_BEGUN, STEP_SD, Covariance, Inputs, Layout, joined, prior_variance


def inputs(knobs, rung=None, training=None, lines=None, curves=None):
    knobs = np.asarray(knobs, float).reshape(-1, 1)
    none = np.zeros((len(knobs), 0))
    known = [
        none if values is None else np.asarray(values, float).reshape(-1, 1) for values in (lines, curves)
    ]
    places = [None if values is None else np.asarray(values) for values in (rung, training)]
    return Inputs(knobs, np.zeros(1, int), *known, *places)


def matern(distance):
    return (1 + distance + distance**2 / 3) * np.exp(-distance)


def test_three_points_by_hand():
    # amplitude 2, noise 1, length 0.5: at distances 0, 0.5 and 1 the scaled ones are 0, sqrt(5) and 2 sqrt(5)
    points = inputs([0.0, 0.5, 1.0])
    layout = Layout.of(points, 1)
    got = Covariance(layout, points, points).value(np.log([2.0, 1.0, 0.5]))
    near, far = 4 * matern(np.sqrt(5)), 4 * matern(2 * np.sqrt(5))
    assert near == pytest.approx(4 * 0.523994, rel=1e-5)
    np.testing.assert_allclose(got, [[4, near, far], [near, 4, near], [far, near, 4]])


def test_what_is_known_adds_a_line_and_a_curve_by_hand():
    points = inputs([0.0, 0.0], lines=[1.0, -2.0], curves=[0.0, 1.0])
    layout = Layout.of(points, 1)
    # amplitude 1, noise 1, length 1, weight 3 of the line and 0.5 of the curve
    got = Covariance(layout, points, points).value(np.log([1.0, 1.0, 1.0, 3.0, 0.5]))
    curve = 0.25 * matern(np.sqrt(5))
    np.testing.assert_allclose(got, [[1 + 9 + 0.25, 1 - 18 + curve], [1 - 18 + curve, 1 + 36 + 0.25]])


def test_two_rungs_of_a_training_by_hand():
    points = inputs([0.0, 0.0, 0.0], rung=[0, 1, 1], training=[7, 7, NOT_BEGUN])
    layout = Layout.of(points, 2)
    # amplitude 2 at the first rung and 2 x 1.5 at the second; rung 0.5, luck 0.25
    hyper = np.log([2.0, 1.5, 1.0, 1.0, 1.0, 0.5, 0.25])
    got = Covariance(layout, points, points).value(hyper)
    step, rung, luck = STEP_SD**2, 0.25, 0.0625
    first, across, second = 4 + rung, 6, 9 + rung + step
    expected = [
        [first + luck, across + luck, across],
        [across + luck, second + luck, second],
        [across, second, second],
    ]
    np.testing.assert_allclose(got, expected)
    np.testing.assert_allclose(prior_variance(layout, hyper, points), np.diag(expected))


@pytest.mark.parametrize("rungs", [1, 3])
def test_slopes_are_those_of_differences(rungs):
    rng = np.random.default_rng(rungs)
    knobs, groups = rng.uniform(0, 2, (20, 3)), np.array([0, 0, 1])
    rung = np.arange(20) % rungs
    seen = Inputs(
        knobs, groups, rng.normal(0, 1, (20, 1)), rng.normal(0, 1, (20, 2)), rung, np.arange(20) // 2
    )
    layout, weights = Layout.of(seen, rungs), rng.normal(0, 1, (20, 20))
    weights += weights.T
    hyper = rng.normal(-0.5, 0.3, layout.size)
    covariance = Covariance(layout, seen, seen)
    total, slopes = covariance.with_slopes(hyper)
    assert np.allclose(total, covariance.value(hyper))
    assert np.allclose(np.diag(total), prior_variance(layout, hyper, seen))
    got, step = slopes.of(weights), 1e-6
    for place in range(layout.size):
        up, down = hyper.copy(), hyper.copy()
        up[place] += step
        down[place] -= step
        differences = (weights * (covariance.value(up) - covariance.value(down))).sum() / (2 * step)
        assert got[place] == pytest.approx(differences, rel=1e-5, abs=1e-5)


def test_places_of_hyper_parameters_by_hand():
    points = Inputs(np.zeros((2, 3)), np.array([0, 0, 1]), np.zeros((2, 1)), np.zeros((2, 2)))
    layout = Layout.of(points, 3)
    assert (layout.noises, layout.lengths, layout.known) == (slice(3, 6), slice(6, 8), slice(8, 11))
    assert (layout.size, Layout.of(points, 1).size) == (13, 1 + 1 + 2 + 3)


def test_inputs_are_taken_apart_and_put_together():
    points = inputs([0.0, 1.0, 2.0], rung=[0, 1, 0], training=[4, 5, 6], lines=[1, 2, 3])
    again = joined([points[slice(0, 1)], points[np.array([1, 2])]])
    for name in ("knobs", "groups", "lines", "curves", "rung", "training"):
        assert np.array_equal(getattr(again, name), getattr(points, name))
    assert inputs([0.0, 1.0]).rungs(3).tolist() == [2, 2]  # all after the last


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 3]))
@settings(max_examples=30, deadline=None)
def test_a_covariance_is_symmetric_and_never_negative(seed, rungs):
    rng = np.random.default_rng(seed)
    points = Inputs(
        rng.uniform(0, 2, (12, 3)), np.array([0, 0, 1]), rng.normal(0, 1, (12, 1)), rng.normal(0, 1, (12, 2)),
        rng.integers(0, rungs, 12), rng.integers(-1, 4, 12),
    )  # fmt: skip
    layout = Layout.of(points, rungs)
    hyper = rng.normal(-0.5, 0.7, layout.size)
    covariance = Covariance(layout, points, points).value(hyper)
    np.testing.assert_allclose(covariance, covariance.T, atol=1e-9)
    assert np.linalg.eigvalsh(covariance).min() > -1e-8 * np.trace(covariance)
    np.testing.assert_allclose(np.diag(covariance), prior_variance(layout, hyper, points))
