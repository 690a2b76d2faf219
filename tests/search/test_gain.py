"""Expected gain: against drawn outcomes, and what is chosen."""

import moocore
import numpy as np
import pytest

from hwsearch.predict.surrogate import OFFSET
from hwsearch.search.gain import Front, Outlook, chance, choose, expected_gain

FRONT = Front(
    np.array([0.05, 0.02, 0.10]), np.log([[900.0, 5], [2000, 8], [500, 9]]), 0.15, np.log([4000.0, 20])
)


def volume(errors, costs):
    # the corner of the box lies far below every cost: its volume drops out of differences
    inside = (errors < FRONT.worst) & (costs < FRONT.most).all(1)
    points = np.column_stack([errors, costs])[inside]
    return moocore.hypervolume(points, ref=np.array([FRONT.worst, *FRONT.most]))


@pytest.mark.parametrize("costs", [(700.0, 4), (1500, 6), (3000, 18), (400, 19)])
def test_gain_is_the_mean_of_what_draws_add(costs):
    rng = np.random.default_rng(0)
    mean, sd, own = 3.0, 0.4, np.log([costs])
    draws = np.exp(-rng.normal(mean, sd, 4000)) - OFFSET
    before = volume(FRONT.errors, FRONT.costs)
    added = [volume(np.append(FRONT.errors, e), np.vstack([FRONT.costs, own])) - before for e in draws]
    (got,) = expected_gain(FRONT, Outlook(np.array([mean]), np.array([sd]), own))
    assert got == pytest.approx(np.mean(added), abs=4 * np.std(added) / len(added) ** 0.5)


def test_what_is_dominated_for_sure_gains_nothing():
    dear = Outlook(np.array([2.0]), np.array([0.01]), np.log([[3000.0, 10]]))
    assert expected_gain(FRONT, dear) == pytest.approx([0.0], abs=1e-12)
    assert choose(FRONT, dear, np.ones(1), 1) == []


def test_no_two_are_chosen_for_one_place_and_steps_count():
    costs = np.log([[700.0, 4], [705, 4], [1500, 6]])
    same = Outlook(np.array([3.4, 3.4, 3.9]), np.full(3, 0.02), costs)
    first, second = choose(FRONT, same, np.ones(3), 2)
    assert first in (0, 1)
    assert second == 2
    assert choose(FRONT, same, np.array([100.0, 1.0, 100.0]), 1) == [1]


def test_what_is_hardly_known_is_not_taken_for_that_alone():
    outlook = Outlook(np.array([3.0, 2.8]), np.array([0.05, 0.8]), np.log([[1500.0, 6], [1500, 6]]))
    assert choose(FRONT, outlook, np.ones(2), 1) == [1]
    assert choose(FRONT, outlook.cautious(), np.ones(2), 1) == [0]


def test_an_empty_front_takes_everything_of_use():
    none = Front(np.zeros(0), np.zeros((0, 2)), 0.15, FRONT.most)
    (got,) = expected_gain(none, Outlook(np.array([6.0]), np.array([1e-3]), np.log([[400.0, 2]])))
    box = (0.15 + OFFSET - np.exp(-6.0)) * np.log(10) * np.log(10)
    assert got == pytest.approx(box, rel=1e-3)


def test_the_chance_is_that_of_draws():
    rng = np.random.default_rng(1)
    costs = np.log([[700.0, 6], [1500, 6], [3000, 18], [400, 19]])
    mean, sd = np.array([2.5, 3.2, 3.6, 1.9]), np.array([0.3, 0.2, 0.4, 0.5])
    draws = np.exp(-rng.normal(mean, sd, (20000, 4))) - OFFSET
    reached = list(zip(FRONT.errors, FRONT.costs, strict=True))
    least = [min([error for error, own in reached if (own <= at).all()], default=0.15) for at in costs]
    assert least == [0.15, 0.05, 0.02, 0.15]
    assert chance(FRONT, Outlook(mean, sd, costs)) == pytest.approx((draws < least).mean(0), abs=0.015)
