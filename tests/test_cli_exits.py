"""Every way that a command ends: one message and its documented code, tried with processes that really fail."""

import errno
import os
import re
import resource
import subprocess
import sys
import textwrap
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest
import typer

from hwsearch import cli_exits
from hwsearch.cli_exits import run_command, told
from hwsearch.errors import ExitCode, Fault, InputError, Interrupted, NothingFits, Unfinished

ROOT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-m", "hwsearch"]


def ended(*args, code, said="", **settings):
    """Run a command that must end so, in one line on standard error; return what it says there."""
    settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "check": False} | settings
    done = subprocess.run([*COMMAND, *map(str, args)], **settings)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in (done.stderr or "")
    if said:
        lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        assert len(lines) == 1
        assert said in lines[0]
    return done.stderr


def patched(code, *args, **settings):
    """Run the command line in a process where something is broken first."""
    start = "sys.argv = ['hwsearch', *sys.argv[1:]]\ncli.main()"
    text = f"import sys\nfrom hwsearch import cli\n{textwrap.dedent(code)}\n{start}\n"
    return subprocess.run(
        [sys.executable, "-c", text, *map(str, args)], capture_output=True, text=True, check=False, **settings
    )


def small_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))


def test_done_and_usage():
    ended("profiles", "list", code=ExitCode.DONE)
    ended("--help", code=ExitCode.DONE)
    assert "No such option" in ended("run", "--no-such-option", code=ExitCode.WRONG_INPUT)
    ended("no-such-command", code=ExitCode.WRONG_INPUT)


def test_a_full_disk_below_the_output():
    with Path("/dev/full").open("w") as full:
        ended("profiles", "list", code=ExitCode.NO_RESOURCES, said="No space left", stdout=full)
        # and below what is said of it: the code still says so
        ended("profiles", "list", code=ExitCode.NO_RESOURCES, stdout=full, stderr=full)


def test_a_closed_pipe():
    reading, writing = os.pipe()
    os.close(reading)
    ended("profiles", "list", code=ExitCode.CLOSED_PIPE, said="closed pipe", stdout=writing)
    os.close(writing)


def test_a_closed_output_is_no_failure():
    done = subprocess.run(["sh", "-c", f"{sys.executable} -m hwsearch profiles list >&- 2>&-"], check=False)
    assert done.returncode == ExitCode.DONE


def test_no_room_for_a_file(tmp_path):
    path = tmp_path / "x.yaml"
    ended("profiles", "new", path, code=ExitCode.NO_RESOURCES, said="must have room", preexec_fn=small_files)


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="no file system that lets nobody write")
def test_a_place_that_cannot_be_written():
    ended("profiles", "new", "/sys/x.yaml", code=ExitCode.WRONG_INPUT, said="/sys/x.yaml: a file or folder")


def test_a_file_in_the_way_of_a_folder(tmp_path):
    (tmp_path / "file").touch()
    ended("profiles", "new", tmp_path / "file" / "x.yaml", code=ExitCode.WRONG_INPUT, said="in its way")


def test_a_missing_folder(tmp_path):
    ended("front", tmp_path / "none", code=ExitCode.WRONG_INPUT, said="must hold a study.yaml")
    ended("verify", tmp_path / "none", code=ExitCode.WRONG_INPUT)


def test_a_bug_leaves_its_trace_in_a_file_and_a_line_on_the_terminal(tmp_path):
    log = tmp_path / "new" / "errors.log"
    done = patched(
        """
        from hwsearch.hardware.profiles import load
        def broken():
            raise KeyError("postgresql://ann:s3cret@host/db\\n\\x1b[31m")
        load.list_profiles = broken
        """,
        "profiles", "list", env=os.environ | {"HWSEARCH_LOG": str(log)},
    )  # fmt: skip
    assert done.returncode == ExitCode.BUG
    assert len(done.stderr.splitlines()) == 1
    assert str(log) in done.stderr
    assert "\x1b" not in done.stderr
    text = log.read_text()
    assert "Traceback" in text
    assert "profiles list" in text
    assert "s3cret" not in done.stderr + text


def test_where_nothing_can_be_written_a_bug_is_a_line_all_the_same(tmp_path):
    (tmp_path / "file").touch()
    nowhere = str(tmp_path / "file" / "x")
    done = patched(
        "import tempfile; tempfile.tempdir = sys.argv.pop()\ncli.app = lambda: 1 / 0",
        nowhere, env=os.environ | {"HWSEARCH_LOG": nowhere, "XDG_STATE_HOME": nowhere},
    )  # fmt: skip
    assert done.returncode == ExitCode.BUG
    assert "HWSEARCH_LOG" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.slow
