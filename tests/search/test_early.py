"""An early search: a quarter of the epochs ranks, the front is trained in full."""

import html
from dataclasses import replace

import pandas as pd
import pytest

import hwsearch
from hwsearch.search.front import worst_of
from hwsearch.search.plan import cycles_of, make_plan
from hwsearch.study.model import load_study


@pytest.fixture
def study(tiny):
    study = load_study(tiny)
    return study.model_copy(update={"train": study.train.model_copy(update={"epochs": 16})})


def with_search(study, **changes):
    return study.model_copy(update={"search": study.search.model_copy(update=changes)})


def test_the_search_trains_a_quarter_where_tickets_start_from_trained_weights(study):
    assert cycles_of(study) == (1, 3)
    iterative = study.model_copy(update={"tickets": study.tickets.model_copy(update={"finder": "iterative"})})
    assert cycles_of(iterative) == (1, 3, 12)
    assert cycles_of(with_search(iterative, early=True)) == (1, 3)
    assert cycles_of(with_search(study, early=False)) == (1, 3, 12)


def test_without_rungs_or_with_few_epochs_every_training_is_whole(study):
    assert cycles_of(with_search(study, rungs=False)) == (16,)
    short = study.model_copy(update={"train": study.train.model_copy(update={"epochs": 7})})
    assert cycles_of(short) == (7,)


def test_a_network_trained_in_part_may_lack_more_and_is_still_of_use(study, tiny):
    plan = replace(make_plan(study, tiny), study=study)  # pick.within: 0.2
    assert worst_of(plan, 0.02, in_full=True) == pytest.approx(0.22)
    assert worst_of(plan, 0.02) > 0.22
    assert worst_of(replace(plan, study=with_search(study, early=False)), 0.02) == pytest.approx(0.22)


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
    assert (once["train_steps"] == 3 * samples * once["timesteps"]).all()
    members = pd.read_csv(tmp_path / "run/front.csv")
    cost, seeds = result.summary["cost"], 2
    least = seeds * samples * (8 * members["timesteps"].sum() + 8 * plan.dense_timesteps)
    assert cost["final_train_steps"] >= least
    assert (members["accuracy_val"] > members["accuracy_val_search"]).mean() > 0.5
