"""Cutting: who is cut, who never is, and what the audit draws."""

import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders.records import GOOD, POOR, estimator, record, state_of, with_search

import hwsearch
from hwsearch.plan.plan import make_plan
from hwsearch.records.trials import remember
from hwsearch.search.decide import cutting as module
from hwsearch.search.decide.completion import deferred
from hwsearch.search.decide.cutting import LEAST_TRAINED, cut
from hwsearch.search.decide.front import non_dominated
from hwsearch.search.evaluate import with_results
from hwsearch.study.model import load_study


@pytest.fixture
def plan(tiny):
    return with_search(make_plan(load_study(tiny), tiny), audit=0.0)


def trained(n=LEAST_TRAINED):
    """Trials whose accuracy falls from 97 % with sparsity; costs fall as well."""
    return [
        record(i, float(s), (float(0.97 - 0.4 * s**2),), 2000 - 1000 * s)
        for i, s in enumerate(np.linspace(0.0, 0.9, n))
    ]


def candidate(trial, sparsity, cost):
    return record(trial, sparsity, (), cost, outcome=None)


def cut_one(plan, fresh, known=None, calibration=None):
    (judged,) = cut(state_of(plan, known or trained(), calibration or estimator()), [fresh])
    return judged


def test_a_costly_and_poor_candidate_is_cut_and_the_reason_names_who_is_better(plan):
    judged = cut_one(plan, candidate(50, 0.85, 2600.0))
    assert judged.outcome == "foreseen"
    assert "trial" in judged.reason
    assert judged.accuracy_foreseen < judged.accuracy_most < 0.97


def test_a_cheaper_candidate_is_never_cut(plan):
    judged = cut_one(plan, candidate(50, 0.85, 900.0))
    assert judged.outcome is None
    assert judged.accuracy_most is not None


def test_with_few_trained_trials_or_no_estimator_nothing_is_cut_or_predicted(plan):
    fresh = [candidate(50, 0.85, 2600.0)]
    assert cut(state_of(plan, trained(LEAST_TRAINED - 1), estimator()), fresh) == fresh
    assert cut(state_of(plan, trained()), fresh) == fresh
    assert cut(state_of(plan, trained(), estimator()), []) == []


def test_trials_over_budget_cut_nobody(plan):
    known = [replace(trial, feasible=False) for trial in trained()]
    assert cut_one(plan, candidate(50, 0.85, 2600.0), known).outcome is None


def test_a_saving_by_the_quantiser_is_allowed_for(plan):
    known = [
        replace(trial, measured={name: float(value) / 2 for name, value in trial.predicted.items()})
        for trial in trained()
    ]
    # trained trials cost half of their price: a candidate priced at 1.5 times the costliest may cost as much as it
    assert cut_one(plan, candidate(50, 0.85, 900.0), known).outcome is None


def test_poor_quality_cuts_no_more_than_good_quality(plan):
    fresh = [candidate(50 + i, s, 2100.0) for i, s in enumerate(np.linspace(0.0, 0.9, 10))]
    cuts = [
        sum(r.outcome == "foreseen" for r in cut(state_of(plan, trained(), estimator(quality)), fresh))
        for quality in (GOOD, POOR)
    ]
    assert cuts[0] >= cuts[1]


def test_what_behaves_like_a_trained_trial_that_costs_no_more_is_its_lookalike(plan):
    fresh, known = candidate(50, 0.3, 1700.0), trained()
    judged = cut_one(plan, fresh, calibration=estimator(alike=0.99))
    assert judged.outcome == "lookalike"
    assert "99.0%" in judged.reason
    assert known[judged.twin_of].measured["memory_bytes"] <= 1700.0
    # not alike enough, cheaper than all, begun already, with a poor similarity, switched off: trained
    assert cut_one(plan, fresh, calibration=estimator(alike=0.97)).outcome is None
    assert cut_one(plan, candidate(50, 0.3, 900.0), calibration=estimator(alike=0.99)).outcome is None
    begun = replace(fresh, curve=(0.9,))
    assert cut_one(plan, begun, calibration=estimator(alike=0.99)).outcome is None
    assert cut_one(plan, fresh, calibration=estimator(POOR, 0.99)).outcome is None
    assert cut_one(with_search(plan, twins=1.0), fresh, calibration=estimator(alike=1.0)).outcome is None


class Near:
    """Finds two alike the nearer their sparsities are."""

    def alike(self, first, second):
        return 1.0 - np.abs(first.sparsity - second.sparsity).mean(1)


