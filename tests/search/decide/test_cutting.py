"""Foreseeing: who is cut, who never is, and what the audit draws."""

import json
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import hwsearch
from hwsearch.network.stack import Ticket, initial_params
from hwsearch.plan.plan import make_plan
from hwsearch.predict.quality import Calibration, Quality, quality_of
from hwsearch.records.trials import TrialRecord, remember
from hwsearch.search.decide.completion import left_of
from hwsearch.search.decide.cutting import LEAST_TRAINED, foresee
from hwsearch.search.decide.front import non_dominated
from hwsearch.search.evaluate import _settle_twins
from hwsearch.search.stages import calibration as module
from hwsearch.search.stages.calibration import calibrate, layer_sparsity, one_shot_agreement
from hwsearch.search.store.cache import Cache
from hwsearch.space.candidate import Candidate
from hwsearch.study.model import load_study

GOOD, POOR = Quality(32, 0.95, 0.03, 0.1, 0.02), Quality(32, 0.1, 0.2, 0.2, 0.2)


def record(trial, sparsity, accuracy=None, cost=1000.0, feasible=True):
    costs = {"memory_bytes": cost, "energy_j": cost * 1e-9, "weight_bytes": cost}
    return TrialRecord(
        trial=trial,
        candidate=Candidate((sparsity,), "weight", (4,), 3),
        outcome="trained",
        reason="",
        predicted=costs,
        measured=None if accuracy is None else costs,
        accuracy_val=accuracy,
        curve=() if accuracy is None else (accuracy,),
        similarity=0.9 - sparsity / 2,
        layer_sparsity=(sparsity,) * 3,
        feasible=feasible,
    )


@pytest.fixture
def plan(tiny):
    return make_plan(load_study(tiny), tiny)


def trained(n=LEAST_TRAINED):
    """Trials whose accuracy falls from 97 % with sparsity; costs fall as well."""
    levels = np.linspace(0.0, 0.9, n)
    return {
        str(i): record(i, float(s), float(0.97 - 0.4 * s**2), 2000 - 1000 * s) for i, s in enumerate(levels)
    }


def sight(quality=GOOD, alike=0.5):
    """The estimator itself is not asked here: all are alike on the same share of inputs."""
    return Calibration(SimpleNamespace(alike=lambda one, other: np.full(len(one), alike)), quality, 0)


def test_a_dear_and_poor_candidate_is_cut_and_the_reason_names_who_is_better(plan):
    dear = record(50, 0.85, cost=2600.0)
    (cut,) = foresee(without_audit(plan), sight(), trained(), [dear])
    assert cut.outcome == "foreseen"
    assert "trial" in cut.reason
    assert cut.accuracy_foreseen < cut.accuracy_most < 0.97


def test_a_cheaper_candidate_is_never_cut(plan):
    (kept,) = foresee(without_audit(plan), sight(), trained(), [record(50, 0.85, cost=900.0)])
    assert kept.outcome == "trained"
    assert kept.accuracy_most is not None


def test_with_few_trained_trials_nothing_is_cut_or_foretold(plan):
    drafts = [record(50, 0.85, cost=2600.0)]
    assert foresee(plan, sight(), trained(LEAST_TRAINED - 1), drafts) == drafts


def test_trials_over_budget_cut_nobody(plan):
    known = {key: replace(own, feasible=False) for key, own in trained().items()}
    (kept,) = foresee(without_audit(plan), sight(), known, [record(50, 0.85, cost=2600.0)])
    assert kept.outcome == "trained"


def test_a_saving_by_the_quantiser_is_allowed_for(plan):
    known = {
        key: replace(own, measured={name: float(value) / 2 for name, value in own.predicted.items()})
        for key, own in trained().items()
    }
    # trained trials cost half of their price: a candidate priced at 1.5 times the dearest may cost as much as it
    (kept,) = foresee(without_audit(plan), sight(), known, [record(50, 0.85, cost=900.0)])
    assert kept.outcome == "trained"


def test_poor_quality_cuts_no_more_than_good_quality(plan):
    drafts = [record(50 + i, s, cost=2100.0) for i, s in enumerate(np.linspace(0.0, 0.9, 10))]
    cuts = [
        sum(r.outcome == "foreseen" for r in foresee(without_audit(plan), sight(quality), trained(), drafts))
        for quality in (GOOD, POOR)
    ]
    assert cuts[0] >= cuts[1]


