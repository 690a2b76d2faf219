"""``hwsearch stress`` as it is typed."""

import shutil
import signal
import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

import hwsearch
from hwsearch.cli import app
from hwsearch.errors import InputError

QUICK = ["--seeds", "1", "--samples", "40", "--only", "noise", "--only", "jitter"]


def test_it_says_what_was_measured_and_where_it_lies(finished, tmp_path):
    run = shutil.copytree(finished, tmp_path / "run")
    done = CliRunner().invoke(app, ["stress", str(run), *QUICK])
    trial = hwsearch.load_run(run).summary["pick"]["trial"]
    assert done.exit_code == 0, done.output
    assert "Integer models on 40 samples of the test split" in done.stdout
    assert f"Trial {trial} has" in done.stdout
    assert "Time jitter is not asked: inputs are still images" in done.stdout
    assert f"{run}: stress.csv, stress.png" in done.stdout
    assert "dense: input noise (1 of 2)" in done.stderr


def test_faults_are_told_at_once(finished):
    done = CliRunner().invoke(app, ["stress", str(finished), "--split", "all", "--only", "heat"])
    assert isinstance(done.exception, InputError)
    assert [fault.where for fault in done.exception.faults] == ["--split", "--only"]


@pytest.mark.slow
def test_an_interrupt_leaves_nothing_half_written(finished, tmp_path):
    run = shutil.copytree(finished, tmp_path / "run")
    before = sorted(path.name for path in run.iterdir())
    command = [sys.executable, "-m", "hwsearch", "stress", run, "--seeds", "100"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert "dense: input noise" in process.stderr.readline()
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert process.returncode == 3
    assert said.splitlines()[-1].startswith("error: interrupted")
    assert sorted(path.name for path in run.iterdir()) == before
