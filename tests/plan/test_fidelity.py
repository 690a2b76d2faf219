"""An early search: a quarter of the epochs ranks, the front is trained in full."""

import html
from dataclasses import replace

import pandas as pd
import pytest

import hwsearch
from hwsearch.plan.fidelity import rung_epochs
from hwsearch.plan.plan import make_plan
from hwsearch.records.trials import TrialRecord
from hwsearch.search.decide.front import worst_of
from hwsearch.search.optuna_study import read_records
from hwsearch.study.model import load_study


@pytest.fixture
def study(tiny):
    study = load_study(tiny)
    return study.model_copy(update={"train": study.train.model_copy(update={"epochs": 16})})


def with_search(study, **changes):
    return study.model_copy(update={"search": study.search.model_copy(update=changes)})


def test_the_search_trains_a_quarter_where_tickets_start_from_trained_weights(study):
    assert rung_epochs(study) == (1, 3)
    iterative = study.model_copy(update={"tickets": study.tickets.model_copy(update={"finder": "iterative"})})
    assert rung_epochs(iterative) == (1, 3, 12)
    assert rung_epochs(with_search(iterative, early=True)) == (1, 3)
    assert rung_epochs(with_search(study, early=False)) == (1, 3, 12)


def test_without_rungs_or_with_few_epochs_every_training_is_whole(study):
    assert rung_epochs(with_search(study, rungs=False)) == (16,)
    short = study.model_copy(update={"train": study.train.model_copy(update={"epochs": 7})})
    assert rung_epochs(short) == (7,)


def test_a_network_trained_in_part_may_lack_more_and_is_still_of_use(study, tiny):
    plan = replace(make_plan(study, tiny), study=study)  # search.worth: 0.15
    assert worst_of(plan, 0.02, in_full=True) == pytest.approx(0.17)
    assert worst_of(plan, 0.02) > 0.17
    assert worst_of(replace(plan, study=with_search(study, early=False)), 0.02) == pytest.approx(0.17)


@pytest.mark.parametrize(
    ("timesteps", "rungs"), [(1, [1, 1, 1]), (2, [1, 1, 2]), (4, [1, 2, 4]), (10, [3, 5, 10])]
)
def test_the_first_rungs_are_trained_at_fewer_timesteps(study, tiny, timesteps, rungs):
    plan = replace(make_plan(study, tiny), study=with_search(study, early=False))
    assert [plan.rung_timesteps(rung, timesteps) for rung in range(3)] == rungs
    for changes in ({"early_time": False}, {"rungs": False}):
        own = replace(plan, study=with_search(study, early=False, **changes))
        assert [own.rung_timesteps(rung, timesteps) for rung in range(len(own.cycles))] == [timesteps] * len(
            own.cycles
        )


def test_tickets_that_start_from_untrained_weights_are_trained_at_their_own_timesteps(study, tiny):
    iterative = study.model_copy(update={"tickets": study.tickets.model_copy(update={"finder": "iterative"})})
    plan = make_plan(study, tiny)
    assert replace(plan, study=iterative).rung_timesteps(0, 4) == 4
    assert replace(plan, study=with_search(iterative, early_time=True)).rung_timesteps(0, 4) == 1


@pytest.mark.slow
def test_a_rung_at_fewer_timesteps_is_measured_at_all_of_them(tmp_path, tiny_text):
    path = tmp_path / "study.yaml"
    text = tiny_text.replace(", epochs: 3", ", epochs: 8").replace("candidates: 24", "candidates: 8")
    path.write_text(text)
    hwsearch.run(path, out=tmp_path / "run")
    storage, name = f"sqlite:///{tmp_path / 'run/study.db'}", load_study(path).name
    records = [TrialRecord.from_json(own) for own in read_records(storage, name).values()]
    counted = [r for r in records if r.workload is not None]
    assert counted
    assert all(r.workload.timesteps == r.candidate.timesteps for r in counted)
    assert any(r.train_steps < 3 * 300 * r.candidate.timesteps for r in counted)


@pytest.mark.slow
def test_what_is_found_early_is_trained_in_full_and_both_are_said(tmp_path, tiny_text):
    path = tmp_path / "study.yaml"
    path.write_text(tiny_text.replace(", epochs: 3", ", epochs: 8"))
    result = hwsearch.run(path, out=tmp_path / "run")
    plan = make_plan(load_study(path), path)
    assert plan.cycles == (1, 2)
    note = "in the search candidates are trained for 3 of 8 epochs, the front's members in full"
    assert note in result.summary["notes"]
    assert note in html.unescape((tmp_path / "run/report.html").read_text(encoding="utf-8"))
    samples = len(plan.data.y_train)
    done = result.trials[result.trials["outcome"] == "trained"]
    once = done[done["began"].isna()]
    at = [once["timesteps"].map(lambda own, rung=rung: plan.rung_timesteps(rung, own)) for rung in (0, 1)]
    assert (once["train_steps"] == (1 * at[0] + 2 * at[1]) * samples).all()
    assert (at[1] < once["timesteps"]).all()
    members = pd.read_csv(tmp_path / "run/front.csv")
    cost, seeds = result.summary["cost"], 2
    # each member once, the dense network with every seed
    least = samples * (8 * members["timesteps"].sum() + seeds * 8 * plan.dense_timesteps)
    assert cost["final_train_steps"] >= least
    assert (members["accuracy_val"] > members["accuracy_val_search"]).mean() > 0.5
