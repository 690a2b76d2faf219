"""``hwsearch compare``: two runs or more, a column each."""

import shutil

from typer.testing import CliRunner

from hwsearch.cli import app
from hwsearch.errors import InputError


def test_a_column_for_each_run(finished, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(finished, other)
    study = (other / "study.yaml").read_text()
    assert "seed: 0\n" in study
    (other / "study.yaml").write_text(study.replace("seed: 0\n", "seed: 1\n"))
    done = CliRunner().invoke(app, ["compare", str(finished), str(other)])
    assert done.exit_code == 0, done.output
    lines = {line.split("  ")[0]: line.split()[1:] for line in done.output.splitlines()}
    assert lines["study"] == ["tiny", "tiny"]
    assert lines["seed"] == ["0", "1"]


def test_one_run_is_none_to_compare(finished):
    error = CliRunner().invoke(app, ["compare", str(finished)]).exception
    assert isinstance(error, InputError)
    assert "two runs or more are compared; got one (name another folder)" in str(error)
