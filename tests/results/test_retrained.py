"""An export trained on: a new export in the same place of memory, that says which it came from."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from builders.exports import config_of, manifest_of
from sklearn.datasets import load_digits

import hwsearch
from hwsearch.errors import InputError
from hwsearch.export.bundle import verify
from hwsearch.export.checks import sha256
from hwsearch.export.memory_map import memory_map, moved
from hwsearch.export.weights import packing_of, read_weights
from hwsearch.network.store import network_digest
from hwsearch.results.retrained import RetrainAsked, retrain_export
from hwsearch.results.stressed import StressAsked, stress_export


@pytest.fixture(scope="module")
def model(finished, tmp_path_factory):
    return hwsearch.load_run(finished).export(to=tmp_path_factory.mktemp("exports") / "model")


def drifted(path, n=700, **arrays):
    """Write digits of which each pixel lost contrast and has an offset of its own."""
    digits, rng = load_digits(), np.random.default_rng(0)
    x = digits.images[:n, None]
    x = np.rint(x * rng.uniform(0.5, 1.0, x.shape[1:]) + rng.uniform(0, 6, x.shape[1:])).clip(0, 16)
    np.savez(path, **({"x": x.astype(np.uint8), "y": digits.target[:n]} | arrays))
    return path


@pytest.fixture(scope="module")
def new(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("retrained")
    asked = RetrainAsked(drifted(folder / "now.npz"), epochs=4)
    return retrain_export(model, folder / "new", asked)


def weights(folder):
    return folder / "weights.safetensors"


def test_the_new_export_verifies_and_is_better(new):
    assert [check.name for check in verify(new.folder) if not check.passed] == []
    assert new.result.after.score_test > new.result.before.score_test


def test_bytes_masks_formats_and_state_stay(model, new):
    (old, _), (young, _) = read_weights(weights(model)), read_weights(weights(new.folder))
    assert packing_of(weights(new.folder)) == packing_of(weights(model))
    assert moved(*(memory_map(each, *packing_of(weights(model))) for each in (old, young))) == ""
    for before, after in zip(old.connections, young.connections, strict=True):
        assert np.array_equal(before.weight != 0, after.weight != 0)
    assert network_digest(old) != network_digest(young)
    numbers = [config_of(folder)["measured"] for folder in (model, new.folder)]
    for name in ("packed_bytes", "weight_bytes", "bias_bytes", "state_bytes", "memory_bytes"):
        assert numbers[0][name] == numbers[1][name]


def test_it_says_which_it_came_from_and_what_it_cost(model, new):
    config = config_of(new.folder)
    said, parent = config["retrained"], config_of(model)
    assert said["parent"] == {
        "manifest_sha256": sha256(model / "manifest.json"),
        "network_digest": manifest_of(model)["identity"]["network_digest"],
        "study_digest": parent["study_digest"],
    }
    assert said["train_steps"] == new.result.train_steps == 4 * 300 * config["candidate"]["timesteps"]
    assert config["search_train_steps"] == new.spent.search_train_steps == parent["search_train_steps"]
    assert config["study"]["data"]["npz"] == "now.npz"
    assert config["study"]["data"]["root"] is None
    assert config["measured"]["accuracy_test"] == new.result.after.test.accuracy
    same = ("candidate", "trial", "profile_digest", "encoding")
    assert {name: config[name] for name in same} == {name: parent[name] for name in same}


def test_what_the_search_cost_is_that_of_its_summary(finished, model):
    cost = json.loads((finished / "summary.json").read_text())["cost"]
    assert config_of(model)["search_train_steps"] == cost["train_steps"] + cost.get("reused_train_steps", 0)


def test_the_same_seed_gives_the_same_files_and_it_may_be_trained_on_again(new, model, tmp_path):
    asked = RetrainAsked(drifted(tmp_path / "now.npz"), epochs=4)
    again = retrain_export(model, tmp_path / "again", asked)
    for path in sorted(new.folder.iterdir()):
        assert (again.folder / path.name).read_bytes() == path.read_bytes(), path.name
    more = RetrainAsked(drifted(tmp_path / "later.npz", 900), epochs=1, seed=5)
    third = retrain_export(again.folder, tmp_path / "third", more)
    assert third.study.seed == 5
    if third.folder is not None:
        assert config_of(third.folder)["retrained"]["parent"]["manifest_sha256"] == sha256(
            again.folder / "manifest.json"
        )


def test_a_c_library_is_written_again_where_there_was_one(finished, tmp_path):
    model = hwsearch.load_run(finished).export(to=tmp_path / "model", formats=["config", "weights", "c"])
    asked = RetrainAsked(drifted(tmp_path / "now.npz"), epochs=2)
    new = retrain_export(model, tmp_path / "new", asked)
    assert manifest_of(new.folder)["files"].keys() == manifest_of(model)["files"].keys()
    assert all(check.passed for check in verify(new.folder))


def test_stress_reads_the_new_data_as_the_model_does(new, tmp_path):
    asked = StressAsked(seeds=1, samples=10_000, kinds=("coarser",))
    rows = stress_export(new.folder, tmp_path / "stress", asked, lambda text: None, new.folder.parent)
    found = next(row for row in rows if row.kind == "undisturbed")
    assert found.accuracy == pytest.approx(new.result.after.test.accuracy)


def test_where_nothing_is_gained_nothing_is_written(new, tmp_path):
    parent = tmp_path / "parent"
    shutil.copytree(new.folder, parent)
    asked = RetrainAsked(drifted(tmp_path / "now.npz"), epochs=1)
    study = replace(asked, seed=1)
    found = retrain_export(parent, tmp_path / "to", study)
    assert (found.folder is None) == (found.result.network is None)
    assert (tmp_path / "to").exists() == (found.folder is not None)


def test_data_that_do_not_suit_are_refused_before_anything_is_trained(model, tmp_path):
    x = np.zeros((90, 1, 8, 9), np.uint8)
    x[0] = 40
    path = drifted(tmp_path / "now.npz", x=x, y=np.arange(90) % 9)
    with pytest.raises(InputError) as caught:
        retrain_export(model, tmp_path / "new", RetrainAsked(path))
    assert [fault.where for fault in caught.value.faults] == ["--data"] * 3
    assert not (tmp_path / "new").exists()


def test_all_that_cannot_be_asked_is_told_at_once(tmp_path):
    asked = RetrainAsked(tmp_path, epochs=0, seed=-1, core_watts=0.0)
    with pytest.raises(InputError) as caught:
        asked.check()
    assert [fault.where for fault in caught.value.faults] == ["--epochs", "--seed", "--core-watts"]


def test_a_model_is_not_written_over_itself(model, tmp_path):
    with pytest.raises(InputError, match="--to: the model that is trained on stays as it is"):
        retrain_export(model, model, RetrainAsked(drifted(tmp_path / "now.npz")))
