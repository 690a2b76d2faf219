"""Learning from other runs: what is refused, what is taken over, and that a run says so."""

import json

import numpy as np
import pandas as pd
import pytest

import hwsearch
from hwsearch.errors import InputError
from hwsearch.search.learn_from import carried, plan_to_run
from hwsearch.study.model import load_study


def elsewhere(text, folders):
    """Return the tiny study on another device, learning from folders."""
    listed = ", ".join(str(folder) for folder in folders)
    text = text.replace("profile: nrf51822_microbit, budgets: {memory_bytes: 3000}", "profile: generic_45nm")
    return text.replace("stack: 4", f"stack: 4, learn_from: [{listed}]")


def study_of(path, text):
    path.write_text(text)
    return load_study(path)


def test_what_was_trained_is_carried_with_its_curve(tmp_path, finished, tiny_text):
    records = carried(study_of(tmp_path / "study.yaml", elsewhere(tiny_text, [finished])))
    trials = pd.read_csv(finished / "trials.csv")
    trained = trials[trials["outcome"] == "trained"]
    assert {record.candidate.digest for record in records} == set(trained["digest"])
    accuracies = dict(zip(trained["digest"], trained["accuracy_val"], strict=True))
    assert all(record.curve[-1] == pytest.approx(accuracies[record.candidate.digest]) for record in records)


def test_all_folders_that_hold_another_task_or_no_run_are_named_and_nothing_is_spent(
    tmp_path, finished, tiny_text
):
    text = elsewhere(tiny_text, [finished, tmp_path / "none"]).replace("epochs: 3", "epochs: 4")
    (tmp_path / "study.yaml").write_text(text)
    with pytest.raises(InputError) as refused:
        hwsearch.run(tmp_path / "study.yaml", out=tmp_path / "run")
    first, second = refused.value.faults
    line = next(i for i, text in enumerate(text.splitlines(), 1) if "learn_from" in text)
    assert {(fault.path, fault.line) for fault in (first, second)} == {(tmp_path / "study.yaml", line)}
    assert "search.learn_from.0" in str(first)
    assert "another train" in str(first)
    assert "search.learn_from.1" in str(second)
    assert "must hold a run" in str(second)
    assert not (tmp_path / "run").exists()
    assert not (tmp_path / "none").exists()


def test_they_are_refused_together_with_what_else_is_wrong(tmp_path, tiny_text):
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "study.db").touch()
    (broken / "study.yaml").write_text("name: 3\n")
    text = elsewhere(tiny_text, [broken, tmp_path / "none"]).replace("train_size: 400", "train_size: 4000")
    study = study_of(tmp_path / "study.yaml", text)
    with pytest.raises(InputError) as refused:
        plan_to_run(study, tmp_path / "study.yaml")
    places = [fault.where for fault in refused.value.faults]
    assert places[0] == "data.train_size"
    assert set(places[1:-1]) == {"search.learn_from.0"}
    assert places[-1] == "search.learn_from.1"
    assert all(fault.line for fault in refused.value.faults)


@pytest.mark.slow
def test_a_run_learns_from_another_says_so_and_ranks_its_first_batch(tmp_path, finished, tiny_text):
    # of what the other run tried, 2 bits are not in this space
    text = elsewhere(tiny_text, [finished]).replace("weight_bits: [2, 4, 8]", "weight_bits: [4, 8]")
    own = tmp_path / "own.yaml"
    own.write_text(text.replace("candidates: 24", "candidates: 8, foresee: false"))
    hwsearch.run(own, out=tmp_path / "own")
    hwsearch.run(own, out=tmp_path / "again")
    there = pd.read_csv(finished / "trials.csv")
    n = ((there["outcome"] == "trained") & (there["weight_bits"] != 2)).sum()
    assert n >= 12
    summary = json.loads((tmp_path / "own" / "summary.json").read_text())
    assert f"learned from {n} trainings of other runs, whose cost is not counted here" in summary["notes"]
    trials, again = (pd.read_csv(tmp_path / name / "trials.csv") for name in ("own", "again"))
    pd.testing.assert_frame_equal(trials.drop(columns="wall_s"), again.drop(columns="wall_s"))
    assert (
        summary["cost"]["train_steps"]
        < json.loads((finished / "summary.json").read_text())["cost"]["train_steps"]
    )

    own.write_text(own.read_text().replace(f", learn_from: [{finished}]", ""))
    hwsearch.run(own, out=tmp_path / "alone")
    alone = pd.read_csv(tmp_path / "alone" / "trials.csv")
    assert not np.array_equal(alone["digest"], trials["digest"])  # alone, nothing ranks the first batch
