"""``hwsearch data ...``: what it prints, and how it refuses."""

import subprocess
import sys

from typer.testing import CliRunner

from hwsearch.cli import app


def test_leave_out_prints_each_fold_and_the_mean(tmp_path, tiny_text):
    study = tmp_path / "study.yaml"
    study.write_text(tiny_text.replace("train_size: 400", "train_size: 60, validation: 0.4"))
    done = CliRunner().invoke(
        app, ["data", "leave-out", str(study), "--out", str(tmp_path / "out"), "--folds", "2"]
    )
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert [line.partition(":")[0] for line in lines[:2]] == ["fold 1", "fold 2"]
    assert lines[2].startswith("mean ")
    assert lines[3] == str(tmp_path / "out" / "leave_out.csv")


def test_a_refusal_names_the_law_and_ends_with_2(tiny, tmp_path):
    command = [
        sys.executable,
        "-m",
        "hwsearch",
        "data",
        "leave-out",
        str(tiny),
        "--out",
        str(tmp_path / "out"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "needs at least three groups; got 0 groups" in done.stderr
