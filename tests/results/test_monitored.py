"""A trial's monitor is learned on its own validation samples, and an export's is run over streams."""

import shutil

import numpy as np
import pytest
from builders.exports import model, put

import hwsearch
from hwsearch.data.datasets import load_dataset
from hwsearch.errors import InputError, RecordError
from hwsearch.export.bundle import verify, write_export
from hwsearch.export.weights import read_weights
from hwsearch.monitor.quantities import quantities_of, seen
from hwsearch.records.run_folder import RunFolder
from hwsearch.results.monitored import Stream, learned, watch_export
from hwsearch.results.recover import recover
from hwsearch.study.data_section import NamedData


@pytest.fixture(scope="module")
def trial(finished):
    return int(hwsearch.load_run(finished).pick()["trial"])


@pytest.fixture(scope="module")
def exported(finished, tmp_path_factory):
    to = tmp_path_factory.mktemp("monitored") / "model"
    return hwsearch.load_run(finished).export(to=to, formats=["config", "weights", "monitor"])


def test_it_is_learned_on_the_split_of_its_own_training(finished, trial):
    recovered = recover(RunFolder(finished), trial)
    monitor = learned(recovered)
    assert monitor == learned(recovered)
    assert monitor.samples == len(recovered.plan.data.y_val)
    network, shown = recovered.network, recovered.plan.data
    means = seen(network, shown.x_val).values.mean(0)
    # a member of the front was trained on a split of its own: these are not its validation samples
    same = recovered.seed == recovered.plan.study.seed
    assert np.allclose(means, monitor.means) == same
    assert np.allclose(means, monitor.means, rtol=0.2, atol=1)


def test_an_export_verifies_and_its_test_samples_have_not_drifted(exported):
    assert all(check.passed for check in verify(exported))
    watched = watch_export(exported, Stream())
    assert watched.of == "test samples in a drawn order"
    assert watched.alarms == ()
    assert (
        watched.sentences[1] == f"Nothing was noticed in {watched.inferences} test samples in a drawn order."
    )


def test_samples_of_a_file_are_encoded_and_a_drift_in_them_is_noticed(exported, tmp_path):
    data = load_dataset(NamedData(name="digits", train_size=400))
    np.savez(tmp_path / "clean.npz", x=data.x_test)
    clean = watch_export(exported, Stream(data=tmp_path / "clean.npz"))
    assert clean.alarms == ()
    half = np.concatenate([data.x_test[:100], data.x_test[100:] // 2])
    np.savez(tmp_path / "dim.npz", x=half)
    watched = watch_export(exported, Stream(data=tmp_path / "dim.npz"))
    assert 100 <= watched.alarms[0].inference < 130
    assert watched.sentences[1].startswith(f"Noticed after inference {watched.alarms[0].inference + 1} of ")
    assert "the inputs' sum has fallen" in watched.sentences[1]


def test_what_firmware_recorded_says_the_same_as_the_samples(exported, tmp_path):
    network, _ = read_weights(exported / "weights.safetensors")
    data = load_dataset(NamedData(name="digits", train_size=400))
    x = data.x_test // 2
    found = seen(network, x)
    names = [*(quantity.name for quantity in quantities_of(network)), "class"]
    rows = np.column_stack([found.values, found.classes]).tolist()
    lines = [",".join(names), *(",".join(map(str, row)) for row in rows)]
    (tmp_path / "seen.csv").write_text("\n".join(lines) + "\n")
    np.savez(tmp_path / "x.npz", x=x)
    recorded = watch_export(exported, Stream(recorded=tmp_path / "seen.csv"))
    assert recorded.alarms == watch_export(exported, Stream(data=tmp_path / "x.npz")).alarms != ()
    assert recorded.of == "recorded inferences"


@pytest.mark.parametrize(
    ("x", "got"),
    [
        (np.zeros((3, 1, 8, 7), np.uint8), r"\(3, 1, 8, 7\) of type uint8"),
        (np.full((3, 1, 8, 8), 200, np.uint8), r"200 \.\. 200"),
        (np.zeros((3, 1, 8, 8), np.float32), "of type float32"),
        (np.zeros((0, 1, 8, 8), np.uint8), r"\(0, 1, 8, 8\)"),
        (np.full((3, 1, 8, 8), np.nan), "float64"),
        (np.full((3, 1, 8, 8), "a"), "<U1"),
    ],
)
def test_samples_that_the_network_cannot_read_are_refused(exported, tmp_path, x, got):
    np.savez(tmp_path / "x.npz", x=x)
    with pytest.raises(
        InputError, match=rf"samples must become inputs of shape \(1, 8, 8\) in 0 \.\. 16.*{got}"
    ):
        watch_export(exported, Stream(data=tmp_path / "x.npz"))


def test_a_file_without_samples_and_two_streams_are_refused(exported, tmp_path):
    np.savez(tmp_path / "y.npz", y=np.zeros(3))
    with pytest.raises(InputError, match=r"y\.npz must have this array"):
        watch_export(exported, Stream(data=tmp_path / "y.npz"))
    with pytest.raises(InputError, match="a stream is samples or what was recorded"):
        watch_export(exported, Stream(tmp_path / "y.npz", tmp_path / "z.csv"))


def test_an_export_without_a_monitor_says_how_to_get_one(tmp_path):
    folder = write_export(model(), tmp_path / "model")
    with pytest.raises(RecordError, match="export the trial again with --format config,weights,monitor"):
        watch_export(folder, Stream())
    with pytest.raises(RecordError, match=r"an export must have a manifest\.json"):
        watch_export(tmp_path, Stream())


def test_a_damaged_config_is_refused(exported, tmp_path):
    folder = shutil.copytree(exported, tmp_path / "model")
    text = (folder / "config.yaml").read_text()
    assert "encoding: []" in text
    put(folder, "config.yaml", text.replace("encoding: []", "encoding: [{rot13: {}}]").encode())
    np.savez(tmp_path / "x.npz", x=np.zeros((1, 1, 8, 8), np.uint8))
    with pytest.raises(RecordError, match="a config must say how inputs are encoded; got: KeyError"):
        watch_export(folder, Stream(data=tmp_path / "x.npz"))
