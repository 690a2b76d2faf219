"""A whole run, looked at from outside: its files, its promises, and what happens when it is interrupted."""

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

import hwsearch
from hwsearch.api import compare_finders
from hwsearch.errors import InputError, NothingFits
from hwsearch.records.front import FRONT_COLUMNS
from hwsearch.records.trials import OUTCOMES
from hwsearch.search.decide.front import non_dominated

FILES = {
    "study.yaml",
    "profile.yaml",
    "study.db",
    "trials.csv",
    "front.csv",
    "front.png",
    "report.html",
    "summary.json",
    "log.jsonl",
}


def without_timings(folder):
    return pd.read_csv(folder / "trials.csv").drop(columns="wall_s")


def test_the_folder_is_complete(finished):
    assert {path.name for path in finished.iterdir()} >= FILES
    front = pd.read_csv(finished / "front.csv")
    assert tuple(front.columns[: len(FRONT_COLUMNS)]) == FRONT_COLUMNS
    assert len(front) >= 2
    assert not front[["accuracy_val", "accuracy_test", "memory_bytes", "energy_j"]].isna().any().any()


def test_every_candidate_has_one_outcome_and_the_counts_add_up(finished):
    trials, summary = (
        pd.read_csv(finished / "trials.csv"),
        json.loads((finished / "summary.json").read_text()),
    )
    assert trials["trial"].tolist() == list(range(24))
    assert set(trials["outcome"]) <= set(OUTCOMES)
    counts = summary["counts"]
    assert counts["asked"] == 24 == sum(counts[name] for name in OUTCOMES)
    assert counts["trained"] == (trials["outcome"] == "trained").sum() > 0
    assert (trials.loc[trials["outcome"] == "over_budget", "train_steps"] == 0).all()


def test_every_training_step_is_counted(finished):
    trials, cost = (
        pd.read_csv(finished / "trials.csv"),
        json.loads((finished / "summary.json").read_text())["cost"],
    )
    samples = json.loads((finished / "summary.json").read_text())["samples"]["train"]
    trained = trials[trials["outcome"] == "trained"]
    assert (trained["train_steps"] == 3 * samples * trained["timesteps"]).all()
    assert cost["dense_train_steps"] == 8 * samples * 3
    total = trained["train_steps"].sum() + cost["dense_train_steps"] + cost["final_train_steps"]
    assert cost["train_steps"] == total


def test_no_budget_is_broken_and_nothing_on_the_front_is_dominated(finished):
    front = pd.read_csv(finished / "front.csv")
    assert (front["memory_bytes"] <= 3000).all()
    values = np.array([1 - front["accuracy_val"], front["energy_j"], front["memory_bytes"]]).T
    assert non_dominated(values).all()


def test_what_was_predicted_bounds_what_was_measured(finished):
    trials = pd.read_csv(finished / "trials.csv").query("outcome == 'trained'")
    assert (trials["memory_bytes"] <= trials["memory_bytes_predicted"]).all()


def test_float_and_integer_accuracies_stand_side_by_side(finished):
    trials = pd.read_csv(finished / "trials.csv").query("outcome == 'trained'")
    assert (trials["accuracy_val"] - trials["accuracy_val_float"]).abs().max() < 0.1


@pytest.mark.slow
def test_the_same_seed_gives_the_same_and_workers_do_not_matter(tiny, tmp_path, finished):
    hwsearch.run(tiny, out=tmp_path / "again", workers=2)
    pd.testing.assert_frame_equal(without_timings(finished), without_timings(tmp_path / "again"))
    assert (finished / "front.csv").read_text() == (tmp_path / "again" / "front.csv").read_text()
    hwsearch.run(tiny, out=tmp_path / "other", seed=1)
    assert not without_timings(finished).equals(without_timings(tmp_path / "other"))


