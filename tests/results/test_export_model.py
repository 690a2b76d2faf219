"""What an export's config says of its model, and what it does not say of the machine."""

import numpy as np
import pytest
from builders.exports import config_of

import hwsearch
from hwsearch.data.datasets import load_dataset
from hwsearch.data.encode.encoding import encoding_of
from hwsearch.export.bundle import verify
from hwsearch.hardware.profiles.load import load_profile
from hwsearch.network.store import load_tensors
from hwsearch.records.run_folder import RunFolder
from hwsearch.results.export_model import model_of
from hwsearch.results.recover import recover
from hwsearch.study.data_section import NamedData


@pytest.fixture(scope="module")
def picked(finished):
    return hwsearch.load_run(finished).pick()


def test_a_model_is_the_recovered_network_with_what_is_known_of_it(finished, picked):
    recovered = recover(RunFolder(finished), int(picked["trial"]))
    model = model_of(recovered)
    assert model.network is recovered.network
    assert len(model.formats) == len(model.network.connections) == len(model.config["connections"])
    assert len(model.network.populations) == len(model.config["populations"])
    assert model.inputs.shape[0] == 32
    assert model.config["seed"] == picked["seed"]
    assert model.config["measured"]["packed_bytes"] == picked["weight_bytes"]
    assert model.config["predicted"] == recovered.record.predicted


def test_the_config_says_what_it_is(finished, picked, tmp_path):
    config = config_of(hwsearch.load_run(finished).export(to=tmp_path / "model", formats=["config"]))
    assert config["trial"] == picked["trial"]
    assert config["measured"]["memory_bytes"] == picked["memory_bytes"]
    assert config["measured"]["accuracy_test"] == pytest.approx(picked["accuracy_test_own"])
    assert config["study"]["network"]["layers"] == "fc24-fc16"
    assert {"optuna", "torch"} <= set(config["versions"])
    assert config["arithmetic"] == hwsearch.load_run(finished).summary["arithmetic"]
    assert config["arithmetic"]["as_device"] is True


def test_raw_values_encoded_by_the_config_are_what_the_network_read(tmp_path, tiny_text):
    study = tmp_path / "study.yaml"
    encode = "encode: {standardise: {by: value}, latency: {frames: 3}}"
    text = tiny_text.replace("train_size: 400", f"train_size: 400, {encode}")
    study.write_text(text.replace("candidates: 24", "candidates: 4").replace("memory_bytes: 3000", ""))
    result = hwsearch.run(study, out=tmp_path / "run")
    folder = result.export(int(result.front["trial"][0]), to=tmp_path / "model")
    assert all(check.passed for check in verify(folder))
    encoding = encoding_of(config_of(folder)["encoding"], 1)
    raw = load_dataset(NamedData(name="digits", train_size=400)).x_val[:32]
    recorded, _ = load_tensors(folder / "check.safetensors")
    assert np.array_equal(encoding(raw), recorded["inputs"])
    assert any("encoded on the host (standardise, latency)" in note for note in result.summary["notes"])


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
