"""One batch through the flow."""

from dataclasses import replace

import pytest

from hwsearch.plan.plan import make_plan
from hwsearch.search.evaluate import evaluate
from hwsearch.search.jobs.job import Bench
from hwsearch.search.jobs.pool import Trainer
from hwsearch.search.optuna_study import Proposal
from hwsearch.search.stages.context import Context
from hwsearch.search.stages.dense import dense_reference
from hwsearch.search.store.cache import Cache
from hwsearch.space.candidate import Candidate
from hwsearch.study.model import load_study

ONE = Candidate((0.8,), "weight", (4,), 3)


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
    with Trainer(Bench(plan.spec, plan.data, plan.widths, "fused"), 1) as trainer:
        cache = Cache(tmp_path / "cache", "plan")
        yield Context(plan, dense_reference(plan, trainer, cache), trainer, cache)


def stopped(context):
    (record,) = evaluate(context, [Proposal(0, ONE)], {})
    return replace(record, outcome="stopped", curve=record.curve[:1])


def test_a_batch_goes_on_with_a_stopped_candidate_once(context):
    earlier = stopped(context)
    batch = [Proposal(1, ONE), Proposal(2, ONE)]
    first, second = evaluate(context, batch, {ONE.digest: earlier})
    assert (first.outcome, first.began) == ("trained", 0)
    assert len(first.curve) == len(context.plan.cycles)
    assert (second.outcome, second.twin_of, second.train_steps) == ("twin", 1, 0)
    assert second.curve == first.curve


def test_what_was_stopped_over_budget_is_not_gone_on_with(context):
    earlier = replace(stopped(context), feasible=False, reason="over")
    (again,) = evaluate(context, [Proposal(1, ONE)], {ONE.digest: earlier})
    assert (again.outcome, again.twin_of, again.train_steps) == ("twin", 0, 0)
    assert not again.feasible
