"""A stranger's path, from an empty folder to a verified export: each way in, through the real command line."""

import json
import re
import resource
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from builders.machines import write_csv, write_npz

pytestmark = pytest.mark.slow
_MOST_S = 300
"""What each path may take of one processor, whatever else the machine is busy with."""
BY_HAND = """\
name: line
data: {csv: line.csv, label: state, group: run, time: time, window: 16}
network: {layers: r32, batch_norm: true}
space: {sparsity: [0, 0.5, 0.8, 0.9], granularity: [weight, channel], weight_bits: [2, 4, 8], timesteps: [8]}
device: {profile: nrf52840, budgets: {memory_bytes: 8 KiB}}
train: {dense_epochs: 30, epochs: 20, batch_size: 32, dense_learning_rate: 0.01, learning_rate: 0.01}
search: {candidates: 16}
final: {seeds: 2}
pick: {within: 5%}
"""
README = Path(__file__).parents[1] / "README.md"
_SECTION = README.read_text(encoding="utf-8").partition("## Your own data\n")[2].partition("\n## ")[0]
LINES, SCRIPT = (re.search(rf"```{kind}\n(.*?)```", _SECTION, re.S)[1] for kind in ("sh", "python"))


def processor_s():
    """Return the seconds that processes of this one have taken so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def follow(folder, *lines):
    """Run commands in a folder; return what each printed, and hold the time."""
    start, printed = processor_s(), []
    for line in lines:
        words = ["-c", line] if line == SCRIPT else ["-m", *shlex.split(line)]
        command = [sys.executable, *words]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        printed.append(done.stdout)
    assert processor_s() - start < _MOST_S
    return printed


def trained_well(folder, name):
    summary = json.loads((folder / "runs" / name / "summary.json").read_text())
    assert summary["dense"]["accuracy_test"] > 0.8  # of three states
    assert summary["pick"]["memory_bytes"] < summary["dense"]["memory_bytes"] / 2


def test_the_readmes_lines_on_a_csv_of_sensors(tmp_path):
    write_csv(tmp_path / "line.csv")
    *_, verified = follow(tmp_path, *LINES.splitlines())
    assert "FAIL" not in verified
    trained_well(tmp_path, "line")


def test_an_npz_of_windows(tmp_path):
    write_npz(tmp_path / "windows.npz")
    *_, verified = follow(
        tmp_path,
        "hwsearch init --data windows.npz --axes NTC --device nrf52840 --within 5%",
        "hwsearch data check windows.yaml",
        "hwsearch run windows.yaml",
        "hwsearch export runs/windows --to model",
        "hwsearch verify model",
    )
    assert "FAIL" not in verified
    trained_well(tmp_path, "windows")


def test_ten_lines_by_hand(tmp_path):
    write_csv(tmp_path / "line.csv")
    (tmp_path / "line.yaml").write_text(BY_HAND)
    assert len(BY_HAND.splitlines()) <= 10
    *_, verified = follow(
        tmp_path,
        "hwsearch data check line.yaml",
        "hwsearch run line.yaml",
        "hwsearch export runs/line --to model",
        "hwsearch verify model",
    )
    assert "FAIL" not in verified
    trained_well(tmp_path, "line")


def test_the_readmes_script_on_arrays(tmp_path):
    # of half as many runs a split may leave nothing that can be picked
    write_npz(tmp_path / "windows.npz", n_runs=48)
    _, verified = follow(tmp_path, SCRIPT, "hwsearch verify model")
    assert "FAIL" not in verified
    trained_well(tmp_path, "windows")
