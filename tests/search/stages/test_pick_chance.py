"""How likely a pick is worse than it needs to be, on recipes that are made up."""

import numpy as np
import pytest

from hwsearch.predict.surrogate import chances_below
from hwsearch.search.stages.pick_chance import believed
from hwsearch.search.stages.runner import Race, Runner

RACE = Race("smallest", 0.96, 0.97, 400, 5, 0.1)


def recipe(cost, *losses):
    return Runner(cost, losses, 0.97 - float(np.mean(losses)), True, len(losses))


def chance(own, *others):
    return below([own, *others], 0)


def below(runners, place):
    score, sd = believed(runners, RACE)[place]
    return float(chances_below(np.array([score]), np.array([sd]), RACE.floor)[0])


def test_alone_at_the_floor_it_is_about_as_likely_below_as_above():
    assert chance(recipe(1000, *[0.01] * 5)) == pytest.approx(0.5, abs=0.1)


def test_what_loses_less_is_surer_and_more_trainings_are():
    fair, good = recipe(1000, *[0.008] * 5), recipe(1000, *[0.002] * 5)
    assert chance(good) < chance(fair) < 0.5
    assert chance(recipe(1000, 0.004)) > chance(recipe(1000, *[0.004] * 5))


def test_one_that_does_better_than_those_that_cost_as_much_was_lucky():
    own = recipe(1000, 0.008, 0.008)
    worse = [recipe(1000 * factor, 0.03) for factor in (0.8, 0.9, 1.1, 1.2)]
    better = [recipe(1000 * factor, 0.001) for factor in (0.8, 0.9, 1.1, 1.2)]
    assert chance(own, *better) < chance(own) < chance(own, *worse)


def test_what_costs_nothing_has_a_chance_too():
    assert 0 < chance(recipe(0.0, *[0.008] * 5), recipe(1e-6, 0.001)) < 1


def test_of_picks_that_are_drawn_as_often_as_it_says_are_below():
    rng, told, worse = np.random.default_rng(0), [], []
    for _ in range(400):
        cost = np.sort(rng.uniform(500, 4000, 8))
        error = np.exp(-(3.3 + 0.4 * np.log(cost / 2000) + rng.normal(0, 0.2, 8))) - 0.01
        losses = [tuple(e - 0.03 + rng.normal(0, 0.01, 3)) for e in error]
        runners = [recipe(c, *own) for c, own in zip(cost, losses, strict=True)]
        fit = [i for i, r in enumerate(runners) if r.score >= RACE.floor]
        if fit:
            told.append(below(runners, fit[0]))
            worse.append(1 - error[fit[0]] < RACE.floor)
    assert len(told) > 200
    assert np.mean(told) == pytest.approx(np.mean(worse), abs=0.06)
    raw = np.mean([t < 0.5 for t in told])
    assert raw > 0.5  # it is picked because it looked good
