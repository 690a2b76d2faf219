"""Two networks and two widths of membranes to choose from: searched, picked, exported and verified."""

import json
import shutil
import subprocess
import sys

import pandas as pd
import pytest

from hwsearch import api
from hwsearch.errors import InputError
from hwsearch.export.bundle import verify
from hwsearch.export.weights import read_weights

STUDY = """
name: choices
seed: 0
data: {name: digits, train_size: 400}
network: {layers: [fc24-fc16, fc32], batch_norm: true}
space: {sparsity: [0.5], granularity: [channel], weight_bits: [8], timesteps: [2], state_bits: [8, 16]}
device: {profile: nrf52840, budgets: {memory_bytes: 64 KiB}}
train: {dense_epochs: 6, epochs: 3, batch_size: 16, dense_learning_rate: 0.01, learning_rate: 0.01}
search: {sampler: grid, candidates: 4, batch: 4, worth: 99%}
final: {seeds: 1}
pick: {within: 99%}
"""


def hwsearch(*args):
    command = [sys.executable, "-m", "hwsearch", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return the folder of the finished run; beside it lies its study."""
    folder = tmp_path_factory.mktemp("choices")
    (folder / "study.yaml").write_text(STUDY)
    api.run(folder / "study.yaml", out=folder / "run")
    return folder / "run"


@pytest.mark.slow
def test_every_network_and_width_is_tried_and_every_dense_reference_counted(run):
    trials, summary = pd.read_csv(run / "trials.csv"), json.loads((run / "summary.json").read_text())
    tried = set(zip(trials["network"], trials["state_bits"], strict=True))
    assert tried == {("fc24-fc16", 8), ("fc24-fc16", 16), ("fc32", 8), ("fc32", 16)}
    assert list(trials.columns)[-2:] == ["state_bits", "network"]
    # a membrane of 8 bits takes half as much as one of 16, readouts' accumulators aside
    of_first = trials[trials["network"] == "fc32"].set_index("state_bits")["state_bytes_predicted"]
    assert of_first[16] - of_first[8] == 16  # 16 of 32 neurons are left
    cost, samples = summary["cost"], summary["samples"]["train"]
    one_dense = 6 * samples * 2
    assert cost["dense_train_steps"] == one_dense
    assert cost["train_steps"] == trials["train_steps"].sum() + 2 * one_dense + cost["final_train_steps"]
    assert [row["network"] for row in summary["references"]] == ["fc24-fc16", "fc32"]
    best = max(summary["references"], key=lambda row: row["accuracy_val"])
    assert summary["dense"] == best


@pytest.mark.slow
def test_the_pick_is_shown_exported_and_verified(run, tmp_path):
    picked = json.loads((run / "summary.json").read_text())["pick"]
    shown = hwsearch("front", run).stdout
    assert "membranes" in shown
    assert picked["network"] in shown
    said = hwsearch("pick", run).stdout
    assert f"pick: trial {picked['trial']} " in said
    assert f"membranes of {picked['state_bits']} bits, network {picked['network']})" in said
    exported = hwsearch("export", run, "--to", tmp_path / "model")
    assert exported.returncode == 0, exported.stderr
    verified = hwsearch("verify", tmp_path / "model")
    assert verified.returncode == 0, verified.stdout
    assert "FAIL" not in verified.stdout


@pytest.mark.slow
def test_every_trained_trial_is_exported_with_its_own_network_and_width(run, tmp_path):
    result = api.load_run(run)
    trained = result.trials.query("outcome == 'trained'")
    assert len(trained) >= 3
    for row in trained.itertuples():
        model = result.export(row.trial, to=tmp_path / f"model{row.trial}")
        assert all(check.passed for check in verify(model))
        network, _ = read_weights(model / "weights.safetensors")
        assert network.state_bits == row.state_bits
        assert len(network.populations) == row.network.count("fc") + 1
        config = (model / "config.yaml").read_text()
        assert f"  network: {row.network}\n" in config
        assert f"  state_bits: {row.state_bits}\n" in config
    elsewhere = result.front_on("stm32l4r5").front
    assert set(elsewhere["network"]) <= {"fc24-fc16", "fc32"}
    page = result.report().read_text()
    assert "Dense networks to choose from: fc24-fc16" in page
    assert "Membrane bits" in page


@pytest.mark.slow
def test_the_same_line_again_gives_the_same_files_and_a_lost_cache_the_same_networks(run, tmp_path):
    before = {name: (run / name).read_bytes() for name in ("trials.csv", "front.csv")}
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    (copy / "summary.json").unlink()
    api.run(run.parent / "study.yaml", out=copy)
    assert {name: (copy / name).read_bytes() for name in before} == before
    for path in (copy / "cache").iterdir():
        path.unlink()
    result = api.load_run(copy)
    last = result.trials.query("outcome == 'trained'").groupby("network")["trial"].last()
    for trial in last:  # a network that is trained again must be the one that was recorded
        assert all(check.passed for check in verify(result.export(trial, to=tmp_path / f"model{trial}")))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[fc24-fc16, fc32]", "[fc24-fc16, fc8-4c3]", "network.layers.1: '4c3' (token 2)"),
        ("[fc24-fc16, fc32]", "[fc32, fc32]", "network.layers: a list may not repeat a value"),
        ("[fc24-fc16, fc32]", "[]", "network.layers: a list may not be empty"),
        ("[fc24-fc16, fc32]", "[fc24-fc16, 4c3-p9-fc8]", "network.layers.1: "),
        ("[fc24-fc16, fc32]", "[fc24-fc16, 8]", "network.layers.1: must be a valid string; got 8"),
        ("state_bits: [8, 16]", "state_bits: [3]", "space.state_bits.0: state_bits must lie in 4 .. 32; got 3"),
        ("state_bits: [8, 16]", "state_bits: [12]", "space.state_bits: at least one state_bits must be one that"),
        ("state_bits: [8, 16]", "state_bits: []", "space.state_bits: a list may not be empty"),
        ("timesteps: [2]", "timesteps: [2], per_layer: true", "network.layers.1: where layers have knobs of their own"),
        ("[channel]", "[kernel]", "space.granularity: at least one granularity must apply"),
    ],
)  # fmt: skip
def test_what_cannot_be_chosen_is_refused_with_its_place_and_law(tmp_path, old, new, said):
    path = tmp_path / "study.yaml"
    assert old in STUDY
    path.write_text(STUDY.replace(old, new))
    with pytest.raises(InputError) as refused:
        api.run(path, out=tmp_path / "run")
    assert said in str(refused.value)
    assert str(path) in str(refused.value)
    assert not (tmp_path / "run").exists()


def test_finders_are_compared_on_one_network(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(STUDY)
    with pytest.raises(InputError, match="finders are compared on one network; got fc24-fc16, fc32"):
        api.compare_finders(path, out=tmp_path / "run")
