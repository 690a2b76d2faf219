"""Before the first candidate: what is told, what is trained, and what a run that goes on does not do again."""

from types import SimpleNamespace

import numpy as np
import pytest
from builders.records import GOOD, POOR, estimator, plan_of_three_rungs, with_search

from hwsearch.network.width_loss import WidthLoss
from hwsearch.plan.plan import make_plan
from hwsearch.predict.probes import untrained_logits
from hwsearch.search.jobs.pool import Bench, Trainer
from hwsearch.search.jobs.spare import Spare
from hwsearch.search.stages import preparation as module
from hwsearch.search.stages.dense import dense_ticket
from hwsearch.search.stages.preparation import prepare
from hwsearch.search.store.cache import Cache
from hwsearch.study.model import load_study

MEASURED = SimpleNamespace(accuracy_val=0.973, loss=WidthLoss(weights_zeroed=2))
DENSE = SimpleNamespace(params=(), cost={"memory_bytes": 2500}, error=0.027, score=0.973, measured=MEASURED)


@pytest.fixture
def plan(tmp_path, tiny_text):
    return plan_of_three_rungs(tmp_path, tiny_text)


def prepared(plan, tmp_path, monkeypatch, quality=GOOD):
    stored, told = [], []
    monkeypatch.setattr(module, "dense_reference", lambda plan, trainer, cache: DENSE)
    monkeypatch.setattr(
        module,
        "calibrate",
        lambda plan, dense, ticket_of, stored, logits_of: (kept.append(stored), estimator(quality))[1],
    )
    kept = stored
    context = prepare(
        plan, SimpleNamespace(spare=Spare(None)), Cache(tmp_path / "cache", "plan"), told.append
    )
    return context, stored, [event.text for event in told]


def test_the_reference_is_trained_and_similarity_calibrated(plan, tmp_path, monkeypatch):
    context, stored, told = prepared(plan, tmp_path, monkeypatch)
    (reference,) = context.references
    assert reference.dense is DENSE
    assert context.state({}).trusts_similarity
    assert stored[0].path.name.startswith("probes-")
    assert told[0] == "training the dense reference"
    assert told[1].startswith("dense reference: 97.3% on validation, 2,500 bytes (")
    assert told[2] == "ticket similarity on 32 candidates: rank correlation 0.95, mean error 0.030"


def test_a_poor_similarity_is_told(plan, tmp_path, monkeypatch):
    context, _, told = prepared(plan, tmp_path, monkeypatch, POOR)
    assert told[2].endswith("poor, so it is left out and less is cut")
    assert not context.state({}).trusts_similarity


def test_a_study_may_do_without_similarity(plan, tmp_path, monkeypatch):
    context, stored, told = prepared(with_search(plan, foresee=False), tmp_path, monkeypatch)
    assert context.references[0].calibration is None
    assert stored == []
    assert len(told) == 2


def test_each_network_has_its_own_reference_and_estimator(tmp_path, tiny_text, monkeypatch):
    text = tiny_text.replace("layers: fc24-fc16", "layers: [fc24-fc16, fc8]")
    plan = plan_of_three_rungs(tmp_path, text)
    context, stored, told = prepared(plan, tmp_path, monkeypatch)
    assert [reference.plan.number for reference in context.references] == [0, 1]
    assert all(reference.calibration for reference in context.references)
    assert len({store.path.name for store in stored}) == 2
    assert told[0] == "training the dense reference of fc24-fc16"
    assert told[3].startswith("dense reference of fc8: 97.3%")
    assert told[5].startswith("ticket similarity of fc8 on 32 candidates")


@pytest.mark.parametrize("number", [0, 1])
def test_what_workers_make_of_untrained_tickets_is_what_this_process_does(tiny, tiny_text, number):
    tiny.write_text(tiny_text.replace("layers: fc24-fc16", "layers: [fc24-fc16, fc8]"))
    whole = make_plan(load_study(tiny), tiny)
    plan, x = whole.at(number), whole.data.x_val[:20]
    tickets = [dense_ticket(plan, seed) for seed in range(18)]  # two stacks
    bench = Bench(whole.networks, whole.data, whole.widths, "fused")
    tasks = []
    with Trainer(bench, 1) as trainer:
        done = trainer.done
        trainer.done = lambda given: done(tasks.append(task) or task for task in given)
        logits = module._logits_by(trainer, plan)(tickets, x)
    assert len(tasks) == 2
    np.testing.assert_array_equal(logits, untrained_logits(plan.spec, tickets, x, min(plan.space.timesteps)))
