"""Every format is written, verified, and found out where a byte of it changes."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders.exports import FORMATS_OF_LAYERS, config_of, manifest_of, model, model_of, put
from builders.random_networks import random_network

import hwsearch
from hwsearch.compress.packing import pack
from hwsearch.errors import InputError, RecordError
from hwsearch.export.bundle import CHECK, CONFIG, FORMATS, verify, write_export
from hwsearch.export.c.project import FILES as C_FILES
from hwsearch.export.monitor import FILE as MONITOR
from hwsearch.export.nir import FILE as NIR
from hwsearch.export.weights import FILE as WEIGHTS
from hwsearch.export.weights import read_weights
from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.network.integer import run_integer
from hwsearch.network.store import network_digest

FORMAT_2 = Path(__file__).parent / "format_2"
FILES = {
    "config": {CONFIG}, "weights": {WEIGHTS, CHECK}, "nir": {NIR}, "c": {WEIGHTS, CHECK, *C_FILES},
    "monitor": {MONITOR, WEIGHTS, CHECK},
}  # fmt: skip
FLIPPED = ("config", "weights", "nir", "monitor")


def failed(folder):
    return {check.name: check.detail for check in verify(folder) if not check.passed}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return write_export(model(), tmp_path_factory.mktemp("whole") / "model")


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_written_and_verified(tmp_path, name):
    folder = write_export(model(), tmp_path / "model", [name])
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert there == {"manifest.json", *FILES[name]}
    assert failed(folder) == {}


@pytest.mark.parametrize("where", [0.0, 0.3, 0.6, 0.999])
@pytest.mark.parametrize(("name", "file"), [(name, file) for name in FLIPPED for file in sorted(FILES[name])])
def test_a_flipped_byte_of_a_format_is_found(tmp_path, name, file, where):
    folder = write_export(model(), tmp_path / "model", [name])
    data = bytearray((folder / file).read_bytes())
    data[int(where * len(data))] ^= 1
    (folder / file).write_bytes(data)
    assert file in failed(folder)
    (folder / file).unlink()
    assert failed(folder)[file] == "missing"


def test_all_formats_together_are_checked_against_each_other(whole):
    names = [check.name for check in verify(whole)]
    assert {
        "one model",
        "config and weights",
        "packed weights",
        "network",
        "weight_bytes",
        "predictions",
        "membranes",
    } < set(names)
    assert failed(whole) == {}


@pytest.mark.parametrize("seed", range(12))
def test_graphs_are_exported_and_verified(tmp_path, seed):
    net, x = random_network(np.random.default_rng(seed))
    packed = [len(pack(c.weight, 4, "dense").data) for c in net.connections]
    formats = ("dense",) * len(packed)
    folder = write_export(model_of(net, x, formats, packed=sum(packed)), tmp_path / "model")
    assert failed(folder) == {}
    back, _ = read_weights(folder / WEIGHTS)
    assert network_digest(back) == network_digest(net)
    assert np.array_equal(run_integer(back, x).readout, run_integer(net, x).readout)


def test_an_export_of_format_2_is_read_and_verified():
    checks = {check.name: check for check in verify(FORMAT_2)}
    assert {"one model", "config and weights", "packed weights", "network", "predictions", "membranes"} < set(
        checks
    )
    assert all(check.passed for check in checks.values())
    network, _ = read_weights(FORMAT_2 / WEIGHTS)
    assert [c.shape.name for c in network.connections] == ["conv1", "conv2", "fc3", "readout"]
    assert [c.shape.pooling.window for c in network.connections] == [(1, 1), (2, 2), (1, 1), (1, 1)]
    assert network.populations[0].shape.law == NeuronLaw(2, 1.0, "subtract")


def test_the_packed_bytes_are_the_priced_ones(whole):
    assert manifest_of(whole)["weight_bytes"] == 8 == config_of(whole)["measured"]["packed_bytes"]
    assert tuple(c["format"] for c in config_of(whole)["connections"]) == FORMATS_OF_LAYERS


def test_a_changed_weight_behaves_otherwise(tmp_path):
    folder = write_export(model(), tmp_path / "model")
    data = bytearray((folder / WEIGHTS).read_bytes())
    header = int.from_bytes(data[:8], "little")
    start, _ = json.loads(data[8 : 8 + header])["fc1.packed"]["data_offsets"]
    data[8 + header + start] ^= 2  # the weight 2 becomes 0: 3 times 0 does not fire
    put(folder, WEIGHTS, bytes(data))
    assert {"packed weights", "network", "membranes"} <= set(failed(folder))


@pytest.mark.parametrize("formats", [["onnx"], ["weights", "onnx"], []])
def test_an_unknown_format_is_refused_before_anything_is_written(tmp_path, formats):
    with pytest.raises(InputError, match="must be one of config, weights"):
        write_export(model(), tmp_path / "model", formats)
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("text", [None, "{", "[]", '{"name": "somebody\'s", "version": 3}'])
def test_a_folder_without_a_manifest_of_ours_is_no_export(tmp_path, text):
    if text is not None:
        (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(RecordError, match=r"an export must have a manifest\.json"):
        verify(tmp_path)


def test_a_manifest_of_another_version_is_refused(tmp_path):
    folder = write_export(model(), tmp_path / "model")
    (folder / "manifest.json").write_text(json.dumps(manifest_of(folder) | {"format": 4}))
    with pytest.raises(RecordError, match=r"must be of format 2 or 3; got 4 \(export the trial again\)"):
        verify(folder)


def test_a_folder_that_cannot_be_written_is_refused(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hwsearch.export.bundle.save_tensors", full)
    with pytest.raises(InputError, match="folder that can be written; got No space left on device"):
        write_export(model(), tmp_path / "model")


def test_every_file_is_readable_as_the_umask_says(whole, finished, tmp_path):
    usual = tmp_path / "usual"
    usual.touch()
    modes = {
        path.stat().st_mode & 0o777 for path in [*whole.iterdir(), *finished.rglob("*")] if path.is_file()
    }
    assert modes == {usual.stat().st_mode & 0o777}


def test_every_trained_trial_exports_and_verifies(finished, tmp_path):
    result = hwsearch.load_run(finished)
    for trial in result.trials.query("outcome == 'trained'")["trial"][:4]:
        assert failed(result.export(int(trial), to=tmp_path / str(trial))) == {}


def test_a_monitor_that_was_not_learned_is_not_written(tmp_path):
    with pytest.raises(InputError, match="learned on validation samples, and this model comes without any"):
        write_export(replace(model(), monitor=None), tmp_path / "model", ["config", "monitor"])
    assert not (tmp_path / "model").exists()


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
def test_a_monitor_beside_c_is_code_too_and_is_compared(tmp_path):
    folder = write_export(model(), tmp_path / "model", ["c", "monitor"])
    checks = {check.name: check for check in verify(folder)}
    assert all(check.passed for check in checks.values())
    assert checks["monitor"].detail == "watches input, spikes_fc1, margin, no_answer"
    assert checks["C monitor"].detail == "2 recorded inputs, every sum of 4 quantities"
    # another limit in the YAML than in the code: the code is not this version's of these files
    written = (folder / MONITOR).read_text()
    text = written.replace("limit_above: 200", "limit_above: 201", 1)
    assert text != written
    put(folder, MONITOR, text.encode())
    assert "c/src/snn_monitor.c: differs" in failed(folder)["C library"]


def test_an_export_over_another_leaves_nothing_of_its_monitor(tmp_path):
    folder = write_export(model(), tmp_path / "model", ["c", "monitor"])
    write_export(model(4), folder, ["c"])
    assert not list(folder.rglob("*monitor*"))
    assert failed(folder) == {}


def test_a_monitor_of_another_model_is_found_out(tmp_path):
    folder = write_export(model(), tmp_path / "model", ["weights", "monitor"])
    other = write_export(model(4), tmp_path / "other", ["weights", "monitor"])
    put(folder, MONITOR, (other / MONITOR).read_bytes())
    assert "trial 4 in monitor.yaml, 3 in the manifest" in failed(folder)["one model"]
