"""The stopwatch of probes and model, and what a context hands on to decisions."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from builders.contexts import context_of_one
from builders.records import DENSE, GOOD, POOR, estimator, plan_of_three_rungs, record

from hwsearch.plan.plan import make_plan
from hwsearch.search.stages import context as module
from hwsearch.search.stages.context import Context, Reference, Stopwatch
from hwsearch.space.candidate import Candidate
from hwsearch.study.model import load_study


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
    context = context_of_one(plan, SimpleNamespace(params=(), cost=DENSE, error=0.03))
    known = {"a": record(0, 0.5, (0.9,), 100.0)}
    state = context.state(known)
    assert (state.plan, state.dense_cost, state.dense_error, state.known) == (plan, DENSE, 0.03, known)
    assert not state.trusts_similarity
    reference = replace(context.references[0], calibration=estimator(GOOD))
    calibrated = replace(context, references=(reference,))
    assert calibrated.state(known).trusts_similarity


def test_a_context_with_another_dense_network_prices_anew(tmp_path, tiny_text):
    plan = plan_of_three_rungs(tmp_path, tiny_text)
    context = context_of_one(plan, SimpleNamespace(params=(), cost=DENSE, error=0.03))
    reference = replace(context.references[0], dense=SimpleNamespace(params=(), cost=DENSE, error=0.1))
    other = replace(context, references=(reference,))
    assert other.priced is not context.priced


def context_of_two(tmp_path, tiny_text):
    path = tmp_path / "study.yaml"
    path.write_text(tiny_text.replace("layers: fc24-fc16", "layers: [fc24-fc16, fc8]"))
    plan = make_plan(load_study(path), path)
    dense = [
        SimpleNamespace(params=(), cost={"memory_bytes": 40.0, "energy_j": 2.0}, error=0.1),
        SimpleNamespace(params=(), cost={"memory_bytes": 30.0, "energy_j": 3.0}, error=0.03),
    ]
    references = tuple(Reference(plan.at(i), dense[i], estimator(GOOD)) for i in range(2))
    return Context(plan, references, None, None)


def test_each_candidate_is_of_its_own_network(tmp_path, tiny_text):
    context = context_of_two(tmp_path, tiny_text)
    of_second = Candidate((0.5,), "weight", (4,), 2, network=1)
    assert context.of(of_second) is context.references[1]
    assert [len(reference.plan.spec.prunable) for reference in context.references] == [3, 2]
    assert context.of(of_second).plan.space.networks[0].name == "fc8"
    with pytest.raises(ValueError, match="too many values"):
        _ = context.plan.spec


def test_losses_are_counted_from_the_best_dense_network_and_costs_from_the_costliest(tmp_path, tiny_text):
    context = context_of_two(tmp_path, tiny_text)
    assert context.yardstick is context.references[1]
    state = context.state({})
    assert (state.dense_error, state.dense_errors) == (0.03, (0.1, 0.03))
    assert state.dense_cost == {"memory_bytes": 40.0, "energy_j": 3.0}
    assert state.trusts_similarity
    poor = replace(context.references[0], calibration=estimator(POOR))
    assert not replace(context, references=(poor, context.references[1])).state({}).trusts_similarity