def test_no_memory(tmp_path, tiny):
    def little():
        resource.setrlimit(resource.RLIMIT_AS, (300 * 2**20, resource.RLIM_INFINITY))

    ended(
        "run", tiny, "--out", tmp_path / "run", code=ExitCode.NO_RESOURCES, said="memory", preexec_fn=little
    )


@pytest.mark.slow
def test_no_room_for_a_run_and_then_it_goes_on(tmp_path, tiny):
    def few():
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))

    args = ("run", tiny, "--out", tmp_path / "run", "--workers", "1")
    ended(*args, code=ExitCode.NO_RESOURCES, said="room", preexec_fn=few)
    assert not list((tmp_path / "run").rglob("*.part"))
    ended(*args, code=ExitCode.DONE)


def children(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.slow
def test_a_worker_that_is_killed_is_started_again_and_the_run_ends(tmp_path, tiny_text):
    study = tmp_path / "tiny.yaml"
    study.write_text(tiny_text)
    args = [*COMMAND, "run", str(study), "--out", str(tmp_path / "run"), "--workers", "2"]
    process = subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in process.stdout:
        if "dense reference 1/1" in line:
            break
    (worker, *_) = [pid for server in children(process.pid) for pid in children(server)]
    os.kill(worker, 9)
    _, said = process.communicate(timeout=300)
    assert process.returncode == ExitCode.DONE, said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (InputError([Fault("a", "must be so")]), 2, "error: a: must be so"),
        (NothingFits("nothing"), 1, "nothing"),
        (Unfinished("not yet"), 4, "not yet"),
        (Interrupted("stopped"), 3, "stopped"),
        (KeyboardInterrupt(), 3, "the same line goes on"),
        (OSError(errno.ENOSPC, "No space left on device", "f\x1b"), 5, r"f\x1b: the disk must have room"),
        (OSError(errno.EROFS, "Read-only file system", b"f"), 2, "f: a file or folder"),
        (OSError(errno.EMFILE, "Too many open files"), 5, "open files left"),
        (OSError(errno.EIO, "Input/output error"), 5, "readable and writable"),
        (BrokenPipeError(), 141, "closed pipe"),
        (MemoryError(), 5, "memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried ..."), 5, "memory"),
        (BrokenProcessPool("terminated abruptly"), 5, "ended from outside"),
    ],
)
def test_each_failure_has_its_code(error, code, words):
    failure = told(error)
    assert failure.code == code
    assert words in failure.lines[0]


def test_what_a_failure_was_raised_from_on_purpose_counts_and_what_it_was_raised_beside_does_not(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("HWSEARCH_LOG", str(tmp_path / "log"))
    wrapped = ValueError("cannot write the file")
    wrapped.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    assert told(wrapped).code == 5
    beside = KeyError("x")
    beside.__context__ = OSError(errno.ENOSPC, "No space left on device")
    assert told(beside).code == 70


def test_what_typer_turns_into_an_exit(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("HWSEARCH_LOG", str(tmp_path / "log"))

    def code_of(error):
        app = typer.Typer()

        @app.command()
        def broken():
            raise error

        monkeypatch.setattr(sys, "argv", ["hwsearch"])
        return run_command(app), capfd.readouterr().err

    prompted = typer.Abort()
    prompted.__context__, prompted.__suppress_context__ = EOFError(), True
    assert code_of(prompted)[0] == 2
    assert code_of(typer.Abort())[0] == 2
    assert code_of(KeyboardInterrupt())[0] == 3
    code, said = code_of(EOFError("of a file that was cut"))
    assert code == 70
    assert "of a file that was cut" in said
    assert code_of(typer.Exit(4))[0] == 4


def test_codes_are_documented():
    table = (ROOT / "docs" / "exit_codes.md").read_text()
    found = {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}
    assert found == {int(code) for code in ExitCode}
    readme = (ROOT / "README.md").read_text()
    assert "docs/exit_codes.md" in readme


def test_the_storage_of_a_line_is_found(monkeypatch):
    for args, url in (
        (["run", "s", "--storage", "x://y"], "x://y"),
        (["--storage=x://y"], "x://y"),
        (["--storage"], None),
        ([], None),
    ):
        monkeypatch.setattr(sys, "argv", ["hwsearch", *args])
        assert cli_exits._storage() == url
