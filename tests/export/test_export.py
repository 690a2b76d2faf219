"""An export reproduces the integer model bit for bit, its bytes are the priced ones, and damage is found."""

import json

import numpy as np
import pytest
from ruamel.yaml import YAML
from safetensors.numpy import load_file

import hwsearch
from hwsearch.errors import InputError, NothingFits, RecordError
from hwsearch.export.bundle import verify
from hwsearch.export.weights import packed_bytes, read_weights


@pytest.fixture(scope="module")
def exported(finished, tmp_path_factory):
    return hwsearch.load_run(finished).export(to=tmp_path_factory.mktemp("export") / "model")


def test_every_check_passes(exported):
    checks = verify(exported)
    assert all(check.passed for check in checks), checks
    assert {"packed weights", "weight_bytes", "predictions", "membranes"} <= {check.name for check in checks}


def test_the_packed_bytes_are_the_priced_bytes(finished, exported):
    picked = hwsearch.load_run(finished).pick()
    assert packed_bytes(load_file(exported / "weights.safetensors")) == picked["weight_bytes"]


def test_every_trained_trial_exports_and_keeps_its_bytes(finished, tmp_path):
    result = hwsearch.load_run(finished)
    for trial in result.trials.query("outcome == 'trained'")["trial"][:6]:
        folder = result.export(int(trial), to=tmp_path / str(trial))
        assert all(check.passed for check in verify(folder))


def test_a_removed_channel_is_not_in_the_file(finished, tmp_path):
    result = hwsearch.load_run(finished)
    trials = result.trials.query("outcome == 'trained' and granularity == 'channel'")
    folder = result.export(int(trials["trial"].iloc[0]), to=tmp_path / "model")
    network, _ = read_weights(folder / "weights.safetensors")
    assert sum(len(layer.weight) for layer in network.layers) < 24 + 16 + 10


def test_the_config_says_what_it_is(finished, exported):
    config = YAML(typ="safe").load((exported / "config.yaml").read_text())
    picked = hwsearch.load_run(finished).pick()
    assert config["trial"] == picked["trial"]
    assert config["measured"]["memory_bytes"] == picked["memory_bytes"]
    assert config["measured"]["accuracy_test"] == pytest.approx(picked["accuracy_test_own"])
    assert config["study"]["network"]["layers"] == "fc24-fc16"
    assert {"optuna", "torch"} <= set(config["versions"])


@pytest.mark.parametrize("name", ["weights.safetensors", "config.yaml", "check.safetensors"])
def test_damage_is_found(finished, tmp_path, name):
    folder = hwsearch.load_run(finished).export(to=tmp_path / "model")
    data = bytearray((folder / name).read_bytes())
    data[-3] ^= 1
    (folder / name).write_bytes(data)
    assert name in {check.name for check in verify(folder) if not check.passed}


def test_a_changed_weight_changes_the_behaviour_check(finished, tmp_path):
    folder = hwsearch.load_run(finished).export(to=tmp_path / "model")
    data = bytearray((folder / "weights.safetensors").read_bytes())
    header = int.from_bytes(data[:8], "little")
    offsets = json.loads(data[8 : 8 + header])["readout.packed"]["data_offsets"]
    data[8 + header + offsets[0]] ^= 0xFF
    (folder / "weights.safetensors").write_bytes(data)
    failed = {check.name for check in verify(folder) if not check.passed}
    assert "packed weights" in failed
    assert {"membranes"} <= failed


def test_no_manifest_is_no_export(tmp_path):
    with pytest.raises(RecordError, match=r"must have a manifest\.json"):
        verify(tmp_path)


def test_refuses_a_folder_with_other_files_and_unknown_formats(finished, tmp_path):
    result = hwsearch.load_run(finished)
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="new or empty folder"):
        result.export(to=tmp_path)
    with pytest.raises(InputError, match="must be one of config, weights"):
        result.export(to=tmp_path / "model", formats=["onnx"])


def test_a_trial_that_was_not_trained_is_refused(tmp_path, tiny_text):
    study = tmp_path / "study.yaml"
    study.write_text(tiny_text.replace("candidates: 24", "candidates: 24, rank: false"))
    result = hwsearch.run(study, out=tmp_path / "run")
    with pytest.raises(InputError, match="must lie in 0"):
        result.export(999, to="nowhere")
    untrained = result.trials.query("outcome in ('over_budget', 'twin')")["trial"]
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
    same = [
        np.mean(a.weight == b.weight)
        for a, b in zip(first.layers, again.layers, strict=True)
        if a.weight.shape == b.weight.shape
    ]
    assert same
    assert min(same) > 0.95


def test_picking(finished):
    result = hwsearch.load_run(finished)
    front = result.front
    assert result.pick("accurate", within="100%")["accuracy_val"] == front["accuracy_val"].max()
    assert result.pick("smallest", within="100%")["memory_bytes"] == front["memory_bytes"].min()
    assert result.pick("frugal", within="100%")["energy_j"] == front["energy_j"].min()
    floor = front["accuracy_val"].median()
    picked = result.pick("smallest", min_accuracy=floor)
    assert picked["memory_bytes"] == front[front["accuracy_val"] >= floor]["memory_bytes"].min()
    with pytest.raises(NothingFits, match="accurate enough"):
        result.pick(min_accuracy="100%")
    with pytest.raises(InputError, match="exactly one"):
        result.pick(within=0.1, min_accuracy=0.5)
