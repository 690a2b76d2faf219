"""``hwsearch retrain`` as it is typed."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from typer.testing import CliRunner

import hwsearch
from hwsearch.cli import app
from hwsearch.errors import InputError


@pytest.fixture
def model(finished, tmp_path):
    return hwsearch.load_run(finished).export(to=tmp_path / "model")


def test_it_says_what_was_regained_and_where_it_lies(model, tmp_path):
    digits = load_digits()
    np.savez(
        tmp_path / "now.npz", x=(digits.images[:600, None] // 2 + 4).astype(np.uint8), y=digits.target[:600]
    )
    line = ["retrain", str(model), "--data", str(tmp_path / "now.npz"), "--epochs", "2"]
    done = CliRunner().invoke(app, [*line, "--to", str(tmp_path / "new")])
    assert done.exit_code == 0, done.output
    assert "Doing nothing: accuracy" in done.stdout
    assert "chosen on validation" in done.stdout
    assert "by estimate, not measured" in done.stdout
    assert "times as many." in done.stdout
    assert f"{tmp_path / 'new'}: check.safetensors, config.yaml, manifest.json" in done.stdout
    assert "epoch 2 of 2" in done.stderr
    assert CliRunner().invoke(app, ["verify", str(tmp_path / "new")]).exit_code == 0


def test_faults_are_told_at_once(model, tmp_path):
    line = ["retrain", str(model), "--data", str(tmp_path), "--epochs", "0", "--seed", "-1"]
    done = CliRunner().invoke(app, line)
    assert isinstance(done.exception, InputError)
    assert [fault.where for fault in done.exception.faults] == ["--epochs", "--seed"]
