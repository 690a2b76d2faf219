"""What training in full would tell of recipes, and who is trained next: numbers by hand, then laws."""

import math
from dataclasses import replace

import numpy as np
import pytest
from builders.records import record

from hwsearch.predict.surrogate import accuracy_of, transform
from hwsearch.search.decide.foretell import Aim, Foresight, Foretold, Reached, next_contenders

FLOOR = 0.95
Y0 = float(transform(np.array(FLOOR)))
# of a recipe at the floor, of whose mean over short trainings all is known: gain 0.3, and 0.05 of its own
SHARED, ALONE = 0.3**2, 0.3**2 + 0.05**2


def recipes(*costs):
    return [record(trial, 0.5, (0.9,), cost) for trial, cost in enumerate(costs)]


def certain(*y):
    return Foresight(
        recipes(*(100.0 * (i + 1) for i in range(len(y)))), np.array(y), np.zeros((len(y), len(y)))
    )


def reached(trial, score, own_sd, cost=100.0, *, n=1, dense_sd=0.0, fits=True):
    return Reached(trial, score, n, own_sd, dense_sd, cost, fits)


def told(mean, sd, costs):
    return Foretold(recipes(*costs), np.array(mean, float), np.array(sd, float))


def test_before_any_training_in_full_only_the_gain_and_what_is_its_own_are_unknown():
    found = certain(Y0).given([], FLOOR)
    assert found.mean == pytest.approx([Y0])
    assert found.sd == pytest.approx([math.sqrt(ALONE)])
    assert found.chances(FLOOR) == pytest.approx([0.5])


def test_a_training_in_full_tells_of_itself_and_by_the_gain_of_all():
    sd, more = 0.2, 0.4
    own = reached(0, float(accuracy_of(np.array(Y0 + more))), sd)
    found = certain(Y0, Y0).given([own], FLOOR)
    seen = ALONE + sd**2
    assert found.mean == pytest.approx([Y0 + ALONE / seen * more, Y0 + SHARED / seen * more])
    assert found.sd**2 == pytest.approx([ALONE - ALONE**2 / seen, ALONE - SHARED**2 / seen])


def test_the_dense_networks_luck_is_the_same_in_the_losses_of_all_recipes():
    y, n = [Y0 + 0.1, Y0 + 0.3], [1, 3]
    own = [reached(i, float(accuracy_of(np.array(y[i]))), 0.2, n=n[i], dense_sd=0.15) for i in range(2)]
    found = certain(Y0, Y0, Y0).given(own, FLOOR)
    prior = np.full((3, 3), SHARED) + np.eye(3) * 0.05**2
    # of three trainings of the dense network, one is in the losses of both
    luck = np.array([[0.2**2 + 0.15**2, 0.15**2 / 3], [0.15**2 / 3, 0.2**2 / 3 + 0.15**2 / 3]])
    weights = prior[:, :2] @ np.linalg.inv(prior[:2, :2] + luck)
    assert found.mean == pytest.approx(Y0 + weights @ [0.1, 0.3])
    assert found.sd**2 == pytest.approx(np.diag(prior - weights @ prior[:2]))


def test_however_many_are_trained_the_dense_networks_luck_remains_unless_it_is_anothers():
    many = [reached(i, FLOOR, 1e-4, n=5, dense_sd=0.15) for i in range(40)]
    known = certain(*[Y0] * 40)
    prior, luck = SHARED, 0.15**2 / 5
    shared = prior * luck / (prior + luck)
    assert known.given(many, FLOOR).sd[0] ** 2 == pytest.approx(shared, rel=0.05)
    records = [
        replace(own, candidate=replace(own.candidate, network=i)) for i, own in enumerate(known.records)
    ]
    assert replace(known, records=records).given(many, FLOOR).sd[0] ** 2 < shared / 2


def test_where_longer_training_adds_far_more_than_was_expected_trainings_are_believed_and_not_the_search():
    score = float(accuracy_of(np.array(Y0 + 1.5)))
    near = certain(Y0, Y0).given([reached(0, float(accuracy_of(np.array(Y0 + 0.4))), 0.2)], FLOOR)
    far = certain(Y0, Y0).given([reached(0, score, 0.2)], FLOOR)
    assert near.mean[0] < Y0 + 0.3  # a gain that may be
    assert far.mean == pytest.approx([Y0 + 1.5] * 2, abs=0.05)
    assert far.sd[1] < 0.25