def test_what_behaves_like_a_trained_trial_that_costs_no_more_is_its_twin(plan):
    own, known = without_audit(plan), trained()
    (twin,) = foresee(own, sight(alike=0.99), known, [record(50, 0.3, cost=1700.0)])
    assert twin.outcome == "twin"
    assert "99.0%" in twin.reason
    assert known[str(twin.twin_of)].measured["memory_bytes"] <= 1700.0
    # not alike enough, cheaper than all, begun already, with a poor similarity, switched off: trained
    assert foresee(own, sight(alike=0.97), known, [record(50, 0.3, cost=1700.0)])[0].outcome == "trained"
    assert foresee(own, sight(alike=0.99), known, [record(50, 0.3, cost=900.0)])[0].outcome == "trained"
    begun = replace(record(50, 0.3, cost=1700.0), curve=(0.9,))
    assert foresee(own, sight(alike=0.99), known, [begun])[0].outcome == "trained"
    assert foresee(own, sight(POOR, 0.99), known, [record(50, 0.3, cost=1700.0)])[0].outcome == "trained"
    none = plan.study.search.model_copy(update={"twins": 1.0, "audit": 0.0})
    off = replace(plan, study=plan.study.model_copy(update={"search": none}))
    assert foresee(off, sight(alike=1.0), known, [record(50, 0.3, cost=1700.0)])[0].outcome == "trained"


def test_a_twin_is_remembered_left_and_stands_for_those_that_repeat_it(plan):
    (twin,) = foresee(without_audit(plan), sight(alike=0.99), trained(), [record(50, 0.3, cost=1700.0)])
    known = {}
    remember(known, twin)
    assert left_of(known.values()) == [twin]
    again = replace(record(51, 0.3, cost=1700.0), outcome="twin")
    settled = _settle_twins([twin, again], {})
    assert settled[0] == twin
    assert (settled[1].outcome, settled[1].twin_of) == ("twin", 50)
    remember(known, settled[1])
    assert known == {twin.candidate.digest: twin}


def test_the_audit_trains_the_share_that_the_study_asks_for(plan):
    drafts = [record(100 + i, 0.85, cost=2600.0) for i in range(300)]
    search = plan.study.search.model_copy(update={"audit": 0.2})
    half = replace(plan, study=plan.study.model_copy(update={"search": search}))
    judged = foresee(half, sight(), trained(), drafts)
    audited = [r for r in judged if r.audited]
    assert all(r.outcome == "trained" for r in audited)
    assert 0.1 < len(audited) / 300 < 0.3
    assert len(audited) + sum(r.outcome == "foreseen" for r in judged) == 300
    assert judged == foresee(half, sight(), trained(), drafts)


def test_layer_sparsity_counts_channels_or_weights():
    masks = (np.array([[1, 1], [0, 0], [1, 0], [0, 0]], bool), np.array([[1, 0, 1, 0]], bool))
    ticket = Ticket((), masks, (4, 4))
    assert layer_sparsity(ticket, "channel") == (0.5, 0.0)
    assert layer_sparsity(ticket, "weight") == (0.625, 0.5)


