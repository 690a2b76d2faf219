"""A summary adds up, and says the same as the tables beside it."""

import json
from dataclasses import replace

import pandas as pd
import pytest

from hwsearch.hardware.cost_model import price
from hwsearch.hardware.profiles.load import load_profile
from hwsearch.plan.plan import make_plan
from hwsearch.records.front import DenseRow, FrontRow, read_front
from hwsearch.records.run_folder import RunFolder
from hwsearch.records.summary import SUMMARY_FORMAT, read_summary
from hwsearch.records.trial_table import read_trials
from hwsearch.records.trials import OUTCOMES
from hwsearch.search.optuna_study import records_of
from hwsearch.search.summary import _pick, _program, summarise_refusal
from hwsearch.study.model import load_study


@pytest.fixture(scope="module")
def run(finished):
    summary = read_summary(finished / "summary.json")
    return (
        summary,
        read_front(finished / "front.csv", summary.front_size),
        read_trials(finished / "trials.csv"),
    )


def test_it_counts_what_the_tables_hold(run):
    summary, front, trials = run
    assert summary.front_size == len(front)
    assert summary.counts["asked"] == len(trials) == sum(summary.counts[name] for name in OUTCOMES)
    assert summary.no_skill.trained == sum(row.outcome == "trained" and not row.skilled for row in trials)
    assert summary.cost.train_steps >= sum(row.train_steps for row in trials) + summary.cost.final_train_steps


def test_the_program_of_the_pick_is_told_where_the_core_is_counted_and_not_priced(finished):
    """The workload is of the pick as the search trained it, and not of its final training."""
    summary = read_summary(finished / "summary.json")
    study = load_study(finished / "study.yaml")
    record = next(r for r in records_of(RunFolder(finished), study) if r.trial == summary.pick.trial)
    plan = make_plan(study, finished / "study.yaml")
    cost = price(record.workload, plan.profile.pricing("priced"))
    found = _program(plan, record.workload)
    assert (found.core, found.code_bytes) == ("cortex-m0", cost.code_bytes)
    assert (found.latency_s, found.energy_j) == (cost.latency_s, cost.energy_j)
    assert summary.program.code_bytes == pytest.approx(found.code_bytes, rel=0.1)
    assert summary.program.latency_s == pytest.approx(found.latency_s, rel=0.3)
    assert _program(replace(plan, profile=plan.profile.pricing("priced")), record.workload) is None
    assert _program(replace(plan, profile=load_profile("xylo_audio2")), record.workload) is None


def test_the_pick_is_a_row_of_the_front_to_ten_decimals(run):
    summary, front, _ = run
    member = next(row for row in front if row.trial == summary.pick.trial)
    for name, value in summary.pick.columns().items():
        other = member.cell(name)
        assert str(value) == str(other) or value == pytest.approx(float(other), abs=1e-10), name


def test_reference_point_and_hypervolume_belong_together(run):
    summary, front, _ = run
    assert set(summary.reference_point) == set(summary.objectives) == {"error", "energy_j", "memory_bytes"}
    assert 0 < summary.hypervolume < 1
    assert any(1 - row.accuracy_val < summary.reference_point["error"] for row in front)


def test_the_order_of_its_keys_is_kept(finished):
    values = json.loads((finished / "summary.json").read_text())
    assert list(values) == [
        "format", "study", "study_digest", "profile", "profile_digest", "seed", "versions", "objectives", "score",
        "budgets", "dense", "counts", "cost", "similarity", "audit", "left", "front_size", "hypervolume",
        "reference_point", "pick", "nearest_miss", "samples", "classes", "labels", "arithmetic",
        "no_skill", "notes", "answers", "program", "pick_chance_below",
    ]  # fmt: skip
    columns = pd.read_csv(finished / "front.csv").columns
    assert list(values["pick"]) == list(columns)


def test_a_search_that_was_refused_says_what_came_nearest(tiny):
    plan = make_plan(load_study(tiny), tiny)
    summary = summarise_refusal(plan, "it needs 3 bytes", 1.0)
    assert summary.format == SUMMARY_FORMAT
    assert (summary.front_size, summary.pick, summary.nearest_miss) == (0, None, "it needs 3 bytes")
    assert set(summary.counts.values()) == {0}
    assert summary.plain()["dense"] == {"accuracy_val": None, "accuracy_test": None}
    assert summary.classes.largest_class_share_val == max(summary.classes.val) / summary.samples.val


def test_the_study_says_which_member_is_picked(tiny):
    plan = make_plan(load_study(tiny), tiny)  # the smallest that loses at most 0.2
    rows = [
        FrontRow(
            trial=i,
            sparsity=0.5,
            granularity="weight",
            weight_bits=4,
            timesteps=2,
            accuracy_val=a,
            memory_bytes=m,
        )
        for i, (a, m) in enumerate([(0.9, 300), (0.72, 100), (0.69, 50)])
    ]
    dense = DenseRow(accuracy_val=0.9)
    assert _pick(plan, dense, rows).trial == 1
    assert _pick(plan, DenseRow(accuracy_val=2.0), rows) is None
    assert _pick(plan, dense, []) is None
