"""Workers are forked from one process, which loads what this one would, and ends with it."""

import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import time
from multiprocessing import forkserver
from pathlib import Path

import pytest
from builders.jobs import bench

from hwsearch.search.jobs import fork_server
from hwsearch.search.jobs.processes import Processes

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="workers are started anew there")

START = """
import os, sys
from multiprocessing import forkserver
from hwsearch.search.jobs.fork_server import ready
{}
if __name__ == "__main__":
    context = ready()
    print(forkserver._forkserver._forkserver_pid, flush=True)
    {}
"""


def script(folder, end, top=""):
    path = folder / "apart" / "script.py"
    path.parent.mkdir()
    path.write_text(START.format(top, end))
    return [sys.executable, str(path)]


def parent(bench):
    return os.getppid()


def classes(bench):
    return bench.data.classes


@pytest.mark.slow  # a process that imports torch
def test_workers_are_forked_from_one_process():
    crew = Processes(bench(), 2)
    (server,) = set(dict(crew.results([parent] * 4)).values())
    assert server not in (os.getpid(), os.getppid())
    crew.close(at_once=False)


@pytest.mark.slow  # processes that import torch
def test_a_server_that_is_killed_costs_time_and_nothing_else():
    crew = Processes(bench(), 1)
    before = dict(crew.results([parent]))[0]
    os.kill(before, signal.SIGKILL)
    os.waitid(os.P_PID, before, os.WEXITED | os.WNOWAIT)
    assert dict(crew.results([classes] * 3)) == {0: 3, 1: 3, 2: 3}
    crew.close(at_once=False)
    crew = Processes(bench(), 1)
    assert dict(crew.results([parent]))[0] != before
    crew.close(at_once=False)


@pytest.mark.slow  # a process that imports torch
def test_where_no_worker_can_be_started_it_is_tried_again(monkeypatch):
    crew, refused = Processes(bench(), 1), []

    def refuse(*given):
        refused.append(given)
        raise EOFError

    monkeypatch.setattr(crew._pool, "submit", refuse)
    assert dict(crew.results([classes])) == {0: 3}
    assert refused
    crew.close(at_once=False)


@pytest.mark.parametrize("end", ["os._exit(0)", "os.kill(os.getpid(), 9)", "raise SystemExit(2)"])
def test_the_server_ends_with_the_process_that_started_it_without_a_word(tmp_path, end):
    ended = subprocess.run(script(tmp_path, end), capture_output=True, text=True, timeout=60)
    assert ended.stderr == ""
    until = time.monotonic() + 10
    while Path(f"/proc/{int(ended.stdout)}").exists():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.slow  # a process that imports torch
def test_nothing_is_loaded_from_the_current_folder_that_this_process_would_not_load(tmp_path):
    (tmp_path / "hwsearch").mkdir()
    (tmp_path / "hwsearch" / "__init__.py").write_text("open('loaded', 'w')")
    (tmp_path / "torch.py").write_text("open('loaded', 'w')")
    end = "worker = context.Process(target=tell); worker.start(); worker.join()"
    tell = "def tell(): print('torch' in sys.modules, sys.modules['hwsearch'].__file__)"
    ended = subprocess.run(
        script(tmp_path, end, tell), cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert ended.stdout.split()[1:] == ["True", str(Path(fork_server.__file__).parents[2] / "__init__.py")]
    assert ended.stderr == ""
    assert not (tmp_path / "loaded").exists()


def spend(bench, seconds=0.5):
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


@pytest.mark.slow  # a process that imports torch
def test_once_the_server_has_ended_what_workers_took_is_counted_and_the_next_starts_another():
    crew, before = Processes(bench(), 1), resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    first = dict(crew.results([parent, spend]))[0]
    crew.close(at_once=False)
    fork_server.end()
    fork_server.end()
    assert not Path(f"/proc/{first}").exists()
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before > 0.5
    crew = Processes(bench(), 1)
    assert dict(crew.results([parent]))[0] != first
    crew.close(at_once=False)


def test_this_process_keeps_its_environment(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "a")
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    fork_server.ready()
    assert os.environ["PYTHONPATH"] == "a"
    assert "PYTHONSAFEPATH" not in os.environ
    assert multiprocessing.get_start_method(allow_none=True) in (None, "fork")
    assert forkserver._forkserver._forkserver_pid
