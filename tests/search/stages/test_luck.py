"""The luck of trainings: what repeats tell of it, and intervals that hold."""

import numpy as np
import pytest

from hwsearch.search.stages.luck import loss_sds, luck, pooled_sds, score_halves, variance
from hwsearch.search.stages.runner import Runner

DENSE, N_VAL = 0.97, 400


def runner(*losses):
    return Runner(1.0, losses, DENSE - float(np.mean(losses)), True, len(losses))


def test_what_repeats_tell_outweighs_what_is_expected_and_nothing_is_certain():
    quiet = [runner(*[0.01] * 5) for _ in range(10)]
    loud = [runner(0.0, 0.05, 0.0, 0.05, 0.025) for _ in range(10)]
    assert loss_sds(quiet, DENSE, N_VAL)[0] < loss_sds([runner(0.01)], DENSE, N_VAL)[0]
    assert loss_sds(loud, DENSE, N_VAL)[0] == pytest.approx(0.025, rel=0.1)
    assert 0 < variance(1.0, 100) < variance(0.5, 100) == 0.25 / 100


def test_a_group_that_scatters_more_by_chance_says_no_more_than_its_share():
    spread = np.array([1e-4, 1e-2])
    sds = pooled_sds([(0.0, 0.02), (0.0, 0.2)], spread)
    assert sds[1] / sds[0] == pytest.approx(10)
    assert np.array_equal(pooled_sds([(0.1,), (0.2,)], spread), np.sqrt(spread / 2))


def test_luck_is_a_share_of_the_error_and_twice_as_large_far_from_the_dense_network():
    near, same, far = luck([0.98, 0.97, 0.7], 0.97)
    assert near == pytest.approx(0.12 * 0.03)
    assert same == pytest.approx(0.12 * 0.04)
    assert far == pytest.approx(0.24 * 0.31)


def test_intervals_hold_of_poor_recipes_too_that_were_trained_once():
    rng, held = np.random.default_rng(0), []
    for _ in range(200):
        error = np.array([0.03, 0.035, 0.06, 0.15, 0.3])
        y_sd = np.array([0.15, 0.15, 0.2, 0.28, 0.28])

        def trained(i, errors=error, spread=y_sd):
            return 0.97 - (1.01 - np.exp(np.log(errors[i] + 0.01) + spread[i] * rng.standard_normal()))

        losses = [tuple(trained(i) for _ in range(4 if i == 0 else 1)) for i in range(5)]
        runners = [Runner(100.0, own, 0.97 - float(np.mean(own)), True, len(own)) for own in losses]
        halves = score_halves(runners, 0.97, 400, 5)
        held += [abs(r.score - (1 - e)) <= half for r, e, half in zip(runners, error, halves, strict=True)]
    assert np.mean(held) > 0.93
    (once,) = score_halves([Runner(100.0, (0.01,), 0.96, True, 1)], 0.97, 400, 5)
    (often,) = score_halves([Runner(100.0, (0.01,) * 5, 0.96, True, 5)], 0.97, 400, 5)
    assert often < once / 1.5
