"""The benchmark of clusters works: its short form ends with every table."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("distributed")


@pytest.mark.slow
def test_its_short_form_fills_every_table():
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.cluster", "--short"],
        cwd=root, env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(root)},
        capture_output=True, text=True, timeout=400, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    rows = [line.split("|")[1].strip() for line in done.stdout.splitlines() if line.startswith("|")]
    assert rows.count("2 processes") == rows.count("Dask, 4 workers") == 2
    assert rows.count("4") == 2
    assert rows[-4:] == ["64", "64", "512", "512"]