def test_a_finished_run_answers_at_once(finished, tiny, tmp_path):
    trained = []
    before = (finished / "trials.csv").read_text()
    hwsearch.run(tiny, out=finished, listen=lambda e: trained.append(e) if "trained" in e.text else None)
    assert trained == []
    assert (finished / "trials.csv").read_text() == before


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["dense", "candidates", "final"])
def test_interrupted_anywhere_it_goes_on(tiny, tmp_path, finished, stage):
    seen = []

    def stop(event):
        seen.append(event)
        if sum(e.kind == stage for e in seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hwsearch.run(tiny, out=tmp_path / "run", listen=stop)
    hwsearch.run(tiny, out=tmp_path / "run")
    pd.testing.assert_frame_equal(without_timings(finished), without_timings(tmp_path / "run"))


@pytest.mark.slow
def test_killed_at_any_moment_nothing_is_lost_or_done_twice(tiny, tmp_path, finished):
    command = [
        sys.executable,
        "-m",
        "hwsearch",
        "run",
        str(tiny),
        "--out",
        str(tmp_path / "run"),
        "--workers",
        "2",
    ]
    for seconds in (6.0, 8.0):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        time.sleep(0.2)
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    pd.testing.assert_frame_equal(without_timings(finished), without_timings(tmp_path / "run"))


def test_a_changed_study_is_refused(finished, tmp_path, tiny_text):
    changed = tmp_path / "changed.yaml"
    changed.write_text(tiny_text.replace("epochs: 3", "epochs: 4"))
    with pytest.raises(InputError, match="holds one study"):
        hwsearch.run(changed, out=finished)


def test_a_comparison_of_finders_is_refused_in_the_folder_of_another_study(finished, tmp_path, tiny_text):
    changed = tmp_path / "changed.yaml"
    changed.write_text(tiny_text.replace("epochs: 3", "epochs: 4"))
    with pytest.raises(InputError, match=r"train\.epochs: a run folder holds one study"):
        compare_finders(changed, out=finished, finders=["magnitude"])
    assert not (finished / "tickets.csv").exists()


def test_an_impossible_budget_names_the_nearest_miss_and_keeps_the_trials(tmp_path, tiny_text):
    study = tmp_path / "study.yaml"
    study.write_text(tiny_text.replace("memory_bytes: 3000", "memory_bytes: 160, synaptic_ops: 100000"))
    with pytest.raises(
        NothingFits, match=r"Nearest miss: trial \d+ .*memory_bytes .*budget that binds is memory_bytes"
    ):
        hwsearch.run(study, out=tmp_path / "run")
    trials = pd.read_csv(tmp_path / "run" / "trials.csv")
    assert (trials["outcome"] == "over_budget").all()
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["cost"]["final_train_steps"] == 0


def test_what_the_profile_cannot_tell_is_refused_before_anything_is_spent(tmp_path, tiny_text):
    study = tmp_path / "study.yaml"
    text = tiny_text.replace(
        "nrf51822_microbit, budgets: {memory_bytes: 3000}",
        "generic_45nm, budgets: {latency_s: 1, rom_bytes: 3}",
    )
    study.write_text(text.replace("energy_j, memory_bytes]", "latency_s, memory_bytes]"))
    with pytest.raises(InputError) as caught:
        hwsearch.run(study, out=tmp_path / "run")
    told = str(caught.value)
    assert "device.budgets.latency_s" in told
    assert "device.budgets.rom_bytes" in told
    assert "objectives.1" in told
    assert not (tmp_path / "run").exists()


def test_what_the_device_does_not_support_is_left_out_with_a_note(tmp_path, tiny_text):
    study = tmp_path / "study.yaml"
    study.write_text(
        tiny_text.replace('"nm:4", channel', "kernel, channel")
        .replace("candidates: 24", "candidates: 4")
        .replace("within: 0.2", "within: 0.1")
    )
    result = hwsearch.run(study, out=tmp_path / "run")
    assert result.summary["notes"] == ["granularity kernel is not searched: the network has no conv layer"]
    assert "kernel" not in set(result.trials["granularity"])
