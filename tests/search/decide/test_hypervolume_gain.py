"""Gain: by hand, against volumes computed elsewhere, and what is chosen."""

import moocore
import numpy as np
import pytest

from hwsearch.predict.surrogate import OFFSET
from hwsearch.search.decide.front import Box
from hwsearch.search.decide.hypervolume_gain import Draws, Prediction, chance_on_front, choose

BOX = Box(0.15, np.log([4000.0, 20]))
ERRORS, COSTS = np.array([0.05, 0.02, 0.10]), np.log([[900.0, 5], [2000, 8], [500, 9]])


def sure(errors, costs, draws=1):
    errors = np.asarray(errors, float)
    return Draws(np.broadcast_to(errors, (draws, errors.size)), np.log(np.asarray(costs, float)))


REACHED = Draws(ERRORS[None], COSTS)
NOTHING = Draws(np.zeros((1, 0)), np.zeros((0, 2)))


def volume(errors, costs):
    # the corner of the box lies far below every cost: its volume drops out of differences
    inside = (errors < BOX.worst) & (costs < BOX.most).all(1)
    points = np.column_stack([errors, costs])[inside]
    return moocore.hypervolume(points, ref=np.array([BOX.worst, *BOX.most])) if len(points) else 0.0


def test_one_cost_by_hand():
    box, reached = Box(0.15, np.array([10.0])), Draws(np.array([[0.10]]), np.array([[6.0]]))
    # 0.12 from 2 to 6 adds 0.03 x 4; 0.05 from 8 on adds 0.05 x 2; 0.11 from 7 on adds nothing
    candidates = Draws(np.array([[0.12, 0.05, 0.11]]), np.array([[2.0], [8.0], [7.0]]))
    assert choose(box, reached, candidates, np.ones(3), 3) == [0, 1]
    assert choose(box, reached, candidates, np.array([4.0, 1.0, 1.0]), 3) == [1, 0]  # 0.10 and 0.03 a step
    # 0.05 x 4 are reached: each must add a third of all, then half
    assert choose(box, reached, candidates, np.ones(3), 3, least=0.3) == [0, 1]
    assert choose(box, reached, candidates, np.ones(3), 3, least=0.5) == [0]


@pytest.mark.parametrize("seed", range(5))
def test_what_is_chosen_adds_most_in_the_mean_over_the_draws(seed):
    rng = np.random.default_rng(seed)
    n, draws = 12, 9
    costs = np.log(np.column_stack([rng.uniform(300, 5000, n), rng.uniform(2, 25, n)]))
    errors = rng.uniform(0, 0.2, (draws, n))
    reached = Draws(np.broadcast_to(ERRORS, (draws, 3)), COSTS)
    chosen = choose(BOX, reached, Draws(errors, costs), np.ones(n), 3)
    taken = []
    for index in chosen:

        def added(new, taken=tuple(taken)):
            own = [*taken, new]
            volumes = [
                volume(np.append(ERRORS, errors[s, own]), np.vstack([COSTS, costs[own]]))
                for s in range(draws)
            ]
            return np.mean(volumes)

        gains = [added(i) if i not in taken else 0.0 for i in range(n)]
        assert index == int(np.argmax(gains))
        taken.append(index)


def test_what_is_dominated_for_sure_gains_nothing():
    assert choose(BOX, REACHED, sure([0.14], [[3000, 10]]), np.ones(1), 1) == []


def test_no_two_are_chosen_for_one_place_unless_nobody_knows_which_is_better():
    costs = [[700, 4], [705, 4], [1500, 6]]
    first, *rest = choose(BOX, REACHED, sure([0.03, 0.03, 0.015], costs), np.ones(3), 3)
    assert first in (0, 1)
    assert rest == [2]
    either = Draws(
        np.array([[0.03, 0.07, 0.045], [0.07, 0.03, 0.045]]), np.log(np.array([costs[0], costs[0], costs[0]]))
    )
    reached = Draws(np.broadcast_to(ERRORS, (2, 3)), COSTS)
    assert set(choose(BOX, reached, either, np.ones(3), 3)) >= {0, 1}


def test_an_empty_front_takes_everything_of_use():
    chosen = choose(BOX, NOTHING, sure([0.2, 0.1, 0.01], [[400, 2], [500, 2], [600, 3]]), np.ones(3), 3)
    assert sorted(chosen) == [1, 2]


def test_a_grid_that_grows_too_large_is_thinned_and_overrates_nothing():
    rng = np.random.default_rng(0)
    costs = np.column_stack([rng.uniform(300, 5000, 400), rng.uniform(2, 25, 400)])
    errors = rng.uniform(0.01, 0.2, (1, 400))
    chosen = choose(BOX, NOTHING, Draws(errors, np.log(costs)), np.ones(400), 400)
    best = volume(errors[0], np.log(costs))
    assert 0.9 * best < volume(errors[0, chosen], np.log(costs[chosen])) <= best


def test_the_chance_is_that_of_draws():
    rng = np.random.default_rng(1)
    costs = np.log([[700.0, 6], [1500, 6], [3000, 18], [400, 19]])
    mean, sd = np.array([2.5, 3.2, 3.6, 1.9]), np.array([0.3, 0.2, 0.4, 0.5])
    draws = np.exp(-rng.normal(mean, sd, (20000, 4))) - OFFSET
    reached = list(zip(ERRORS, COSTS, strict=True))
    least = [min([error for error, own in reached if (own <= at).all()], default=0.15) for at in costs]
    assert least == [0.15, 0.05, 0.02, 0.15]
    assert chance_on_front(BOX, ERRORS, COSTS, Prediction(mean, sd, costs)) == pytest.approx(
        (draws < least).mean(0), abs=0.015
    )
