"""The command line as a user meets it: what it prints and how it exits."""

import importlib.metadata
import json
import re
import shutil
import signal
import subprocess
import sys
from typing import get_args, get_type_hints

import pytest

from hwsearch.cli import app


def hwsearch(*args, **settings):
    command = [sys.executable, "-m", "hwsearch", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **settings)


def test_help_names_every_command():
    done = hwsearch("--help")
    assert done.returncode == 0
    for command in ("run", "front", "pick", "export", "verify", "report", "profiles"):
        assert command in done.stdout


def test_help_and_profiles_load_nothing_heavy():
    code = (
        "import sys\n"
        "from hwsearch import cli\n"
        "sys.argv = ['hwsearch', *sys.argv[1:]]\n"
        "try:\n"
        "    cli.main()\n"
        "except SystemExit:\n"
        "    pass\n"
        "heavy = {'torch', 'pandas', 'optuna', 'spikingjelly', 'plotly', 'scipy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    for args in (["--help"], ["profiles", "list"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *args], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_profiles_list_show_and_check(tmp_path):
    listed = hwsearch("profiles", "list")
    assert "generic_45nm" in listed.stdout
    assert "nrf51822_microbit" in listed.stdout
    shown = hwsearch("profiles", "show", "nrf51822_microbit")
    assert "16 MHz" in shown.stdout
    assert hwsearch("profiles", "show", "no_such_device").returncode == 2
    broken = tmp_path / "broken.yaml"
    broken.write_text("schema_version: 1\nid: x\nname: 3\ncolour: red\n")
    checked = hwsearch("profiles", "check", broken)
    assert checked.returncode == 2
    assert f"{broken}:3: name" in checked.stderr
    assert f"{broken}:4: colour" in checked.stderr


def test_a_wrong_study_exits_2_with_every_fault_at_once(tmp_path, tiny_text):
    study = tmp_path / "wrong.yaml"
    text = tiny_text.replace("weight_bits: [2, 4, 8]", "weight_bits: [2, 9]").replace(
        "layers: fc24-fc16", "layers: fc24-9c2"
    )
    study.write_text(
        text.replace("final: {seeds: 2}", "final: {seeds: 0}").replace(
            "name: tiny", "name: tiny\ncolour: red"
        )
    )
    done = hwsearch("run", study, cwd=tmp_path)
    assert done.returncode == 2
    lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    text_lines = study.read_text().splitlines()
    for key in ("weight_bits", "network", "final", "colour"):
        number = next(i for i, line in enumerate(text_lines, 1) if key in line)
        assert any(f"{study}:{number}: " in line for line in lines), (key, done.stderr)
    assert "got 9" in done.stderr
    assert not (tmp_path / "runs").exists()


def test_a_missing_file_exits_2(tmp_path):
    done = hwsearch("run", tmp_path / "none.yaml")
    assert done.returncode == 2
    assert "must be readable" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_an_impossible_budget_exits_1(tmp_path, tiny_text):
    study = tmp_path / "study.yaml"
    study.write_text(tiny_text.replace("memory_bytes: 3000", "memory_bytes: 100"))
    done = hwsearch("run", study, "--out", tmp_path / "run", "--workers", "1")
    assert done.returncode == 1
    assert "Nearest miss" in done.stderr
    assert "memory_bytes" in done.stderr
    assert (tmp_path / "run" / "report.html").exists()


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_interrupted_it_exits_3_and_says_that_it_resumes(tmp_path, tiny_text, how):
    study = tmp_path / "study.yaml"
    study.write_text(tiny_text.replace("epochs: 3", "epochs: 400"))
    command = [
        sys.executable,
        "-m",
        "hwsearch",
        "run",
        str(study),
        "--out",
        str(tmp_path / "run"),
        "--workers",
        "1",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in process.stdout:
        if "dense reference 1/1" in line:
            break
    process.send_signal(how)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "the same line goes on" in told
    assert "Traceback" not in told


SWALLOWED = """
import signal, sys, time, weakref
from hwsearch import api, cli

class Dies:
    pass

def caught():
    try:
        signal.raise_signal(signal.SIGNAL)
    except BaseException:
        pass  # as NumPy's C code does

def destroyed():
    dying = Dies()
    weakref.finalize(dying, signal.raise_signal, signal.SIGNAL)
    del dying  # Python says what a callback could not raise

def within_sqlalchemy():
    exec("signal.raise_signal(signal.SIGNAL)", {"signal": signal, "__name__": "sqlalchemy.engine"})
    print("went on to the end of the transaction")

def run(*_, **__):
    WHERE()
    time.sleep(30)
    raise AssertionError("went on")

api.run = run
sys.argv = ["hwsearch", "run", "STUDY"]
cli.main()
"""


@pytest.mark.parametrize("where", ["caught", "destroyed", "within_sqlalchemy"])
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_an_interrupt_that_library_code_cannot_raise_is_heeded_soon(tiny, name, where):
    code = SWALLOWED.replace("SIGNAL", name).replace("STUDY", str(tiny)).replace("WHERE", where)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 3, done.stderr
    assert done.stderr.count("the same line goes on") == 1
    assert "Traceback" not in done.stderr
    assert ("end of the transaction" in done.stdout) == (where == "within_sqlalchemy")


def test_what_a_callback_could_not_raise_is_said_all_the_same():
    code = """
import weakref
from hwsearch import cli
def run():
    what = type("Dies", (), {})()
    weakref.finalize(what, lambda: 1 / 0)
    del what
cli.app = run
cli.main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "ZeroDivisionError" in done.stderr


@pytest.mark.slow
def test_the_way_of_a_user(tmp_path, finished, tiny):
    run = tmp_path / "run"
    shutil.copytree(finished, run)
    again = hwsearch("run", tiny, "--out", run, "--workers", "1")
    assert again.returncode == 0, again.stderr
    assert "pick: trial" in again.stdout
    summary = json.loads((finished / "summary.json").read_text())
    assert f"rank correlation {summary['similarity']['spearman']:.2f}" in again.stdout
    audit = summary["audit"]
    said = f"audit: {audit['continued']} of" if audit["continued"] else "audit: none of"
    assert said in again.stdout
    front = hwsearch("front", run)
    assert "test %" in front.stdout
    other = hwsearch("front", run, "--profile", "generic_45nm").stdout
    assert "evidence" in other
    assert "left out: " in other
    here = hwsearch("front", run, "--profile", "nrf51822_microbit").stdout
    assert here.startswith(front.stdout)
    assert "energy_j on generic_45nm: estimated" in other
    assert "By its profile generic_45nm computes as the integer model does" in other
    picked = hwsearch("pick", run, "--smallest", "--within", "0.5")
    assert "times smaller" in picked.stdout
    assert hwsearch("pick", run, "--min-accuracy", "100%").returncode == 1
    assert hwsearch("pick", run, "--smallest", "--frugal").returncode == 2
    assert hwsearch("export", run, "--to", tmp_path / "model").returncode == 0
    compared = hwsearch("profiles", "compare", tmp_path / "model" / "config.yaml", "loihi1", "generic_45nm")
    assert "simulated, uncalibrated" in compared.stdout, compared.stderr
    assert "loihi1 does not compute as the integer model does" in compared.stdout
    verified = hwsearch("verify", tmp_path / "model")
    assert verified.returncode == 0
    assert "FAIL" not in verified.stdout
    weights = tmp_path / "model" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    damaged = hwsearch("verify", tmp_path / "model")
    assert damaged.returncode == 2
    assert "FAIL" in damaged.stdout
    (run / "report.html").unlink()
    assert hwsearch("report", run).returncode == 0
    assert (run / "report.html").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--within", "1"], '--within: .*got "1" .*1 could mean 1 % .*write 1% or 0.01.* or 100 %'),
        (["--within", "-1%"], '--within: .*must lie in .*got "-1%"'),
        (["--min-score", "95"], "--min-score: .*95 could mean 95 % .*write 95% or 0.95"),
        (["--min-accuracy", "95"], "--min-accuracy: .*95 could mean 95 % .*write 95% or 0.95"),
        (
            ["--within", "1%", "--min-accuracy", "0.9"],
            "at most one of --within, --min-accuracy and --min-score",
        ),
        (["--within", "some"], "--within: .*write a fraction"),
    ],
)
def test_a_tolerance_that_can_be_read_two_ways_is_refused_with_both(tmp_path, options, words):
    done = hwsearch("pick", tmp_path, *options)
    assert done.returncode == 2
    assert re.search(words, done.stderr), done.stderr


def test_a_percentage_picks_what_the_fraction_picks(finished):
    picked = [hwsearch("pick", finished, "--within", text).stdout for text in ("20%", "20 %", "0.2")]
    assert "pick: trial" in picked[0]
    assert len(set(picked)) == 1


def test_a_device_that_is_unknown_is_named_by_its_option(finished):
    done = hwsearch("front", finished, "--profile", "generic_45")
    assert done.returncode == 2
    assert done.stderr.startswith(
        "error: --profile: a hardware profile must exist; got 'generic_45' (did you mean"
    )
    done = hwsearch("profiles", "show", "microbit")
    assert done.stderr.startswith("error: ID: a hardware profile must exist")


def test_a_folder_of_data_is_named_by_its_option(tmp_path, tiny_text):
    study = tmp_path / "study.yaml"
    study.write_text(tiny_text.replace("{name: digits, train_size: 400}", "{name: mnist}"))
    done = hwsearch("run", study, "--data-root", tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: --data-root: the folder of data sets must hold mnist/")


def test_a_folder_without_a_run_exits_2(tmp_path):
    for command in ("front", "pick", "report"):
        done = hwsearch(command, tmp_path)
        assert done.returncode == 2
        assert "must hold a study.yaml" in done.stderr


def test_a_device_that_is_not_there_is_refused(tiny, tmp_path):
    done = hwsearch("run", tiny, "--out", tmp_path / "run", "--device", "tpu")
    assert done.returncode == 2
    assert "--device" in done.stderr
    assert "auto, cpu, cuda" in done.stderr
    assert not (tmp_path / "run").exists()


def test_no_option_takes_a_bare_number_that_could_be_percents():
    # a share is text, which `study.laws.share` reads; a size comes with a study
    groups = [app, *(group.typer_instance for group in app.registered_groups)]
    for command in (command for group in groups for command in group.registered_commands):
        kinds = get_type_hints(command.callback, vars(sys.modules[command.callback.__module__]))
        numbers = {name for name, kind in kinds.items() if float in (kind, *get_args(kind))}
        assert not {name for name in numbers if not name.endswith("_watts")}, (
            command.callback
        )  # a unit is no percent


def test_the_front_is_confirmed_by_a_word(finished, tmp_path):
    run = shutil.copytree(finished, tmp_path / "run")
    done = hwsearch("front", run, "--confirm", "--workers", "1")
    assert done.returncode == 0, done.stderr
    assert "trained 2 times" in done.stdout
    assert "trained once" not in done.stdout


def test_its_version_is_that_of_the_package():
    done = hwsearch("--version")
    assert (done.returncode, done.stdout) == (0, f"hwsearch {importlib.metadata.version('hwsearch')}\n")
