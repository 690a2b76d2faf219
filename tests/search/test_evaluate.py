"""One batch through the flow."""

from dataclasses import replace

import pytest
from builders.contexts import context_of_one

from hwsearch.plan.plan import make_plan
from hwsearch.search import evaluate as evaluate_module
from hwsearch.search.evaluate import complete, evaluate
from hwsearch.search.jobs.job import Bench
from hwsearch.search.jobs.pool import Trainer
from hwsearch.search.optuna_study import Proposal
from hwsearch.search.stages import pricing
from hwsearch.search.stages.dense import dense_reference
from hwsearch.search.store.cache import Cache
from hwsearch.space.candidate import Candidate
from hwsearch.study.model import load_study

ONE, OTHER = Candidate((0.8,), "weight", (4,), 3), Candidate((0.5,), "weight", (4,), 2)


@pytest.fixture
def context(tmp_path, tiny_text):
    path = tmp_path / "study.yaml"
    text = tiny_text.replace("dense_epochs: 8, epochs: 3", "dense_epochs: 2, epochs: 8").replace(
        "fc24-fc16", "fc16"
    )
    path.write_text(text.replace("memory_bytes: 3000", "memory_bytes: 30000"))
    plan = make_plan(load_study(path), path)
    search = plan.study.search.model_copy(update={"audit": 0.0})
    plan = replace(plan, study=plan.study.model_copy(update={"search": search}))
    with Trainer(Bench(plan.networks, plan.data, plan.widths, "fused"), 1) as trainer:
        cache = Cache(tmp_path / "cache", "plan")
        yield context_of_one(plan, dense_reference(plan, trainer, cache), trainer, cache)


def stopped(context):
    (record,) = evaluate(context, context.state({}), [Proposal(0, ONE)])
    return replace(record, outcome="stopped", curve=record.curve[:1])


def test_a_batch_goes_on_with_a_stopped_candidate_once(context):
    earlier = stopped(context)
    batch = [Proposal(1, ONE), Proposal(2, ONE)]
    first, second = evaluate(context, context.state({ONE.digest: earlier}), batch)
    assert (first.outcome, first.began) == ("trained", 0)
    assert len(first.curve) == len(context.plan.cycles)
    assert (second.outcome, second.twin_of, second.train_steps) == ("repeat", 1, 0)
    assert second.curve == first.curve


def test_what_was_stopped_over_budget_is_not_gone_on_with(context):
    earlier = replace(stopped(context), feasible=False, reason="over")
    (again,) = evaluate(context, context.state({ONE.digest: earlier}), [Proposal(1, ONE)])
    assert (again.outcome, again.twin_of, again.train_steps) == ("repeat", 0, 0)
    assert not again.feasible


def test_each_candidate_of_a_batch_is_priced_once_and_its_outcome_is_set_when_it_is_known(
    context, monkeypatch
):
    priced, predict = [], pricing.predict_workload
    monkeypatch.setattr(pricing, "predict_workload", lambda *args: priced.append(1) or predict(*args))
    seen = []
    monkeypatch.setattr(
        evaluate_module, "promote", lambda state, rung: seen.extend(r.outcome for r in rung) or list(rung)
    )
    batch = [Proposal(0, ONE), Proposal(1, ONE), Proposal(2, OTHER)]
    pricing.price_all(context, [ONE])  # as ranking does
    first, repeat, other = evaluate(context, context.state({}), batch)
    assert [r.outcome for r in (first, repeat, other)] == ["trained", "repeat", "trained"]
    assert set(seen) == {None}
    assert len(priced) == 2
    assert first.predicted == pricing.price_all(context, [ONE])[0].price.fields


def test_a_candidate_over_budget_is_told_so_and_not_trained(context):
    tight = with_budget(context, 10.0)
    (record,) = evaluate(tight, tight.state({}), [Proposal(0, ONE)])
    assert (record.outcome, record.feasible, record.train_steps) == ("over_budget", False, 0)
    assert "over its budget of 10" in record.reason


def test_completing_goes_on_from_where_it_was_stopped(context):
    earlier = stopped(context)
    (done,) = complete(context, context.state({ONE.digest: earlier}), [Proposal(5, ONE)])
    assert (done.outcome, done.began, done.finishing) == ("trained", 0, True)
    assert len(done.curve) == len(context.plan.cycles)


def with_budget(context, limit):
    device = context.plan.study.device.model_copy(update={"budgets": {"memory_bytes": limit}})
    study = context.plan.study.model_copy(update={"device": device})
    return replace(context, plan=replace(context.plan, study=study))
