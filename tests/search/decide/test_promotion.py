"""Promotion: who trains on after a rung, who stops, and what the audit draws."""

from dataclasses import replace

import numpy as np
import pytest
from builders.records import plan_of_three_rungs, record, state_of, with_search

from hwsearch.search.decide.promotion import promote

OVER = "memory_bytes 3,100 is over its budget of 3,000 (1.03 times)"


@pytest.fixture
def plan(tmp_path, tiny_text):
    return plan_of_three_rungs(tmp_path, tiny_text)


def a_rung(n=9):
    """Trials after their first rung: the sparser, the smaller and the less accurate; the last is at chance."""
    levels = np.linspace(0.1, 0.9, n)
    rows = [
        record(i, float(s), (float(0.96 - 0.1 * s**2),), 3000 - 2800 * s, None) for i, s in enumerate(levels)
    ]
    return [*rows[:-1], record(n - 1, 0.95, (0.1,), 50.0, None)]


def test_a_third_goes_on_and_a_tiny_network_at_chance_does_not(plan):
    judged = promote(state_of(plan, dense_error=0.03), a_rung())
    on = [r.trial for r in judged if r.outcome is None]
    assert len(on) == 3
    assert judged[-1].outcome == "stopped"
    assert "1 of 16 epochs" in judged[-1].reason
    assert [r.curve for r in judged] == [r.curve for r in a_rung()]


def test_nobody_goes_on_when_all_still_guess(plan):
    judged = promote(state_of(plan, dense_error=0.03), [replace(r, curve=(0.12,)) for r in a_rung()])
    assert {r.outcome for r in judged} == {"stopped"}


def test_one_alone_goes_on(plan):
    assert promote(state_of(plan, dense_error=0.03), a_rung()[:1])[0].outcome is None


def test_the_audit_lets_some_go_on_to_the_end(plan):
    all_ = with_search(plan, audit=1.0)
    judged = promote(state_of(all_, dense_error=0.03), a_rung())
    assert all(r.outcome is None for r in judged)
    assert sum(r.audited for r in judged) == 6


@pytest.mark.parametrize("audit", [0.0, 1.0])
def test_what_measured_over_budget_does_not_go_on_however_promising(plan, audit):
    drawn = with_search(plan, audit=audit)
    best = {r.trial for r in promote(state_of(plan, dense_error=0.03), a_rung()) if r.outcome is None}
    rows = [replace(r, feasible=False, reason=OVER) if r.trial in best else r for r in a_rung()]
    rows[0] = replace(rows[0], audited=True, feasible=False, reason=OVER)
    judged = promote(state_of(drawn, dense_error=0.03), rows)
    over = [r for r in judged if not r.feasible]
    assert {r.outcome for r in over} == {"stopped"}
    assert {r.reason for r in over} == {f"after 1 of 16 epochs {OVER}"}
    assert sum(r.outcome is None for r in judged) >= 3  # others take their places


def test_one_alone_over_budget_does_not_go_on(plan):
    alone = replace(a_rung()[0], feasible=False, reason=OVER)
    assert promote(state_of(plan, dense_error=0.03), [alone])[0].outcome == "stopped"


def test_who_reaches_no_more_than_the_largest_class_stops(plan):
    labels = np.repeat(np.arange(10), [91] + [1] * 9)
    uneven = replace(plan, data=replace(plan.data, y_val=labels))
    rung = [record(i, 0.1 * i, (0.905 + 0.001 * i,), 100.0, None) for i in range(9)]
    assert {r.outcome for r in promote(state_of(uneven, dense_error=0.03), rung)} == {"stopped"}
