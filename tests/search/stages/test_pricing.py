"""Candidates are ticketed, priced and likened once, however often they are asked for."""

from types import SimpleNamespace

import numpy as np
import pytest
from builders.contexts import context_of_one
from builders.records import GOOD, plan_of_three_rungs

from hwsearch.network.fold import fold
from hwsearch.network.integer import run_integer
from hwsearch.predict.quality import Calibration
from hwsearch.search.stages import pricing as module
from hwsearch.search.stages.dense import dense_ticket
from hwsearch.search.stages.pricing import price_all
from hwsearch.search.store.cache import Cache
from hwsearch.space.candidate import Candidate

SPARSE, DENSER = Candidate((0.8,), "weight", (4,), 2), Candidate((0.5,), "weight", (4,), 2)
LARGE = Candidate(
    (0.0,), "weight", (8,), 3
)  # 2,080 weights of a byte are over the budget of 3,000 with all else


@pytest.fixture
def context(tmp_path, tiny_text):
    plan = plan_of_three_rungs(tmp_path, tiny_text.replace("memory_bytes: 3000", "memory_bytes: 1800"))
    ticket = dense_ticket(plan, 0)
    runs = {
        t: run_integer(
            fold(plan.spec, ticket.params, ticket.masks, ticket.bits, t, plan.widths), plan.data.x_val
        )
        for t in plan.space.timesteps
    }
    dense = SimpleNamespace(params=ticket.params, runs=runs, cost={}, error=0.03)
    similarity = SimpleNamespace(agreement=lambda joint: 1.0 - joint.sparsity.mean(1) / 2)
    return context_of_one(
        plan, dense, cache=Cache(tmp_path / "cache", "plan"), calibration=Calibration(similarity, GOOD, 0)
    )


def test_each_is_priced_once(context, monkeypatch):
    cut, ticket_of = [], module.ticket_of
    monkeypatch.setattr(
        module, "ticket_of", lambda c, candidate: cut.append(candidate) or ticket_of(c, candidate)
    )
    first = price_all(context, [SPARSE, DENSER, SPARSE])
    again = price_all(context, [DENSER, SPARSE])
    assert cut == [SPARSE, DENSER]
    assert first[0] is first[2] is again[1]
    assert first[1] is again[0]


def test_sparser_is_smaller_and_less_like_the_dense_network(context):
    sparse, denser = price_all(context, [SPARSE, DENSER])
    assert sparse.price.fields["weight_bytes"] < denser.price.fields["weight_bytes"]
    assert sparse.sparsity_mask == pytest.approx(0.8, abs=1e-3)
    assert np.average(sparse.layer_sparsity, weights=[64 * 24, 24 * 16, 160]) == pytest.approx(0.8, abs=1e-3)
    assert sparse.similarity < denser.similarity < 1


def test_what_is_over_budget_is_not_likened(context):
    (large,) = price_all(context, [LARGE])
    assert large.price.faults
    assert large.similarity is None
    assert large.record(3).outcome == "over_budget"
