"""Who is trained again: what may still change the pick, and the pick."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsearch.predict.surrogate import OFFSET, accuracy_of, chances_below, transform
from hwsearch.search.stages.luck import variance
from hwsearch.search.stages.race import next_trainings, standing, sure_in_the_end
from hwsearch.search.stages.runner import Race, Runner
from hwsearch.study.search_sections import Pick

N_VAL, DENSE, SEEDS = 360, 0.98, 5
SMALLEST = Pick(rule="smallest", within=0.01)


def runner(cost, *losses, able=True, begun=None):
    return Runner(cost, losses, DENSE - float(np.mean(losses)), able, len(losses) if begun is None else begun)


def more(*runners, pick=SMALLEST, chance=0.1, seeds=SEEDS):
    return next_trainings(runners, Race(pick.rule, pick.floor(DENSE), DENSE, N_VAL, seeds, chance))


def test_a_recipe_near_the_tolerance_that_would_be_the_pick_is_trained_again_and_no_other():
    sure, near, leader, dearer = (
        runner(100, 0.1),
        runner(200, 0.012),
        runner(300, 0.0, 0.0),
        runner(400, 0.011),
    )
    assert more(sure, near, leader, dearer) == {1: 2}


def test_the_pick_is_trained_with_every_seed_when_nobody_else_can_take_its_place():
    assert more(runner(100, 0.2), runner(300, -0.01)) == {1: SEEDS - 1}
    assert more(runner(100, 0.2), runner(300, *[-0.01] * SEEDS)) == {}


def test_the_pick_waits_for_its_last_seeds_while_others_join():
    runners, race = (
        [runner(100, 0.2), runner(300, -0.01)],
        Race("smallest", SMALLEST.floor(DENSE), DENSE, N_VAL, SEEDS, 0.1),
    )
    assert next_trainings(runners, race, settled=False) == {}
    near = [runner(200, 0.012), runner(300, 0.0, 0.0)]
    assert next_trainings(near, race, settled=False) == next_trainings(near, race) == {0: 2}


def test_what_seems_to_be_dominated_may_still_be_the_pick_and_is_not_while_it_is():
    dominated = replace(runner(200, 0.0101), on_front=False)
    assert more(dominated, runner(300, *[0.0] * 5)) == {0: 2}
    assert more(replace(runner(200, *[0.0] * 5), on_front=False), runner(300, 0.0)) == {1: SEEDS - 1}


def test_a_pick_that_may_fall_is_trained_again_before_it_is_believed():
    assert more(runner(300, 0.009), runner(400, 0.0)) == {0: 2}


def test_one_that_is_alone_is_trained_with_two_seeds_where_one_is_not_expected_to_decide():
    assert more(runner(300, 0.0125), runner(400, *[0.0] * 5)) == {0: 2}
    assert more(runner(300, 0.015), runner(400, *[0.0] * 5)) == {0: 1}  # its chance is small after the next
    assert more(runner(300, *[0.0101] * 4), runner(400, *[0.0] * 5)) == {0: 1}  # there is no other seed
    assert more(runner(300, 0.0125), runner(350, 0.0125), runner(400, *[0.0] * 5)) == {0: 1, 1: 1}


def believing(score, sd, *given):
    return replace(runner(*given), believed=(score, sd))


def test_what_is_known_besides_says_whether_another_training_may_tell():
    lucky, leader = (200, 0.0), runner(300, *[0.0] * 5)
    floor = SMALLEST.floor(DENSE)
    # by its own training it is picked for certain, and was lucky by all that is known besides
    assert more(runner(*lucky), leader) == {0: SEEDS - 1}
    assert more(believing(floor - 0.004, 0.003, *lucky), leader) == {0: 2}
    # one that seems near by its own is no good by what is known besides, or may well be
    assert more(believing(floor - 0.03, 0.003, 200, 0.012), leader) == {}
    assert more(believing(floor + 0.002, 0.003, 200, 0.015), leader) == {0: 2}
    # where nothing can be picked yet, nobody is given up by it
    assert more(believing(floor - 0.03, 0.003, 200, 0.012)) == {0: 2}
    # where no seed is left, nothing changes
    assert more(believing(floor, 0.003, 200, *[0.0101] * 5), leader) == {}


@pytest.mark.parametrize("rule", ["smallest", "accurate"])
def test_what_is_known_besides_is_one_number_more_and_no_other_law(rule):
    race = Race(rule, SMALLEST.floor(DENSE), DENSE, N_VAL, SEEDS, 0.1)
    own = [runner(200, 0.012), runner(300, 0.002), runner(400, 0.05)]
    sure = [replace(r, believed=(r.score, 1e-9)) for r in own]
    # nothing is unknown but the luck of the trainings that are left: as likely to change the pick, or less
    assert set(next_trainings(sure, race)) <= set(next_trainings(own, race))


def test_where_none_can_be_picked_whoever_may_still_be_is_trained_again():
    assert more(runner(100, 0.013), runner(300, 0.4)) == {0: 2}
    assert more(runner(100, 0.3), runner(300, 0.4)) == {}
    assert more(runner(100, 0.0, able=False), runner(300, 0.4)) == {0: 2}  # another seed may keep the budgets


def test_the_most_accurate_races_with_those_behind_it():
    pick = Pick(rule="accurate", within=0.05)
    assert more(runner(100, 0.001), runner(200, 0.002), runner(50, 0.2), pick=pick) == {0: 1, 1: 1}
    assert more(runner(100, *[0.0] * 5), runner(200, 0.2), pick=pick) == {}


def test_without_a_chance_everything_is_trained_with_every_seed():
    assert more(runner(100, 0.5), runner(300, 0.0, 0.0), chance=0.0) == {0: 4, 1: 3}


def test_a_training_that_failed_counts_as_one():
    assert more(runner(100, 0.0, 0.0, begun=5)) == {}


def test_a_round_is_of_few_whoever_is_likeliest_to_change_the_pick_first():
    runners = [runner(100 + i, 0.0101 + 0.0005 * i) for i in range(8)]
    assert more(*runners) == dict.fromkeys(range(4), 1)


@given(
    st.lists(st.tuples(st.integers(1, 5), st.floats(-0.02, 0.3)), min_size=1, max_size=8),
    st.floats(0.01, 0.4),
    st.sampled_from(("smallest", "frugal", "accurate")),
)
def test_a_race_ends_and_its_pick_was_trained_with_every_seed(given_, chance, rule):
    pick = Pick(rule=rule, within=0.01)
    rng = np.random.default_rng(0)
    table = [(cost, rng.normal(loss, 0.005, SEEDS)) for cost, loss in given_]
    done = [1] * len(table)
    while found := more(
        *(runner(c, *losses[:n]) for (c, losses), n in zip(table, done, strict=True)),
        pick=pick,
        chance=chance,
    ):
        for i, n in found.items():
            assert 0 < n <= SEEDS - done[i]
            done[i] += n
    scores = [DENSE - losses[:n].mean() for (_, losses), n in zip(table, done, strict=True)]
    fit = [i for i, score in enumerate(scores) if score >= pick.floor(DENSE)]
    if fit:
        key = (
            (lambda i: (-scores[i], table[i][0]))
            if rule == "accurate"
            else (lambda i: (table[i][0], -scores[i]))
        )
        assert done[min(fit, key=key)] == SEEDS


def test_the_pick_of_a_race_is_that_of_all_trainings_nearly_always_and_costs_less_than_half():
    rng = np.random.default_rng(7)
    costs, agreed, spent = np.arange(1.0, 17.0), 0, 0
    for _ in range(200):
        means = np.sort(rng.exponential(0.02, 16))[::-1]
        table = means[:, None] + rng.normal(0, 0.006, (16, SEEDS)) + rng.normal(0, 0.002, SEEDS)
        done = [1] * 16
        while found := more(*(runner(c, *row[:n]) for c, row, n in zip(costs, table, done, strict=True))):
            for i, n in found.items():
                done[i] += n
        picked = [
            min((i for i in range(16) if losses[i] <= 0.01), default=None)
            for losses in (table.mean(1), [row[:n].mean() for row, n in zip(table, done, strict=True)])
        ]
        agreed += picked[0] == picked[1]
        spent += sum(done)
    assert agreed >= 180
    assert spent < 0.5 * 200 * 16 * SEEDS


def test_scores_that_say_another_rule_are_compared_to_it():
    pick = Pick(rule="smallest", min_accuracy=0.95)
    assert more(replace(runner(100, 0.0), score=0.951), runner(300, 0.0), pick=pick) == {0: 2}


FLOOR = 0.97
SURE = Race("smallest", FLOOR, DENSE, N_VAL, SEEDS, 0.1, sure=0.2)


def known(cost, score, sd, *losses, **rest):
    return replace(runner(cost, *(losses or (0.0,))), believed=(score, sd), **rest)


def test_a_pick_that_must_be_sure_is_the_cheapest_that_is():
    lucky, hopeful, sure, dearer = (
        known(100, 0.968, 0.002),  # its one training lost nothing
        known(200, 0.9705, 0.002),
        known(300, 0.975, 0.002),
        known(400, 0.979, 0.002),
    )
    assert standing([lucky, hopeful, sure, dearer], SURE)[0] == 2
    assert standing([lucky, hopeful, sure, dearer], replace(SURE, sure=0.45))[0] == 1
    assert standing([lucky, hopeful], SURE)[0] is None
    assert (
        standing([lucky, replace(sure, on_front=False)], SURE)[0] == 1
    )  # what had more luck does not hide it
    assert standing([lucky, replace(sure, able=False)], SURE)[0] is None
    assert standing([replace(sure, believed=None)], SURE)[0] is None


def test_the_most_accurate_of_those_that_are_sure_is_picked_where_that_is_the_rule():
    best, sure = known(400, 0.979, 0.03, -0.005), known(300, 0.975, 0.002)
    assert standing([best, sure], replace(SURE, rule="accurate"))[0] == 1


def test_what_may_become_sure_enough_to_be_a_cheaper_pick_is_trained_again():
    poor, near, pick = known(100, 0.95, 0.003), known(200, 0.972, 0.004), known(300, 0.978, 0.002)
    assert next_trainings([poor, near, pick], SURE) == {1: 2}
    dearer = replace(near, cost=400)
    assert next_trainings([poor, dearer, pick], SURE) == {2: SEEDS - 1}  # the pick has every seed in the end
    assert next_trainings([poor, dearer, pick], SURE, settled=False) == {}
    whole = replace(near, begun=SEEDS)
    assert next_trainings([poor, whole, pick], SURE) == {2: SEEDS - 1}


def test_a_pick_that_may_turn_out_not_to_be_sure_enough_is_trained_again():
    assert next_trainings([known(300, 0.9735, 0.004)], SURE, settled=False) == {0: 2}


def test_how_likely_a_recipe_is_sure_in_the_end_is_how_often_it_turns_out_so():
    rng, n = np.random.default_rng(0), 20_000
    score, sd = 0.972, 0.006
    scale = 1 - score + OFFSET
    (told,) = sure_in_the_end([(score, sd)], [], SURE)
    # half of what chance alone gives, beforehand: of its own trainings, and of the dense network's, which remains
    noise, remains = (np.sqrt(0.5 * variance(own, N_VAL) / SEEDS) / scale for own in (score, DENSE))
    apart = np.sqrt((sd / scale) ** 2 - remains**2)
    truth = transform(np.array(score)) + apart * rng.standard_normal(n)
    seen = truth + noise * rng.standard_normal(n)
    weight = apart**-2, noise**-2
    mean = (weight[0] * transform(np.array(score)) + weight[1] * seen) / sum(weight)
    after = np.hypot(sum(weight) ** -0.5, remains)
    scores = accuracy_of(mean)
    turned_out = chances_below(scores, after * (1 - scores + OFFSET), FLOOR) <= SURE.sure
    assert told == pytest.approx(turned_out.mean(), abs=0.02)
    assert 0.2 < told < 0.8
    # and of those that turn out so, no more are too poor than may be
    found = accuracy_of(truth + remains * rng.standard_normal(n))
    assert np.mean(found[turned_out] < FLOOR) < SURE.sure


def test_of_what_only_the_dense_networks_luck_leaves_open_no_training_tells():
    remains = float(np.sqrt(0.5 * variance(DENSE, N_VAL) / SEEDS))
    above, below = (FLOOR + k * remains * (1 - FLOOR + OFFSET) / (1 - FLOOR) for k in (1.0, 0.6))
    assert sure_in_the_end([(above, remains), (below, remains)], [], SURE) == pytest.approx([1, 0], abs=0.01)


def test_how_sure_it_is_counts_for_what_was_trained_and_nothing_else_does():
    assert sure_in_the_end([(0.95, 0.001), (0.978, 0.001)], [], SURE) == pytest.approx([0, 1], abs=0.01)
    assert sure_in_the_end([], [], SURE).shape == (0,)
