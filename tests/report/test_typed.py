"""How a page names the run's folder in commands: one argument of a shell, and no path of this machine."""

import shlex

import pytest

from hwsearch.report.typed import typed_folder, typed_where


def test_below_the_working_directory_it_is_the_way_from_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert typed_folder(tmp_path / "runs" / "digits") == "runs/digits"
    assert (
        typed_where(tmp_path / "runs" / "digits") == "Commands are for the folder in which runs/digits lies."
    )


def test_elsewhere_and_inside_it_is_the_name_alone(tmp_path, monkeypatch):
    run = tmp_path / "runs" / "digits"
    run.mkdir(parents=True)
    (tmp_path / "other").mkdir()
    for here in (run, tmp_path / "other", "/"):
        monkeypatch.chdir(here)
        assert typed_folder(run) == "digits"


@pytest.mark.parametrize("name", ["digits", "my run", "it's <b>; rm -r ~", "$(x)", "-rf", "日本"])
def test_it_is_one_argument_and_no_option(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (argument,) = shlex.split(typed_folder(tmp_path / name))
    assert argument.removeprefix("./") == name
    assert not argument.startswith("-")