def test_candidates_that_are_judged_together_are_judged_as_each_alone(plan):
    near = replace(estimator(), similarity=Near())
    levels = [
        *np.linspace(0.0, 0.9, LEAST_TRAINED)[:8] + 0.005,
        0.3,
        0.5,
    ]  # next to trained ones; between them
    fresh = [candidate(50 + i, s, 2010.0 - 1000 * s) for i, s in enumerate(levels)]
    fresh[2], fresh[5] = replace(fresh[2], curve=(0.9,)), candidate(55, 0.2, 100.0)  # begun; cheaper than all
    together = cut(state_of(plan, trained(), near), fresh)
    alone = [cut_one(plan, each, calibration=near) for each in fresh]
    assert [(r.outcome, r.reason, r.twin_of) for r in together] == [
        (r.outcome, r.reason, r.twin_of) for r in alone
    ]
    twins = {r.trial: r.twin_of for r in together if r.outcome == "lookalike"}
    assert len(twins) > 3
    for r in together:
        costs = [(k.trial, abs(k.layer_sparsity[0] - r.layer_sparsity[0])) for k in trained()
                 if k.measured["memory_bytes"] <= r.predicted["memory_bytes"]]  # fmt: skip
        if r.trial in twins:
            assert twins[r.trial] == min(costs, key=lambda each: each[1])[0]


def scored(plan, **study):
    """Return the plan by balanced accuracy, one class of ten having a fiftieth of the validation samples."""
    labels = np.repeat(np.arange(10), [*[32] * 8, 38, 6])
    return replace(
        plan,
        study=plan.study.model_copy(update={"score": "balanced_accuracy"} | study),
        data=replace(plan.data, y_val=labels),
    )


def test_by_another_score_what_is_expected_is_of_it(plan):
    known = [replace(trial, accuracy_val=0.5, score_val=trial.accuracy_val) for trial in trained()]
    judged = cut_one(scored(plan), candidate(50, 0.85, 2600.0), known)
    assert judged.outcome == "foreseen"
    assert judged.accuracy_foreseen is None
    assert judged.score_foreseen == judged.foreseen < judged.score_most == judged.most < 0.97


def test_by_another_score_lookalikes_must_agree_on_more(plan):
    # 300 samples, 10 classes, 6 in the smallest: its inputs count five times, so 2 % of score is 0.4 % of inputs
    fresh, uneven = candidate(50, 0.3, 1700.0), scored(plan)
    assert cut_one(uneven, fresh, calibration=estimator(alike=0.995)).outcome is None
    assert cut_one(uneven, fresh, calibration=estimator(alike=0.997)).outcome == "lookalike"
    assert cut_one(plan, fresh, calibration=estimator(alike=0.981)).outcome == "lookalike"


def test_a_lookalike_is_remembered_deferred_and_stands_for_those_that_repeat_it(plan):
    lookalike = cut_one(plan, candidate(50, 0.3, 1700.0), calibration=estimator(alike=0.99))
    assert deferred(state_of(plan, [lookalike])) == [lookalike]
    again = replace(candidate(51, 0.3, 1700.0), outcome="repeat")
    settled = with_results([lookalike, again], {})
    assert settled[0] == lookalike
    assert (settled[1].outcome, settled[1].twin_of) == ("repeat", 50)
    known = {lookalike.candidate.digest: lookalike}
    remember(known, settled[1])
    assert list(known.values()) == [lookalike]


def test_the_audit_trains_the_share_that_the_study_asks_for(plan):
    fresh = [candidate(100 + i, 0.85, 2600.0) for i in range(300)]
    state = state_of(with_search(plan, audit=0.2), trained(), estimator())
    judged = cut(state, fresh)
    audited = [r for r in judged if r.audited]
    assert all(r.outcome is None for r in audited)
    assert 0.1 < len(audited) / 300 < 0.3
    assert len(audited) + sum(r.outcome == "foreseen" for r in judged) == 300
    assert judged == cut(state, fresh)


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
    assert set(left["outcome"]) <= {"stopped", "foreseen", "lookalike"}
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


def test_no_lookalike_is_found_among_other_networks_or_widths_of_membranes(plan):
    fresh = candidate(50, 0.3, 1700.0)
    for knob in ({"network": 1}, {"state_bits": 8}):
        others = [replace(r, candidate=replace(r.candidate, **knob)) for r in trained()]
        two = replace(plan, networks=plan.networks * 2)
        calibrations = (estimator(alike=0.99),) * 2
        state = replace(state_of(two, others), calibrations=calibrations, dense_errors=(0.02, 0.02))
        (judged,) = cut(state, [fresh])
        assert judged.outcome != "lookalike"
        same = replace(fresh, candidate=replace(fresh.candidate, **knob))
        (judged,) = cut(state, [same])
        assert judged.outcome == "lookalike"
