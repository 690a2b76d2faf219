"""``hwsearch watch``: a run of another process, until it has ended."""

from typer.testing import CliRunner

from hwsearch.cli import app
from hwsearch.errors import InputError


def test_a_run_that_has_ended_is_told_at_once(finished):
    done = CliRunner().invoke(app, ["watch", str(finished)])
    assert done.exit_code == 0
    assert "candidates 24/24: front of " in done.output
    assert done.output.endswith(f"{finished}: ended; hwsearch front {finished} shows what it found\n")


def test_a_folder_without_a_run_is_refused(tmp_path):
    assert isinstance(CliRunner().invoke(app, ["watch", str(tmp_path)]).exception, InputError)
