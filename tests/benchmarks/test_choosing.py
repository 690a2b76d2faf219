"""The benchmark of choosing works: a folder is filled, its run is resumed, and each part of choosing is timed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_a_filled_folder_is_resumed_and_each_part_is_timed(tmp_path):
    root, told = Path(__file__).parents[2], ""
    for step in ("fill", "measure"):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.choosing", "--work", tmp_path, "--sizes", "40", "--one", step],
            cwd=root, env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(root)},
            capture_output=True, text=True, timeout=400, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        told = done.stdout
    measured = json.loads(told.splitlines()[-1])
    assert measured["size"] == 40
    assert measured["counts"]["asked"] > 40
    assert all(measured["ms"][part] > 0 for part in ("ask", "price", "similarity", "fit", "choose", "store"))
    assert measured["total"] >= max(measured["ms"].values())
