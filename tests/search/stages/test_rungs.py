"""Trainings rung by rung: they stop, go on, and every step is counted once."""

import pandas as pd
import pytest

import hwsearch
from hwsearch.plan.plan import make_plan
from hwsearch.records.run_folder import RunFolder
from hwsearch.results.recover import recover
from hwsearch.study.model import load_study


@pytest.mark.slow
def test_a_run_stops_goes_on_and_counts_every_step_once(tmp_path, tiny_text):
    study = tmp_path / "study.yaml"
    study.write_text(
        tiny_text.replace(", epochs: 3", ", epochs: 8").replace("candidates: 24", "candidates: 48")
    )
    hwsearch.run(study, out=tmp_path / "run")
    trials = pd.read_csv(tmp_path / "run/trials.csv")
    assert (trials["outcome"] == "stopped").sum() > 5
    went_on = trials[trials["began"].notna() & (trials["outcome"] == "trained")]
    assert len(went_on) > 0
    plan = make_plan(load_study(study), study)
    samples, cycles = len(plan.data.y_train), plan.cycles
    trained = trials[trials["outcome"].isin(["stopped", "trained"])]
    for _, own in trained.groupby("digest"):
        rungs = own["curve"].astype(str).str.count("/").max() + 1
        timesteps = own["timesteps"].iloc[0]
        steps = sum(cycles[rung] * plan.rung_timesteps(rung, timesteps) for rung in range(rungs))
        assert own["train_steps"].sum() == steps * samples


@pytest.mark.slow
@pytest.mark.parametrize("lost", [False, True])
def test_interrupted_in_the_middle_of_rungs_it_goes_on(tmp_path, tiny_text, lost):
    study = tmp_path / "study.yaml"
    study.write_text(
        tiny_text.replace(", epochs: 3", ", epochs: 8").replace("candidates: 24", "candidates: 40")
    )
    hwsearch.run(study, out=tmp_path / "whole")
    heard = []

    def stop(event):
        heard.append(event)
        if event.kind == "candidates" and event.done >= 16 and "trained" in event.text:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hwsearch.run(study, out=tmp_path / "cut", listen=stop)
    if lost:
        for path in (tmp_path / "cut/cache").glob("rung-*"):
            path.unlink()
    hwsearch.run(study, out=tmp_path / "cut")
    whole, cut = (
        pd.read_csv(tmp_path / name / "trials.csv").drop(columns="wall_s") for name in ("whole", "cut")
    )
    pd.testing.assert_frame_equal(whole, cut)


@pytest.mark.slow
def test_a_trial_is_trained_again_rung_by_rung(tmp_path, tiny_text):
    study = tmp_path / "study.yaml"
    study.write_text(tiny_text.replace(", epochs: 3", ", epochs: 8"))
    result = hwsearch.run(study, out=tmp_path / "run")
    (trial, accuracy), *_ = result.trials.query("outcome == 'trained' and not on_front")[
        ["trial", "accuracy_val"]
    ].to_numpy()
    before = recover(RunFolder(tmp_path / "run"), int(trial))
    for path in (tmp_path / "run/cache").iterdir():
        path.unlink()
    again = recover(RunFolder(tmp_path / "run"), int(trial))
    assert before.accuracy_val == accuracy == again.accuracy_val
    for one, other in zip(before.network.connections, again.network.connections, strict=True):
        assert (one.weight == other.weight).all()


@pytest.mark.slow
def test_switched_off_every_candidate_is_trained_in_one_piece(tmp_path, tiny_text):
    study = tmp_path / "study.yaml"
    off = "candidates: 8, rungs: false, rank: false"
    study.write_text(tiny_text.replace(", epochs: 3", ", epochs: 8").replace("candidates: 24", off))
    hwsearch.run(study, out=tmp_path / "run")
    trials = pd.read_csv(tmp_path / "run/trials.csv")
    assert "stopped" not in set(trials["outcome"])
    assert not trials["curve"].astype(str).str.contains("/").any()
