"""What the sampler is told: objectives in units of the dense network, constraints, and no failure as a number."""

from dataclasses import replace

import numpy as np
import pytest
from builders.records import plan_of_three_rungs, record, state_of, with_search

from hwsearch.search.verdict import verdict

COSTS = {"memory_bytes": 1500.0, "energy_j": 2e-6, "weight_bytes": 1500.0}


@pytest.fixture
def plan(tmp_path, tiny_text):
    return plan_of_three_rungs(tmp_path, tiny_text)


def trial(outcome="trained", curve=(0.8, 0.85, 0.9), **changes):
    return replace(record(0, 0.5, curve, 1500.0, outcome), **{"predicted": COSTS} | changes)


def test_a_trained_trial_is_told_in_units_of_the_dense_network(plan):
    told = verdict(state_of(plan), trial(measured=COSTS))
    # error against an error of 1; 2e-6 of 4e-6 J; 1,500 of 4,000 B; 1,500 of a budget of 3,000 B
    assert told.state == "complete"
    assert told.scaled == pytest.approx((0.1, 0.5, 0.375))
    assert told.values == pytest.approx((0.1, 2e-6, 1500))
    assert told.outcome == "trained"
    assert told.constraints == {"memory_bytes": -0.5, "device_rules": 0.0}


@pytest.mark.parametrize("outcome", ["stopped", "foreseen", "lookalike", "over_budget"])
def test_tpe_is_told_that_what_was_not_trained_to_the_end_was_pruned(plan, outcome):
    told = verdict(state_of(plan), trial(outcome, curve=(), feasible=outcome != "over_budget"))
    assert (told.state, told.values) == ("pruned", None)


def test_a_failure_is_never_a_number(plan):
    told = verdict(state_of(with_search(plan, sampler="gp")), trial("failed", curve=()))
    assert (told.state, told.values) == ("fail", None)


def test_a_broken_rule_of_the_device_beyond_the_budgets_is_a_constraint(plan):
    told = verdict(state_of(plan), trial("over_budget", curve=(), feasible=False))
    assert told.constraints["device_rules"] == 1.0


def test_a_network_that_knows_nothing_is_no_solution(plan):
    told = [verdict(state_of(plan), trial(measured=COSTS, skilled=skilled)) for skilled in (True, False)]
    assert [answer.constraints["device_rules"] for answer in told] == [0.0, 1.0]
    stopped = verdict(state_of(plan), trial("stopped", (0.1,), measured=COSTS, skilled=False))
    assert stopped.constraints["device_rules"] == 0.0  # it may yet learn


def test_what_is_told_of_the_untrained_is_the_largest_class(plan):
    labels = np.repeat(np.arange(10), [91] + [1] * 9)
    uneven = with_search(replace(plan, data=replace(plan.data, y_val=labels)), sampler="gp")
    told = verdict(state_of(uneven), trial("over_budget", curve=()))
    assert (told.state, told.values[0]) == ("complete", pytest.approx(0.09))
    cut = verdict(state_of(uneven), trial("foreseen", curve=(), accuracy_foreseen=0.95))
    assert cut.values[0] == pytest.approx(0.05)


def test_what_is_told_is_of_the_studys_score(plan):
    scored = replace(plan, study=plan.study.model_copy(update={"score": "macro_f1"}))
    told = verdict(state_of(scored), trial(measured=COSTS, score_val=0.7))
    assert told.values[0] == pytest.approx(0.3)
    by_gp = with_search(scored, sampler="gp")
    cut = verdict(state_of(by_gp), trial("foreseen", curve=(), score_foreseen=0.6))
    assert cut.values[0] == pytest.approx(0.4)
    unknown = verdict(state_of(by_gp), trial("over_budget", curve=()))
    assert unknown.values[0] == pytest.approx(1 - by_gp.constant_score)
