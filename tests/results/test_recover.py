"""From a run folder back to a network: out of the cache or trained again, and never another one than was recorded."""

import json
import re
import shutil

import pandas as pd
import pytest
import torch

import hwsearch
from hwsearch.errors import InputError, RecordError
from hwsearch.export.bundle import verify
from hwsearch.export.weights import read_weights
from hwsearch.network.store import network_digest
from hwsearch.records.run_folder import RunFolder
from hwsearch.results.recover import recorded_versions, recover, recover_dense, with_used_files
from hwsearch.study.model import load_study


def test_a_member_of_the_front_is_the_network_that_the_final_trainings_chose(finished):
    row = hwsearch.load_run(finished).front.iloc[0]
    found = recover(RunFolder(finished), int(row["trial"]))
    assert found.seed == row["seed"]
    assert network_digest(found.network) == row["network_digest"]
    assert found.accuracy_test == pytest.approx(row["accuracy_test_own"])
    assert found.accumulator_bits == row["accumulator_bits"]


def test_another_trial_is_the_network_of_the_search(finished):
    result = hwsearch.load_run(finished)
    row = result.trials.query("outcome == 'trained' and not on_front").iloc[0]
    found = recover(RunFolder(finished), int(row["trial"]))
    assert found.accuracy_val == pytest.approx(row["accuracy_val"])
    assert found.accuracy_test is None
    assert found.seed == result.summary["seed"]


@pytest.mark.parametrize("on_front", [True, False])
def test_the_dense_network_of_a_trial_is_kept_or_trained_again_as_it_was(finished, tmp_path, on_front):
    run = shutil.copytree(finished, tmp_path / "run")
    result = hwsearch.load_run(run)
    rows = result.front if on_front else result.trials.query("outcome == 'trained' and not on_front")
    found = recover(RunFolder(run), int(rows.iloc[0]["trial"]))
    kept = recover_dense(RunFolder(run), found)
    shutil.rmtree(run / "cache")
    again = recover_dense(RunFolder(run), found)
    assert network_digest(again.network) == network_digest(kept.network)
    assert (again.accuracy_val, again.workload) == (kept.accuracy_val, kept.workload)
    if not on_front:
        assert kept.accuracy_val == pytest.approx(result.dense["accuracy_val_search"])


def test_the_profile_is_the_one_that_was_used(finished):
    folder = RunFolder(finished)
    assert with_used_files(load_study(folder.study), folder).device.profile == str(folder.profile.resolve())


def test_a_run_without_a_summary_recorded_no_versions(finished, tmp_path):
    assert {"torch", "optuna"} <= set(recorded_versions(RunFolder(finished)))
    assert recorded_versions(RunFolder(tmp_path)) == {}


@pytest.mark.parametrize("trial", [-1, 999])
def test_a_trial_that_is_none_is_refused(finished, trial):
    with pytest.raises(InputError, match=r"--trial: a trial must lie in 0 \.\. 23; got"):
        recover(RunFolder(finished), trial)


def damaged_copy(finished, tmp_path, column, value):
    """Return a copy of a run whose cache is gone and whose front was recorded otherwise, and the trial."""
    run = tmp_path / "run"
    shutil.copytree(finished, run, ignore=shutil.ignore_patterns("final-*", "trained-*"))
    front = pd.read_csv(run / "front.csv", dtype={"network_digest": str})
    front.loc[0, column] = value
    front.to_csv(run / "front.csv", index=False)
    summary = json.loads((run / "summary.json").read_text())
    summary["versions"]["torch"] = "2.0.0"
    (run / "summary.json").write_text(json.dumps(summary))
    return run, int(front["trial"][0])


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("network_digest", "0" * 16),
        ("accuracy_val_own", 0.5),
        ("accuracy_test_own", 0.5),
        ("memory_bytes", 7),
    ],
)
def test_a_network_that_is_trained_again_and_is_another_is_refused(finished, tmp_path, column, value):
    run, trial = damaged_copy(finished, tmp_path, column, value)
    name = column.removesuffix("_own")
    with pytest.raises(
        RecordError, match=rf"{name} .*, recorded {value}.*torch 2\.0\.0 then, {re.escape(torch.__version__)}"
    ):
        hwsearch.load_run(run).export(trial, to=tmp_path / "model")
    assert not (tmp_path / "model").exists()
    with pytest.raises(RecordError, match="trained again"):  # it was not kept as if it were the one
        hwsearch.load_run(run).export(trial, to=tmp_path / "model")


def test_a_cache_that_holds_another_network_is_not_believed(finished, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    networks = sorted((run / "cache").glob("trained-*"))
    for path in networks:
        path.write_bytes(networks[0].read_bytes())
    trials = pd.read_csv(run / "trials.csv").query("outcome == 'trained' and not on_front")["trial"]
    assert len(networks) > 1
    for trial in trials[:2]:  # trained again: an export is what was recorded, or nothing
        models = [hwsearch.load_run(of).export(int(trial), to=tmp_path / "model") for of in (finished, run)]
        digests = [json.loads((model / "manifest.json").read_text())["identity"] for model in models]
        assert digests[0] == digests[1]


def test_a_trial_that_was_not_trained_is_refused(tmp_path, tiny_text):
    study = tmp_path / "study.yaml"
    study.write_text(tiny_text.replace("candidates: 24", "candidates: 24, rank: false"))
    result = hwsearch.run(study, out=tmp_path / "run")
    untrained = result.trials.query("outcome in ('over_budget', 'repeat', 'lookalike')")["trial"]
    with pytest.raises(InputError, match="only a trained candidate"):
        result.export(int(untrained.iloc[0]), to="nowhere")


@pytest.mark.slow
def test_without_its_cache_a_model_is_trained_again(tiny, tmp_path):
    result = hwsearch.run(tiny, out=tmp_path / "run")
    first = read_weights(result.export(to=tmp_path / "a") / "weights.safetensors")[0]
    for path in (tmp_path / "run" / "cache").iterdir():
        path.unlink()
    folder = result.export(to=tmp_path / "b")
    assert all(check.passed for check in verify(folder))
    again = read_weights(folder / "weights.safetensors")[0]
    assert network_digest(again) == network_digest(first)