def rows(x):
    return [own.tobytes() for own in x]


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
        return Ticket(params, tuple(np.ones(own.weight.shape, bool) for own in params), candidate.bits(3))

    tickets = plan.study.tickets.model_copy(update={"finder": finder})
    own = replace(plan, study=plan.study.model_copy(update={"tickets": tickets}))
    sight = calibrate(own, SimpleNamespace(params=params), ticket, judging=8)
    assert len(asked) == settling + 8
    probes = 1 + (3 * 3 - 1) * 6 + 3 * 2  # no channels of the readout are pruned
    judged = 9 * (len(plan.data.x_val) // 2)
    assert sight.eval_steps == 2 * ((probes + settling + 1) * 128 + judged)


@pytest.mark.parametrize("similarity", ["probe_and_add", "margin_gradient"])
def test_a_run_that_goes_on_does_not_probe_again(plan, tmp_path, monkeypatch, similarity):
    params = initial_params(plan.spec, 0)
    whole = tuple(np.ones(own.weight.shape, bool) for own in params)
    search = plan.study.search.model_copy(update={"similarity": similarity})
    own = replace(plan, study=plan.study.model_copy(update={"search": search}))
    cache, dense = Cache(tmp_path, "plan"), SimpleNamespace(params=params)

    def sight():
        return calibrate(own, dense, lambda c: Ticket(params, whole, c.bits(3)), judging=8, cache=cache)

    first = sight()
    monkeypatch.setattr(module, "one_shot_agreement", None)
    monkeypatch.setattr(module, "probe", None)
    again = sight()
    assert again.quality == first.quality
    assert again.eval_steps == first.eval_steps


def test_one_shot_agreement_is_whole_without_compression(plan):
    params = initial_params(plan.spec, 0)
    masks = tuple(np.ones(own.weight.shape, bool) for own in params)
    tickets = [Ticket(params, masks, (8, 8, 8)), Ticket(params, masks, (8, 8, 1))]
    agree = one_shot_agreement(plan, SimpleNamespace(params=params), tickets, plan.data.x_val)
    assert agree.shape == (2, len(plan.data.x_val))
    assert agree[0].all()
    assert not agree[1].all()


def test_quality_by_hand():
    own = quality_of(np.array([0.5, 1.0]), np.array([[True, False], [True, True]]))
    assert own.n == 2
    assert (own.spearman, own.mae, own.ece) == pytest.approx((1.0, 0.0, 0.0))
    assert own.brier == pytest.approx(0.125)
    assert quality_of(np.array([0.5, 0.5]), np.ones((2, 4), bool)).spearman == 0.0


def without_audit(plan):
    search = plan.study.search.model_copy(update={"audit": 0.0})
    return replace(plan, study=plan.study.model_copy(update={"search": search}))


@pytest.mark.slow
def test_a_run_foresees_audits_counts_and_prints_its_quality(tmp_path, tiny_text, monkeypatch):
    monkeypatch.setattr(module, "LEAST_TRAINED", 4)
    monkeypatch.setattr(module, "_DEVIATIONS", -1.0)  # bold, so that even this small run cuts
    monkeypatch.setattr(module, "_DEVIATIONS_IF_POOR", -1.0)
    study = tmp_path / "study.yaml"
    study.write_text(
        tiny_text.replace("candidates: 24", "candidates: 48, sampler: random, audit: 0.5, finish: 1")
    )
    hwsearch.run(study, out=tmp_path / "run")
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    trials = pd.read_csv(tmp_path / "run" / "trials.csv")
    assert summary["similarity"]["n"] == 32
    assert summary["cost"]["foresee_eval_steps"] > 0
    assert summary["cost"]["foresee_eval_steps"] < summary["cost"]["eval_steps"]
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    told = [line["model_s"] for line in lines if "model_s" in line]
    assert len(told) >= 6  # probes, and every batch
    # what was told, and a little for the last look at what was left
    assert sum(told) - 0.05 <= summary["cost"]["model_s"] <= summary["cost"]["wall_s"]
    spent = trials["train_steps"].sum() + summary["cost"]["final_train_steps"]
    assert summary["cost"]["model_steps"] > 0
    assert summary["cost"]["train_steps"] == spent + summary["cost"]["dense_train_steps"]
    cut = trials[trials["outcome"] == "foreseen"]
    assert len(cut) == summary["counts"]["foreseen"] > 0
    assert (cut["train_steps"] == 0).all()
    assert cut["accuracy_most"].notna().all()
    audited = trials[trials["audited"] & (trials["outcome"] == "trained")]
    assert summary["audit"]["continued"] == audited["feasible"].sum()
    tried = trials[(trials["outcome"] == "trained") & trials["feasible"]]
    values = np.array([1 - tried["accuracy_val"], tried["energy_j"], tried["memory_bytes"]]).T
    log = (tmp_path / "run" / "log.jsonl").read_text()
    worst = (
        1 - float(re.search(r"dense reference: ([0-9.]+)%", log).group(1)) / 100 + 0.2
    )  # the pick's within
    on_front = set(tried["trial"][non_dominated(values) & (1 - tried["accuracy_val"] < worst)])
    missed = audited[audited["trial"].isin(on_front)]
    # nothing is finished: all of it would have been left
    assert summary["audit"]["left"] == summary["audit"]["continued"]
    assert summary["audit"]["false_cuts"] == len(missed)
    left = trials[trials["chance"].notna()]
    assert set(left["outcome"]) <= {"stopped", "foreseen"}
    assert set(trials[trials["outcome"] == "foreseen"]["trial"]) <= set(left["trial"])
    assert left["chance"].between(0, 1).all()
    assert summary["left"]["n"] == len(left)
    assert summary["left"]["expected"] == pytest.approx(left["chance"].sum(), abs=0.01)
    assert summary["left"]["ruled_out"] == (left["chance"] < 0.02).sum()
    assert "ticket similarity on 32 candidates" in log


@pytest.mark.slow
def test_a_study_may_switch_foreseeing_off(tmp_path, tiny_text):
    study = tmp_path / "study.yaml"
    study.write_text(tiny_text.replace("candidates: 24", "candidates: 8, foresee: false"))
    hwsearch.run(study, out=tmp_path / "run")
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["similarity"]["n"] == 0
    assert summary["cost"]["foresee_eval_steps"] == 0
    assert "similarity" not in (tmp_path / "run" / "log.jsonl").read_text()
