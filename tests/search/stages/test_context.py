"""The stopwatch of probes and model, and what a context hands on to decisions."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from builders.records import DENSE, GOOD, estimator, plan_of_three_rungs, record

from hwsearch.search.stages import context as module
from hwsearch.search.stages.context import Context, Stopwatch


def test_a_lap_is_what_was_spent_inside_since_the_last(monkeypatch):
    clock = iter([1.0, 3.0, 10.0, 10.5, 20.0, 21.0])
    monkeypatch.setattr(module.time, "perf_counter", lambda: next(clock))
    watch = Stopwatch()
    assert watch.lap() == 0.0
    with watch:
        pass
    with watch:
        pass
    assert watch.lap() == pytest.approx(2.5)
    with pytest.raises(ValueError, match="counted all the same"), watch:
        raise ValueError("counted all the same")
    assert watch.lap() == pytest.approx(1.0)
    assert watch.lap() == 0.0


def test_the_state_is_of_this_dense_network_and_estimator(tmp_path, tiny_text):
    plan = plan_of_three_rungs(tmp_path, tiny_text)
    context = Context(plan, SimpleNamespace(params=(), cost=DENSE, error=0.03), None, None)
    known = {"a": record(0, 0.5, (0.9,), 100.0)}
    state = context.state(known)
    assert (state.plan, state.dense_cost, state.dense_error, state.known) == (plan, DENSE, 0.03, known)
    assert not state.trusts_similarity
    calibrated = replace(context, calibration=estimator(GOOD))
    assert calibrated.state(known).trusts_similarity


def test_a_context_with_another_dense_network_prices_anew(tmp_path, tiny_text):
    plan = plan_of_three_rungs(tmp_path, tiny_text)
    context = Context(plan, SimpleNamespace(params=(), cost=DENSE, error=0.03), None, None)
    other = replace(context, dense=SimpleNamespace(params=(), cost=DENSE, error=0.1))
    assert other.priced is not context.priced
