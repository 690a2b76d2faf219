"""What a newcomer gets wrong on the first day: each is answered with what to do next.

| mistake | answer |
|---|---|
| a study's name with a letter missing | the nearest name, all names, and that a path ends in .yaml |
| the folder above the run's | that a run folder holds a study.yaml, and that `hwsearch run` writes it |
| an unknown device | the line of the study, the nearest device, all devices |
| `within: 1` | both readings, with how to write each |
| a budget in a unit that there is not | how sizes are written |
| no data | the three places that name their folder |
| an old Python | pip refuses to install, and says which are allowed |
| no compiler | it runs, says what that costs, and `doctor` what to install |
| an export into a folder with other files | which, and that another folder is needed |
| a pick of a run that was stopped | that it goes on with the line that started it |
"""

import shutil
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hwsearch.cli import app
from hwsearch.errors import ExitCode, HwsearchError
from hwsearch.native import build

ROOT = Path(__file__).parents[1]


def refused(*line, code=ExitCode.WRONG_INPUT):
    """Return the message that a command line is refused with."""
    done = CliRunner().invoke(app, [str(each) for each in line])
    assert isinstance(done.exception, HwsearchError), (done.output, done.exception)
    assert done.exception.exit_code == code
    return str(done.exception)


@pytest.fixture
def changed(tiny_text, tmp_path):
    """Return the path of a study with something replaced."""

    def write(old, new):
        assert old in tiny_text
        (tmp_path / "study.yaml").write_text(tiny_text.replace(old, new))
        return tmp_path / "study.yaml"

    return write


def test_a_study_s_name_with_a_letter_missing():
    said = refused("run", "digit_mcu")
    assert "did you mean 'digits_mcu'?" in said
    assert "or a path that ends in .yaml" in said


def test_the_folder_above_the_run_s(finished):
    said = refused("front", finished.parent)
    assert "a run folder must hold a study.yaml" in said
    assert "give the folder that hwsearch run wrote" in said


def test_an_unknown_device(changed):
    study = changed("nrf51822_microbit", "nrf5284")
    said = refused("run", study)
    line = 1 + study.read_text().splitlines().index(
        "device: {profile: nrf5284, budgets: {memory_bytes: 3000}}"
    )
    assert f"{study}:{line}: device.profile" in said
    assert "did you mean 'nrf52840'?" in said
    assert "xylo_audio2" in said


def test_a_tolerance_of_one(changed):
    said = refused("run", changed("within: 0.2", "within: 1"))
    assert "pick.within" in said
    assert "1 could mean 1 % (write 1% or 0.01) or 100 % (write 100%)" in said


def test_a_budget_in_a_unit_that_there_is_not(changed):
    said = refused("run", changed("memory_bytes: 3000", "memory_bytes: 16KX"))
    assert "device.budgets.memory_bytes" in said
    assert "KiB" in said


def test_no_data(changed, monkeypatch):
    monkeypatch.delenv("HWSEARCH_DATA", raising=False)
    said = refused("run", changed("data: {name: digits, train_size: 400}", "data: {name: mnist}"))
    assert "a folder that holds mnist/ must be named" in said
    assert "set data.root in the study, --data-root on the command line, or HWSEARCH_DATA" in said


def test_an_old_python():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == ">=3.11,<3.14"  # pip refuses others, with this
    assert "Python 3.11 to 3.13" in (ROOT / "README.md").read_text()


def test_no_compiler(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert "there is no C compiler (cc, gcc, clang)" in str(build.built())
    said = CliRunner().invoke(app, ["doctor"]).output
    assert "missing  verify --format c       exported C is not built and compared here (install gcc)" in said


def test_an_export_into_a_folder_with_other_files(finished, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    said = refused("export", finished, "--to", tmp_path)
    assert "got a folder with other files: notes.txt (choose another)" in said
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_pick_of_a_run_that_was_stopped(tiny, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    shutil.copy(tiny, run / "study.yaml")
    said = refused("pick", run, code=ExitCode.UNFINISHED)
    assert "the line that started it goes on where it stopped" in said
