"""The compiled loops: switched off, or kept once a machine (`test_build` has where)."""

import os
import subprocess
import sys

import pytest

from hwsearch.native import library as native


@pytest.mark.skipif(native.library() is None, reason="no C compiler, or HWSEARCH_NATIVE=0")
def test_switched_off_and_kept(tmp_path):
    code = "from hwsearch.native.library import library; print(library() is None)"
    told = []
    for value in ("0", "1"):
        env = os.environ | {"HWSEARCH_NATIVE": value, "XDG_CACHE_HOME": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
        )
        told.append(done.stdout.strip())
    assert told == ["True", "False"]
    assert (tmp_path / "hwsearch").stat().st_mode & 0o777 == 0o700
    assert len(list((tmp_path / "hwsearch").iterdir())) == 1
