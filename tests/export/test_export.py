"""An export reproduces the integer model bit for bit, its bytes are the priced ones, and damage is found."""

import hashlib
import json
import re
import shutil

import pandas as pd
import pytest
import torch
from ruamel.yaml import YAML
from safetensors.numpy import load_file

import hwsearch
from hwsearch.errors import InputError, NothingFits, RecordError
from hwsearch.export.bundle import verify
from hwsearch.export.weights import packed_bytes, read_weights
from hwsearch.hardware.profiles.load import load_profile
from hwsearch.network.store import network_digest


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
    assert config["arithmetic"] == hwsearch.load_run(finished).summary["arithmetic"]
    assert config["arithmetic"]["as_device"] is True


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


@pytest.fixture
def two(finished, tmp_path):
    """Return exports of two trials, and the run's result."""
    result = hwsearch.load_run(finished)
    first, second = result.trials.query("outcome == 'trained'")["trial"][:2]
    return result, result.export(int(first), to=tmp_path / "a"), result.export(int(second), to=tmp_path / "b")


def test_an_export_replaces_all_of_an_earlier_one(two):
    result, first, second = two
    result.export(config_of(second)["trial"], to=first, formats=["weights"])
    assert {path.name for path in first.iterdir()} == {
        "weights.safetensors",
        "check.safetensors",
        "manifest.json",
    }
    assert identity_of(first) == identity_of(second)
    assert all(check.passed for check in verify(first))
    result.export(config_of(second)["trial"], to=first, formats=["config"])
    assert {path.name for path in first.iterdir()} == {"config.yaml", "manifest.json"}
    assert all(check.passed for check in verify(first))


def identity_of(folder):
    return json.loads((folder / "manifest.json").read_text())["identity"]


def config_of(folder):
    return YAML(typ="safe").load((folder / "config.yaml").read_text())


@pytest.mark.parametrize("name", ["config.yaml", "weights.safetensors", "check.safetensors"])
def test_files_of_two_models_are_told_apart_whatever_the_manifest_says(two, name):
    _, first, second = two
    data = (second / name).read_bytes()
    (first / name).write_bytes(data)
    manifest = json.loads((first / "manifest.json").read_text())
    manifest["files"][name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (first / "manifest.json").write_text(json.dumps(manifest))
    failed = {check.name: check.detail for check in verify(first) if not check.passed}
    assert name not in failed
    assert f"trial {config_of(second)['trial']} in {name}" in failed["one model"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("weight_bits: ", "weight_bits: 1"),
        ("format: ", "format: x"),
        ("timesteps: ", "timesteps: 1"),
        ("packed_bytes: ", "packed_bytes: 1"),
        ("name: readout", "name: other"),
    ],
)
def test_a_config_that_says_otherwise_than_the_weights_is_found(two, old, new):
    _, folder, _ = two
    head, mark, tail = (folder / "config.yaml").read_text().partition("\ncandidate:")
    (folder / "config.yaml").write_text(head + mark + tail.replace(old, new))
    assert "config and weights" in {check.name for check in verify(folder) if not check.passed}


def test_a_file_of_another_export_that_no_manifest_lists_is_found(two):
    result, first, second = two
    result.export(config_of(second)["trial"], to=second, formats=["weights"])
    (second / "config.yaml").write_bytes((first / "config.yaml").read_bytes())
    failed = {check.name: check.detail for check in verify(second) if not check.passed}
    assert failed == {"one model": "config.yaml is not listed"}


@pytest.mark.parametrize("cut", ["write_weights", "save_tensors", "_manifest"])
def test_an_export_that_is_cut_off_is_none_and_the_next_one_replaces_it(two, monkeypatch, cut):
    result, first, second = two

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(f"hwsearch.export.bundle.{cut}", stop)
        with pytest.raises(KeyboardInterrupt):
            result.export(config_of(second)["trial"], to=first)
    with pytest.raises(RecordError, match=r"must have a manifest\.json"):
        verify(first)
    result.export(config_of(second)["trial"], to=first)
    assert {path.name for path in first.iterdir()} == {path.name for path in second.iterdir()}
    assert all(check.passed for check in verify(first))


def test_a_folder_with_a_file_of_somebody_is_left_as_it_is(two):
    result, first, second = two
    (first / "notes.txt").write_text("mine")
    before = {path: path.read_bytes() for path in first.iterdir()}
    with pytest.raises(InputError, match=r"other files: notes\.txt"):
        result.export(config_of(second)["trial"], to=first)
    assert {path: path.read_bytes() for path in first.iterdir()} == before


def test_a_manifest_of_another_kind_is_no_export(finished, tmp_path):
    (tmp_path / "manifest.json").write_text('{"name": "somebody\'s", "version": 3}')
    with pytest.raises(InputError, match=r"other files: manifest\.json"):
        hwsearch.load_run(finished).export(to=tmp_path)
    with pytest.raises(RecordError, match="must have a manifest"):
        verify(tmp_path)


def test_nothing_of_this_machine_is_in_what_is_handed_on(tmp_path, tiny_text):
    device = tmp_path / "mine.yaml"
    device.write_text(load_profile("nrf51822_microbit").path.read_text())
    study = tmp_path / "study.yaml"
    text = tiny_text.replace("profile: nrf51822_microbit", f"profile: {device}")
    text = text.replace("name: digits,", f"name: digits, root: {tmp_path},")
    study.write_text(text.replace("candidates: 24", "candidates: 4"))
    result = hwsearch.run(study, out=tmp_path / "run")
    folder = result.export(int(result.front["trial"][0]), to=tmp_path / "model")
    handed = [*folder.iterdir(), *(tmp_path / "run" / name for name in ("summary.json", "report.html"))]
    for path in handed:
        assert str(tmp_path).encode() not in path.read_bytes(), path
    assert config_of(folder)["study"]["device"]["profile"] == "nrf51822_microbit"


def test_every_file_is_readable_as_the_umask_says(two, finished):
    _, folder, _ = two
    usual = folder.parent / "usual"
    usual.touch()
    modes = {
        path.stat().st_mode & 0o777 for path in [*folder.iterdir(), *finished.rglob("*")] if path.is_file()
    }
    assert modes == {usual.stat().st_mode & 0o777}


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


def test_a_cache_that_holds_another_network_is_named(finished, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    kept = sorted((run / "cache").glob("trained-*"))
    for path in kept:
        path.write_bytes(kept[0].read_bytes())
    trials = pd.read_csv(run / "trials.csv").query("outcome == 'trained' and not on_front")["trial"]
    refusals = []
    for trial in trials:
        try:
            hwsearch.load_run(run).export(int(trial), to=tmp_path / "model")
        except RecordError as error:
            refusals.append(str(error))
    assert len(refusals) >= len(trials) - 1 > 0
    assert all("the cache holds another network: delete" in refusal for refusal in refusals)


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
    assert network_digest(again) == network_digest(first)


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
