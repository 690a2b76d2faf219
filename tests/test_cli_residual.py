"""A residual network of 12 layers with weights by the command line: searched, picked, exported and verified."""

import json
import subprocess
import sys

import pytest

from hwsearch.export.weights import read_weights

STUDY = """
name: residual
seed: 0
data: {name: digits, train_size: 500}
network:
  layers: 4c3s2-res(4c3-4c3)-res(4c3-4c3)-res(8c3s2-8c3)-res(8c3-8c3)-res(8c3-8c3)-gap
  batch_norm: true
space: {sparsity: [0.0, 0.3], granularity: [channel], weight_bits: [8], timesteps: [2]}
device: {profile: nrf52840, budgets: {memory_bytes: 64 KiB}}
train: {dense_epochs: 4, epochs: 2, batch_size: 16, dense_learning_rate: 0.01, learning_rate: 0.01, loss_gain: 4}
search: {sampler: grid, candidates: 2, batch: 2, worth: 99%}
final: {seeds: 1}
pick: {within: 99%}
"""


def hwsearch(*args):
    command = [sys.executable, "-m", "hwsearch", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.slow
def test_a_residual_network_of_12_layers_is_searched_picked_exported_and_verified(tmp_path):
    study, run, model = tmp_path / "study.yaml", tmp_path / "run", tmp_path / "model"
    study.write_text(STUDY)
    done = hwsearch("run", study, "--out", run)
    assert done.returncode == 0, done.stderr
    summary = json.loads((run / "summary.json").read_text())
    assert summary["counts"]["trained"] == 2
    trial = f"trial {summary['pick']['trial']} "
    assert "memory B" in hwsearch("front", run).stdout
    assert f"pick: {trial}" in hwsearch("pick", run).stdout
    exported = hwsearch("export", run, "--to", model)
    assert exported.returncode == 0, exported.stderr
    verified = hwsearch("verify", model)
    assert verified.returncode == 0, verified.stdout
    assert "FAIL" not in verified.stdout
    assert "ok   membranes: 12 populations" in verified.stdout
    network, _ = read_weights(model / "weights.safetensors")
    names = [connection.shape.name for connection in network.connections]
    assert names[-1] == "readout"
    assert len([name for name in names if not name.endswith(".skip")]) == 12
    assert len([name for name in names if name.endswith(".skip")]) == 5
