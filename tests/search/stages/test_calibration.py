"""Calibration: what is probed, on which inputs, and that nothing is done twice."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from hwsearch.network.params import Ticket, initial_params
from hwsearch.plan.plan import make_plan
from hwsearch.search.stages import calibration as module
from hwsearch.search.stages.calibration import calibrate, layer_sparsity, one_shot_agreement
from hwsearch.search.store.cache import Cache
from hwsearch.search.store.probe_store import ProbeStore
from hwsearch.space.candidate import Candidate
from hwsearch.study.model import load_study
from hwsearch.tickets.fit import dense_masks


@pytest.fixture
def plan(tiny):
    return make_plan(load_study(tiny), tiny)


def test_layer_sparsity_counts_channels_or_weights():
    masks = (np.array([[1, 1], [0, 0], [1, 0], [0, 0]], bool), np.array([[1, 0, 1, 0]], bool))
    ticket, spec = Ticket((), masks, (4, 4)), SimpleNamespace(prunable=(0, 1))
    assert layer_sparsity(spec, ticket, Candidate((0.5,), "channel", (4,), 2)) == (0.5, 0.0)
    assert layer_sparsity(spec, ticket, Candidate((0.5,), "weight", (4,), 2)) == (0.625, 0.5)
    mixed = Candidate((0.5, 0.5), ("channel", "weight"), (4,), 2)
    assert layer_sparsity(spec, ticket, mixed) == (0.5, 0.5)


def rows(x):
    return [sample.tobytes() for sample in x]


def test_it_probes_and_judges_on_different_inputs_that_were_not_trained_on(plan):
    unseen = rows(plan.data.x_val)
    probed, judged = (rows(x) for x in module._inputs_of(plan, np.random.default_rng(0)))
    n = len(unseen) // 2  # few here: filled up with training inputs
    assert n < 128
    assert len(probed) == 128
    assert sorted(probed[:n] + judged) == sorted(unseen)
    assert set(probed[n:]) <= set(rows(plan.data.x_train))


@pytest.mark.parametrize(("finder", "settling"), [("magnitude", 192), ("multi_prize", 48)])
def test_it_settles_on_few_tickets_where_each_is_trained_for(plan, finder, settling):
    params = initial_params(plan.spec, 0)
    asked = []

    def ticket(candidate):
        asked.append(candidate)
        return Ticket(params, dense_masks(params), candidate.bits(3))

    tickets = plan.study.tickets.model_copy(update={"finder": finder})
    changed = replace(plan, study=plan.study.model_copy(update={"tickets": tickets}))
    calibration = calibrate(changed, SimpleNamespace(params=params), ticket, judging=8)
    assert len(asked) == settling + 8
    probes = 1 + (3 * 3 - 1) * 6 + 3 * 2  # no channels of the readout are pruned
    judged = 9 * (len(plan.data.x_val) // 2)
    assert calibration.eval_steps == 2 * ((probes + settling + 1) * 128 + judged)


@pytest.mark.parametrize("similarity", ["probe_and_add", "margin_gradient"])
def test_a_run_that_goes_on_does_not_probe_again(plan, tmp_path, monkeypatch, similarity):
    params = initial_params(plan.spec, 0)
    whole = dense_masks(params)
    search = plan.study.search.model_copy(update={"similarity": similarity})
    changed = replace(plan, study=plan.study.model_copy(update={"search": search}))
    dense, cache = SimpleNamespace(params=params), Cache(tmp_path, "plan")
    stored = ProbeStore(cache, cache.path("probes"))

    def calibration():
        return calibrate(changed, dense, lambda c: Ticket(params, whole, c.bits(3)), judging=8, stored=stored)

    first = calibration()
    monkeypatch.setattr(module, "one_shot_agreement", None)
    monkeypatch.setattr(module, "probe", None)
    again = calibration()
    assert again.quality == first.quality
    assert again.eval_steps == first.eval_steps


def test_one_shot_agreement_is_whole_without_compression(plan):
    params = initial_params(plan.spec, 0)
    masks = dense_masks(params)
    tickets = [Ticket(params, masks, (8, 8, 8)), Ticket(params, masks, (8, 8, 1))]
    agree = one_shot_agreement(plan, SimpleNamespace(params=params), tickets, plan.data.x_val)
    assert agree.shape == (2, len(plan.data.x_val))
    assert agree[0].all()
    assert not agree[1].all()
