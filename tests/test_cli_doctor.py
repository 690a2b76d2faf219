"""``hwsearch doctor``: a line a part, or JSON."""

import json

from typer.testing import CliRunner

from hwsearch.cli import app


def answer(*arguments, **environment):
    done = CliRunner().invoke(app, ["doctor", *arguments], env=environment)
    assert done.exit_code == 0, done.output
    return done.output


def test_a_line_for_each_part(tmp_path):
    (tmp_path / "mnist").mkdir()
    lines = answer("--data-root", str(tmp_path)).splitlines()
    assert lines[0].split()[:2] == ["ok", "Python"]
    (mnist,) = [line for line in lines if "data set mnist" in line]
    assert mnist.startswith("ok ")
    assert mnist.endswith(str(tmp_path / "mnist"))


def test_as_json_by_the_environment_s_folder(tmp_path):
    (tmp_path / "fsdd").mkdir()
    parts = {part["name"]: part for part in json.loads(answer("--json", HWSEARCH_DATA=str(tmp_path)))}
    assert parts["data set fsdd"]["found"] == str(tmp_path / "fsdd")
    assert parts["data set mnist"]["cost"]
