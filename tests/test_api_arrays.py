"""``hwsearch.search``: arrays in, the same result as of a study, whose file it writes; all faults by its arguments."""

import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from builders.machines import runs, windows
from builders.nir_graphs import chain, fc, lif

import hwsearch
from hwsearch.errors import InputError
from hwsearch.study.model import load_study

QUICK = {
    "network": "fc16",
    "device": "nrf51822_microbit",
    "budgets": {"memory_bytes": "6 KiB"},
    "candidates": 8,
    "within": "20%",
    "space": {"timesteps": [2], "weight_bits": [4, 8], "sparsity": [0, 0.5, 0.8]},
    "train": {"dense_epochs": 12, "epochs": 6, "dense_learning_rate": 0.01, "learning_rate": 0.01},
    "final": {"seeds": 1},
}


@pytest.fixture(scope="module")
def arrays():
    """Return mean and deviation of each sensor over windows, the state and the run."""
    x, y, group = windows(runs(n_runs=18, rows=128), length=8)
    return np.concatenate([x.mean(1), x.std(1)], axis=1), y, group


@pytest.fixture(scope="module")
def found(arrays, tmp_path_factory):
    x, y, group = arrays
    return hwsearch.search(x, y, groups=group, out=tmp_path_factory.mktemp("searched") / "run", **QUICK)


def test_a_search_of_arrays_is_a_run(found):
    assert found.finished
    assert len(found.front)
    assert found.pick()["accuracy_val"] > 0.6
    assert found.study.data.npz == "data.npz"
    assert found.study.data.group == "group"
    assert found.study.network.layers == "fc16"
    assert found.study.pick.within == 0.2
    assert found.study.search.candidates == 8


def test_tensors_and_frames_of_the_same_values_are_the_same_question(found, arrays, monkeypatch):
    x, y, group = arrays
    monkeypatch.setattr("hwsearch.api.plan_to_run", None)  # nothing is done again
    for same in (torch.tensor(x), pd.DataFrame(x)):
        result = hwsearch.search(same, pd.Series(y), groups=list(group), out=found.folder.path, **QUICK)
        assert result.front.equals(found.front)


def test_the_run_is_that_of_its_study_file(found, tmp_path, monkeypatch):
    monkeypatch.setattr("hwsearch.api.plan_to_run", None)
    assert hwsearch.run(found.folder.study, out=found.folder.path).front.equals(found.front)
    written = tmp_path / "elsewhere" / "mine.yaml"
    written.parent.mkdir()
    found.study.write(written)
    assert load_study(written) == found.study
    assert hwsearch.run(written, out=found.folder.path).front.equals(found.front)


def test_a_run_folder_may_move_with_its_data(found, tmp_path):
    moved = tmp_path / "moved"
    shutil.copytree(found.folder.path, moved)
    shutil.rmtree(moved / "cache")
    result = hwsearch.load_run(moved)
    assert result.study.data.root == str(moved)
    assert result.export(to=tmp_path / "model").joinpath("config.yaml").exists()


def test_other_arrays_are_refused_in_the_same_folder(found, arrays):
    x, y, group = arrays
    with pytest.raises(InputError, match=r"^x: a run folder holds the run of one data set; got other arrays"):
        hwsearch.search(x + 1, y, groups=group, out=found.folder.path, **QUICK)
    changed = QUICK | {"train": QUICK["train"] | {"epochs": 7}}
    with pytest.raises(InputError, match=r"^train\.epochs: a run folder holds one study.*got 7, used was 6"):
        hwsearch.search(x, y, groups=group, out=found.folder.path, **changed)


def test_all_faults_are_told_at_once_by_the_arguments_and_nothing_is_written(arrays, tmp_path, monkeypatch):
    x, y, group = arrays
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        hwsearch.search(
            x, y[:-1], groups=group[:3], device="nrf5284", network="fc16-xx", budgets={"memory_byts": 1}, candidates=0,
            within=1, space={"weight_bits": [9]}, data={"npz": "other.npz", "validation": 2.0}, pick={"rule": "best"},
            epochs=3,
        )  # fmt: skip
    places = {fault.where for fault in caught.value.faults}
    assert places >= {
        "y", "groups", "device", "network", "budgets.memory_byts", "candidates", "within", "space.weight_bits.0",
        "data.validation", "pick.rule", "epochs",
    }  # fmt: skip
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"space": {"timesteps": [2], "weight_bits": [16], "granularity": ["kernel"]}}, "space.granularity"),
        ({"device": "loihi2", "budgets": {"latency_s": 1}}, "budgets.latency_s"),
        ({"workers": 0}, "workers"),
        ({"train_on": "tpu"}, "train_on"),
        ({"network": "16c3-p9-fc8"}, "network"),
        ({"network": "gone.nir"}, "network"),
    ],
)
def test_what_the_plan_refuses_names_its_argument_too(arrays, tmp_path, monkeypatch, options, place):
    x, y, _ = arrays
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        hwsearch.search(x, y, **QUICK | options)
    assert [fault.where for fault in caught.value.faults] == [place]
    assert not [path for path in tmp_path.rglob("*") if path.name != "runs"]


def test_a_setting_is_said_once(arrays):
    x, y, _ = arrays
    with pytest.raises(InputError, match=r"within: pick\.within may be said once"):
        hwsearch.search(x, y, **QUICK, pick={"within": 0.1})


def test_a_test_part_needs_samples_and_classes(arrays):
    x, y, _ = arrays
    with pytest.raises(InputError, match="y_test: a test part needs both x_test and y_test"):
        hwsearch.search(x, y, x_test=x, **QUICK)
    with pytest.raises(InputError, match="x_test: it must be like x but for the number of samples"):
        hwsearch.search(x, y, x_test=x[:, 1:], y_test=y, **QUICK)


def test_the_public_name_is_a_function_and_a_package():
    import hwsearch.search.run

    assert callable(hwsearch.search)
    assert hwsearch.search.run.search is not None


def test_a_run_of_data_that_have_changed_since_is_neither_answered_nor_mixed(found, tmp_path):
    changed = tmp_path / "changed"
    shutil.copytree(found.folder.path, changed)
    with np.load(changed / "data.npz") as file:
        arrays = {name: file[name] for name in file.files}
    np.savez(changed / "data.npz", **{**arrays, "x": arrays["x"] * 2})
    with pytest.raises(InputError, match="samples: a run must go on with what it was begun with"):
        hwsearch.run(changed / "study.yaml", out=changed)


@pytest.mark.slow
def test_a_network_of_another_framework_in_memory_is_searched_and_kept(arrays, tmp_path):
    x, y, group = arrays
    options = {**QUICK, "groups": group, "out": tmp_path / "run", "within": "50%", "search": {"worth": 0.6}}
    graphs = [chain(fc(16, 8), lif(16, gain=gain), fc(3, 16), shape=[8], classes=3) for gain in (1.0, 2.0)]
    result = hwsearch.search(x, y, **options | {"network": graphs[0]})
    assert result.study.network.nir.file == "network.nir"
    assert hwsearch.search(x, y, **options | {"network": graphs[0]}).front.equals(result.front)
    with pytest.raises(InputError, match="network: a run folder holds the run of one network"):
        hwsearch.search(x, y, **options | {"network": graphs[1]})
    result.export(to=tmp_path / "model")