def test_poor_recipes_are_foretold_with_less_certainty_and_others_are_not():
    below, at, above = certain(Y0 - 1.0, Y0, Y0 + 1.0).given([], FLOOR).sd
    assert below**2 == pytest.approx(SHARED + 0.2**2 + (0.05 + 0.4) ** 2)
    assert above**2 == pytest.approx(SHARED + 0.2**2 + 0.05**2)
    assert at < above < below


def test_an_interval_is_of_the_score_and_no_share_is_outside_of_0_and_1():
    score, low, high = told([Y0], [0.5], [100]).scores[0]
    assert score == pytest.approx(FLOOR)
    assert (1.01 - low, 1.01 - high) == pytest.approx(
        [0.06 * math.exp(1.959964 * 0.5), 0.06 * math.exp(-1.959964 * 0.5)], rel=1e-5
    )
    assert (told([-1.0, 30.0], [0.1, 0.1], [1, 1]).scores <= 1.0).all()
    assert (told([-1.0, 30.0], [0.1, 0.1], [1, 1]).scores >= 0.0).all()


def test_what_is_believed_of_a_score_is_spread_as_its_logarithm_is():
    scores = told([Y0, Y0 + 1], [0.1, 0.2], [100, 200]).believed
    assert list(scores) == [0, 1]
    assert scores[0] == pytest.approx((FLOOR, 0.1 * (1 - FLOOR + 0.01)))
    assert scores[1][1] == pytest.approx(0.2 * (1 - scores[1][0] + 0.01))


def test_trained_next_is_what_is_expected_to_save_most_of_the_pick():
    aim = Aim("smallest", FLOOR, 0.1)
    known = told([Y0, Y0, Y0 - 5, Y0], [0.1] * 4, [400, 100, 50, 90])  # the third has no chance
    picked = reached(0, 0.96, 0.1, 400.0)
    assert [r.trial for r in next_contenders(known, aim, [picked], {0})] == [3, 1]
    assert [r.trial for r in next_contenders(known, aim, [picked], {0, 3})] == [1]
    assert [r.trial for r in next_contenders(known, replace(aim, at_once=1), [picked], {0})] == [3]
    small = reached(3, 0.96, 0.1, 90.0)
    assert next_contenders(known, aim, [picked, small], {0, 3}) == []  # what is left costs more
    failed = reached(3, 0.9, 0.1, 90.0, fits=False)
    assert [r.trial for r in next_contenders(known, aim, [picked, failed], {0, 3})] == [1]


def test_nothing_is_trained_for_a_chance_that_is_small_or_for_little():
    known = told([Y0 - 0.12, Y0], [0.1, 0.1], [100, 390])  # a chance of 11.5 %; a half, to save 2.5 %
    picked = [reached(9, 0.96, 0.1, 400.0)]
    assert [r.trial for r in next_contenders(known, Aim("smallest", FLOOR, 0.1), picked, {9})] == [0]
    assert next_contenders(known, Aim("smallest", FLOOR, 0.2), picked, {9}) == []


def test_where_the_most_accurate_is_picked_what_may_be_more_accurate_is_trained():
    known = told([Y0 + 0.5, Y0 - 1.0], [0.2, 0.2], [500, 10])
    picked = [reached(9, FLOOR, 0.1, 100.0)]
    assert [r.trial for r in next_contenders(known, Aim("accurate", 0.9, 0.1), picked, {9})] == [0]
    best = [reached(9, 0.995, 0.1, 100.0)]
    assert next_contenders(known, Aim("accurate", 0.9, 0.1), best, {9}) == []


def test_where_a_pick_must_be_sure_trained_next_is_what_may_turn_out_so():
    known = told([Y0, Y0, Y0], [0.1] * 3, [400, 100, 90])
    picked, able = [reached(0, 0.96, 0.1, 400.0)], np.array([0.9, 0.6, 0.05])
    aim = Aim("smallest", FLOOR, 0.1)
    assert [r.trial for r in next_contenders(known, aim, picked, {0}, able)] == [1]
    best = Aim("accurate", 0.9, 0.1)
    likely = [
        r.trial for r in next_contenders(told([Y0 + 0.5] * 3, [0.2] * 3, [1, 1, 1]), best, [], {0}, able)
    ]
    assert likely == [1]
