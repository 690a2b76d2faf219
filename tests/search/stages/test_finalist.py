"""What a recipe reaches with fresh seeds, how sure that is, and which network of it is handed over."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from builders.answers import answers

from hwsearch.measure.accuracy import wilson
from hwsearch.measure.answers import Answers
from hwsearch.measure.measured import Measured
from hwsearch.measure.scores import score_interval
from hwsearch.plan.plan import make_plan
from hwsearch.search.stages import finalist
from hwsearch.search.stages.finalist import (
    Finalist,
    _scored,
    choose,
    on_front,
    race_of,
    runners_of,
    with_intervals,
)
from hwsearch.study.model import load_study

CONSTANT = Answers((182, 18), (200, 0), (182, 0), 0, 0, (), 3)
ABLE = Answers((182, 18), (180, 20), (180, 12), 0, 0, (), 0)
COSTS = {"memory_bytes": 4000.0, "energy_j": 4e-6, "weight_bytes": 4000.0}


@pytest.fixture
def plan(tiny):
    return make_plan(load_study(tiny), tiny)


def measured(answers):
    return Measured(
        "", None, None, answers.accuracy, 0.5, None, None, None, None, None, 0, 0, answers_val=answers
    )


def test_a_score_is_the_mean_of_the_trainings_with_the_interval_of_their_mean_answers():
    one, other = answers(((80, 10), (5, 5))), answers(((90, 0), (1, 9)))
    trained = [
        Measured(
            "", None, None, 0.9, 0.9, 0.9, None, None, None, None, 0, 0, answers_val=val, answers_test=test
        )
        for val, test in ((one, other), (other, one))
    ]
    found = _scored(trained, "balanced_accuracy", 0.0)
    each = ((80 / 90 + 5 / 10) / 2, (1 + 9 / 10) / 2)
    assert found.score_val == found.score_test == pytest.approx(np.mean(each))
    low, high = score_interval(np.array(((85, 5), (3, 7))), "balanced_accuracy")
    assert (found.score_test_low, found.score_test_high) == (low, high)


def chosen_of(plan, runs, dense):
    """Choose among trainings with fresh seeds 1, 2, ...; all keep the budgets."""
    with_test = [replace(own, workload=COSTS, accuracy_test=0.5) for own in runs]
    return choose(plan, None, with_test, dense, range(1, 1 + len(runs)))


def test_a_seed_that_knows_something_is_handed_over_though_another_lost_less(plan, monkeypatch):
    monkeypatch.setattr(
        finalist, "price_on_device", lambda plan, work: SimpleNamespace(faults=(), fields=work)
    )
    able = Answers((182, 18), (180, 20), (180, 12), 0, 0, (), 0)
    dense = [replace(measured(able), accuracy_val=share) for share in (0.91, 0.99)]
    chosen = chosen_of(
        plan, [measured(CONSTANT), measured(able)], dense
    )  # the constant one loses nothing to its dense
    assert (chosen.seed, chosen.lacking, chosen.measured.answers_val) == (2, "", able)
    chosen = chosen_of(plan, [measured(CONSTANT)], dense[:1])
    assert "no better than always answering the largest class" in chosen.lacking


def told(accuracies, of, *, score=0.95, tests=None, cost=COSTS):
    tests = accuracies if tests is None else tests
    mean = float(np.mean(tests))
    return Finalist(
        None, measured(ABLE), 1, cost, score, mean, wilson(mean, 300), tuple(accuracies), tuple(tests),
        tuple(0.98 - a for a in accuracies), len(accuracies), of, True, "",
    )  # fmt: skip


def test_one_that_was_trained_once_reaches_what_the_dense_network_does_less_what_it_lost_on_the_same_split(
    plan, monkeypatch
):
    monkeypatch.setattr(
        finalist, "price_on_device", lambda plan, work: SimpleNamespace(faults=(), fields=work)
    )
    dense = [replace(measured(ABLE), accuracy_val=share) for share in (0.91, 0.99)]
    own = [replace(measured(ABLE), accuracy_val=0.9, workload=COSTS, accuracy_test=0.5)]
    once = choose(plan, None, own, dense, (1, 2))
    assert once.accuracy_val == pytest.approx(0.95 - 0.01)
    assert (once.losses, once.accuracies_val) == ((pytest.approx(0.01),), (0.9,))
    assert once.evidence == "trained once of 2"
    twice = choose(plan, None, own * 2, dense, (1, 2))
    assert (twice.accuracy_val, twice.evidence) == (0.9, "trained 2 times")


def with_objectives(plan, names):
    return replace(plan, study=plan.study.model_copy(update={"objectives": names}))


def test_a_pick_counts_bytes_or_energy_where_it_is_known(plan):
    dense, one = told((0.98,) * 5, 5, score=0.98), told((0.95,), 5)
    frugal = replace(
        plan,
        study=plan.study.model_copy(update={"pick": plan.study.pick.model_copy(update={"rule": "frugal"})}),
    )
    assert runners_of(plan, [one], dense)[0].cost == 4000.0
    assert runners_of(frugal, [one], dense)[0].cost == 4e-6
    unknown = with_objectives(frugal, ("error", "memory_bytes"))
    assert runners_of(unknown, [replace(one, cost={**COSTS, "energy_j": None})], dense)[0].cost == 4000.0


def test_only_what_is_on_the_front_can_be_picked(plan):
    dense, one = told((0.98,) * 5, 5, score=0.98), told((0.95,), 5)
    dearer = replace(one, cost={**COSTS, "memory_bytes": 5000.0})
    some = [
        one,
        dearer,
        replace(one, lacking="no better"),
        replace(one, feasible=False),
        replace(one, accuracy_val=0.1),
    ]
    assert on_front(plan, some, dense) == [True, False, False, False, False]
    runners = runners_of(plan, some, dense)
    assert [runner.on_front for runner in runners] == [True, False, False, False, False]
    assert [runner.able for runner in runners] == [True, True, False, False, True]


def test_a_pick_must_be_of_use_to_the_study_and_accurate_enough(plan):
    dense = told((0.98,) * 5, 5, score=0.98)
    race = race_of(plan, dense)  # may lose 20 points, and 15 are worth it
    assert race.floor == pytest.approx(0.98 - plan.study.search.worth)
    assert (race.rule, race.seeds, race.chance) == ("smallest", 2, 0.1)


def test_intervals_are_wider_the_less_it_was_trained(plan):
    once, all_of_them = told((0.95,), 5), told((0.94, 0.95, 0.96, 0.95, 0.95), 5)
    (few, low_high), (many, all_low_high) = (
        (f, f.score_val_interval) for f in with_intervals(plan, [once, all_of_them], told((0.98,) * 5, 5))
    )
    assert low_high[0] < all_low_high[0] < 0.95 < all_low_high[1] < low_high[1]
    assert many.accuracy_test_interval == all_of_them.accuracy_test_interval
    assert few.accuracy_test_interval[0] < once.accuracy_test_interval[0]
    assert few.accuracy_test_interval[1] > once.accuracy_test_interval[1]
    assert with_intervals(plan, [], told((0.98,) * 5, 5)) == []


@pytest.mark.parametrize("n", [1, 3])
def test_intervals_hold(plan, n):
    rng, n_val, held = np.random.default_rng(n), len(plan.data.y_val), []
    for _ in range(100):
        truths = rng.uniform(0.9, 0.97, 12)
        dense = rng.binomial(n_val, 0.98, 5) / n_val
        made = []
        for truth, trained in zip(truths, [n] * 11 + [5], strict=True):
            accuracies = rng.binomial(n_val, truth, trained) / n_val
            losses = tuple(dense[:trained] - accuracies)
            made.append(
                replace(told(accuracies, 5, score=float(dense.mean() - np.mean(losses))), losses=losses)
            )
        found = with_intervals(plan, made, told(tuple(dense), 5, score=float(dense.mean())))
        held += [
            low <= truth <= high
            for truth, (low, high) in zip(truths, (f.score_val_interval for f in found), strict=True)
        ]
    assert np.mean(held) >= 0.93


def test_a_score_of_another_kind_has_its_interval_widened_too(plan):
    scored = finalist.Scored(0.9, 0.9, 0.85, 0.95)
    one, other = (replace(told((0.95,), of), scored=scored) for of in (5, 1))
    wide, narrow = with_intervals(plan, [one, other], told((0.98,) * 5, 5))
    assert narrow.scored == scored
    assert wide.scored.score_test_low < 0.85
    assert wide.scored.score_test_high > 0.95
    assert set(wide.interval_columns) == {"score_val_low", "score_val_high"}
