"""``hwsearch init``: answers as options or on a terminal, a study that loads and maps, and no file overwritten."""

import pytest
from builders.machines import write_csv, write_npz
from typer.testing import CliRunner

from hwsearch import cli_init
from hwsearch.cli import app
from hwsearch.errors import InputError
from hwsearch.plan.plan import make_plan
from hwsearch.study.model import load_study


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def answer(line, answers=None):
    """Run ``hwsearch init``; answers: a terminal's."""
    done = CliRunner().invoke(app, ["init", *line.split()], input=answers)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def told(line):
    with pytest.raises(InputError) as caught:
        answer(line)
    return [str(fault) for fault in caught.value.faults]


def test_a_table_becomes_a_study_that_loads_and_maps(tmp_path):
    write_csv(tmp_path / "line.csv", n_runs=18, rows=128)
    printed = answer(
        "--data line.csv --device nrf52840 --budget memory_bytes=8KiB --within 2% --to mine/line.yaml"
    )
    assert "hwsearch run mine/line.yaml" in printed
    study = load_study(tmp_path / "mine" / "line.yaml")
    assert (study.name, study.data.label, study.data.group, study.data.time) == (
        "line",
        "state",
        "run",
        "time",
    )
    assert study.data.window == 16
    assert study.network.layers == "r32-fc16"
    assert study.device.budgets == {"memory_bytes": 8192}
    assert study.pick.within == 0.02
    plan = make_plan(study, tmp_path / "mine" / "line.yaml")
    assert plan.data.frames == 16
    assert plan.data.classes == 3
    text = (tmp_path / "mine" / "line.yaml").read_text()
    assert "3 classes: good, idle, worn" in text
    assert "18 groups, each whole in one part" in text


def test_an_npz_beside_the_study_is_named_relative_to_it(tmp_path):
    write_npz(tmp_path / "windows.npz", n_runs=18, rows=128)
    answer("--data windows.npz --axes NTC --to windows.yaml")
    text = (tmp_path / "windows.yaml").read_text()
    assert "npz: windows.npz" in text
    assert "root:" not in text
    assert load_study(tmp_path / "windows.yaml").device.profile == "nrf52840"


def test_nothing_is_overwritten(tmp_path):
    write_csv(tmp_path / "line.csv", n_runs=18, rows=128)
    (tmp_path / "line.yaml").write_text("mine")
    (law,) = told("--data line.csv")
    assert law.startswith("--to: a first study needs a file that is not there yet")
    assert (tmp_path / "line.yaml").read_text() == "mine"
    assert told("--data line.csv --to line.txt") == ["--to: a study's file must end in .yaml; got line.txt"]


def test_without_a_terminal_what_is_missing_is_told_with_what_there_is(tmp_path):
    assert told("") == ["--data: there must be data (add --data PATH)"]
    (tmp_path / "a.csv").write_text("p,q\n" + "1,0\n2,1\n" * 20)
    (fault,) = told("--data a.csv")
    assert fault == "--label: the label must be named (it has p (2 values: 1, 2); q (2 values: 0, 1))"


def test_wrong_answers_are_told_by_their_options(tmp_path):
    write_csv(tmp_path / "line.csv", n_runs=18, rows=128)
    (fault,) = told("--data line.csv --label stat")
    assert fault.startswith("--label: the label must be in the file; got 'stat' (did you mean 'state'?")
    assert told("--data line.csv --device nrf5284")[0].startswith("--device: a hardware profile must exist")
    assert told("--data line.csv --budget memory_bytes")[0].startswith(
        "--budget: a budget must be NAME=LIMIT"
    )
    assert told("--data line.csv --budget memory_byte=3")[0].startswith(
        "--budget.memory_byte: a budget must be one of"
    )
    assert told("--data line.csv --within 1")[0].startswith(
        "--within: an accuracy or its loss must lie in [0, 1]"
    )
    assert not (tmp_path / "line.yaml").exists()


def test_on_a_terminal_each_answer_is_asked_for(tmp_path, monkeypatch):
    write_csv(tmp_path / "line.csv", n_runs=18, rows=128)
    monkeypatch.setattr(cli_init, "_asks", lambda: True)
    # data, label, group, time, window, a device that is no device, a device, tolerance, file
    answers = (
        "\n".join(["line.csv", "", "run", "none", "8", "nrf5284", "nrf52840", "3%", "first.yaml"]) + "\n"
    )
    printed = answer("", answers)
    assert "state: 3 values: good, idle, worn" in printed
    assert "did you mean 'nrf52840'?" in printed
    study = load_study(tmp_path / "first.yaml")
    assert (study.data.time, study.data.window, study.pick.within) == (None, 8, 0.03)
