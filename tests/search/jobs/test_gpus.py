"""A GPU a process: none is shared, and one that ends gives its own back."""

import subprocess
import sys

import pytest

from hwsearch.errors import NoResources
from hwsearch.search.jobs import gpus

HOLD = """
import sys
from pathlib import Path
from hwsearch.search.jobs.gpus import pinned
print(pinned(sys.argv[2:], Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def nothing_claimed(monkeypatch):
    monkeypatch.setattr(gpus, "_claimed", {})


def test_a_process_keeps_the_gpu_that_it_has(tmp_path):
    assert gpus.pinned(["x", "y"], tmp_path) == 0
    assert gpus.pinned(["x", "y"], tmp_path) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["x.lock"]


def test_processes_share_none_and_the_dead_hold_none(tmp_path):
    names = ["x", "y"]
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path), *names], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:  # fmt: skip
        assert other.stdout.readline() == "0\n"
        assert gpus.pinned(names, tmp_path) == 1
        gpus._claimed.clear()  # what the garbage collector frees is this process's lock on y
        with pytest.raises(NoResources, match="got 1, all taken"):
            gpus.pinned(["x"], tmp_path)
        other.kill()
    assert gpus.pinned(["x"], tmp_path) == 0


def test_where_no_torch_sees_a_gpu_there_is_none():
    assert gpus.visible_gpus() == []
