"""A signal at any moment: one line, exit 3, nothing left; in processes of their own, whose ends are looked at."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from builders.clusters import wait_until

from hwsearch import interrupts
from hwsearch.errors import Interrupted
from hwsearch.interrupts import heeded, held

LINE = "error: interrupted; the same line goes on where this one stopped\n"
PROGRAM = """
import multiprocessing, os, signal, subprocess, sys, threading, time
from pathlib import Path
from hwsearch.interrupts import Stopped, heeded, held, leave_to_parent
from hwsearch.whole_files import whole_file
folder = Path(sys.argv[1])
def send(name=sys.argv[2]):
    os.kill(os.getpid(), getattr(signal, name))
with heeded(last=True):
{body}
"""


def ran(body, folder, name="SIGTERM"):
    text = PROGRAM.replace("{body}", "\n".join(f"    {line}" for line in body.strip().splitlines()))
    return subprocess.run(
        [sys.executable, "-c", text, str(folder), name],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_one_line_and_exit_3_and_no_unfinished_file(tmp_path, name):
    done = ran(
        """
with whole_file(folder / "a") as unfinished:
    unfinished.write_text("half")
    send()
    time.sleep(30)
""",
        tmp_path,
        name,
    )
    assert (done.returncode, done.stderr, done.stdout) == (3, LINE, "")
    assert list(tmp_path.iterdir()) == []


def test_the_interpreter_is_not_taken_apart_since_half_loaded_libraries_crash_then(tmp_path):
    done = ran(
        """
class Crash:
    def __del__(self):
        os._exit(11)
import atexit
kept = Crash()
atexit.register(lambda: (folder / "left").touch())
print("said before", end="")
send()
time.sleep(30)
""",
        tmp_path,
    )
    assert (done.returncode, done.stderr, done.stdout) == (3, LINE, "said before")
    assert (tmp_path / "left").exists()


def test_a_second_signal_while_it_cleans_up_changes_nothing(tmp_path):
    done = ran(
        """
try:
    send()
    time.sleep(30)
finally:
    for _ in range(5):
        send("SIGINT")
        time.sleep(0.05)
    (folder / "cleaned").touch()
""",
        tmp_path,
    )
    assert (done.returncode, done.stderr) == (3, LINE)
    assert (tmp_path / "cleaned").exists()


def test_a_program_that_is_stuck_is_ended_with_what_it_has_begun(tmp_path):
    done = ran(
        """
import hwsearch.interrupts
hwsearch.interrupts._PATIENCE_S = 1.0
whole_file(folder / "a").__enter__().write_text("half")
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(0)"])
send()
while True:
    try:
        time.sleep(30)
    except BaseException:
        lock = threading.Lock()
        lock.acquire()
        lock.acquire()
""",
        tmp_path,
    )
    assert (done.returncode, done.stderr) == (3, LINE)
    assert list(tmp_path.iterdir()) == []


def test_what_is_held_is_done_first(tmp_path):
    done = ran(
        """
with held():
    send()
    time.sleep(0.5)
    (folder / "done").touch()
time.sleep(30)
""",
        tmp_path,
    )
    assert (done.returncode, done.stderr) == (3, LINE)
    assert (tmp_path / "done").exists()


def test_after_the_end_a_signal_is_too_late(tmp_path):
    text = PROGRAM.replace("{body}", "    pass") + "\nsend()\nprint('answered')\n"
    done = subprocess.run(
        [sys.executable, "-c", text, str(tmp_path), "SIGHUP"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "answered\n", "")


def test_another_error_goes_its_way(tmp_path):
    done = ran("raise ZeroDivisionError('told')", tmp_path)
    assert done.returncode == 1
    assert "told" in done.stderr


def test_what_is_ignored_stays_ignored(tmp_path):
    text = PROGRAM.replace("{body}", "    send()\n    print('went on')")
    command = ["nohup", sys.executable, "-c", text, str(tmp_path), "SIGHUP"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "went on\n")


LOADING = """
import os, signal, sys
from hwsearch.__main__ import main
class Send:
    def find_spec(self, name, path=None, target=None):
        if name == "MODULE":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Send())
sys.argv = ["hwsearch", "COMMAND", "FOLDER"]
main()
"""


@pytest.mark.parametrize(
    ("module", "command"),
    [
        *(
            (module, "front")
            for module in ("hwsearch.cli", "typer", "numpy", "pandas", "hwsearch.results.result")
        ),
        ("torch", "verify"),
    ],
)
def test_while_it_loads_a_command_ends_rightly(tmp_path, module, command):
    text = LOADING.replace("MODULE", module).replace("COMMAND", command).replace("FOLDER", str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (3, LINE)


TORCH_LOADING = """
import importlib._bootstrap, os, signal
from hwsearch.interrupts import heeded
before = importlib._bootstrap._lock_unlock_module
def lock(name):  # called by torch._C._multiprocessing_init, among others
    if name == "torch.multiprocessing":
        os.kill(os.getpid(), signal.SIGTERM)
    return before(name)
importlib._bootstrap._lock_unlock_module = lock
with heeded(last=True):
    import torch
    signal.pause()
"""


def test_torch_is_imported_to_its_end_since_an_exception_within_would_abort():
    done = subprocess.run(
        [sys.executable, "-c", TORCH_LOADING], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (3, LINE)


def test_what_heeds_signals_loads_little():
    code = f"import sys; sys.path[:0] = {sys.path!r}; import hwsearch.__main__; "
    code += "assert not {'typing', 'pathlib', 'hwsearch.errors'} & set(sys.modules)"
    command = [sys.executable, "-I", "-S", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_exit_code_is_that_of_the_tree():
    assert Interrupted.exit_code == interrupts._EXIT


def test_handlers_come_back_where_the_process_goes_on():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with heeded(), held(), heeded():
        assert signal.getsignal(signal.SIGINT) not in before
        os.getpid()
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_command_that_is_over_leaves_no_thread_and_no_pipe():
    threads, pipes = set(threading.enumerate()), open_files()
    for _ in range(3):
        with heeded():
            pass
    wait_until(lambda: set(threading.enumerate()) <= threads, 10)
    assert open_files() <= pipes


def open_files():
    return {path.name for path in Path("/proc/self/fd").iterdir() if path.exists()}
