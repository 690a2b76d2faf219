"""The file of the compiled loops: believed only where it is whole and this user's own, else built anew."""

import os
import subprocess
import sys

import pytest

from hwsearch.native import build
from hwsearch.native.library import library

needs_compiler = pytest.mark.skipif(library() is None, reason="no C compiler, or HWSEARCH_NATIVE=0")
LOAD = "from hwsearch.native.library import library, why_none; print(library() is not None, why_none())"


def loaded(cache, **more):
    """Load the loops in a process of its own (what is loaded stays), from a cache; return what it says."""
    env = {"XDG_CACHE_HOME": str(cache), "TMPDIR": str(cache / "tmp")} | more
    (cache / "tmp").mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", LOAD], env=os.environ | env, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def kept(cache):
    (path,) = (cache / "hwsearch").glob("*.so")
    return path


@needs_compiler
def test_truncated_or_foreign_ones_are_built_anew(tmp_path):
    assert loaded(tmp_path) == "True"
    path = kept(tmp_path)
    whole = path.read_bytes()
    assert path.parent.stat().st_mode & 0o777 == 0o700
    for data in (whole[:5000], b"", whole[:-1] + b"0", b"\x7fELF" + whole[4:9000] + whole[9001:]):
        path.write_bytes(data)
        assert loaded(tmp_path) == "True"
        code, _, _ = path.read_bytes().rpartition(build._MARK)
        assert len(code) == len(whole.rpartition(build._MARK)[0])


@needs_compiler
def test_a_link_is_not_followed(tmp_path):
    assert loaded(tmp_path) == "True"
    path = kept(tmp_path)
    elsewhere = path.rename(tmp_path / "elsewhere")
    path.symlink_to(elsewhere)
    assert loaded(tmp_path) == "True"
    assert not path.is_symlink()


@needs_compiler
def test_a_folder_that_is_a_link_or_that_others_can_write_is_left_alone(tmp_path):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "hwsearch").symlink_to(tmp_path / "theirs")
    assert loaded(tmp_path) == "True"  # from the system's temporary folder
    assert list((tmp_path / "theirs").iterdir()) == []
    assert len(list((tmp_path / "tmp" / f"hwsearch-{os.getuid()}").iterdir())) == 1


def test_what_the_compiler_says_is_said(tmp_path):
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "cc").write_text("#!/bin/sh\necho 'cc1: out of luck' >&2\nexit 1\n")
    (bin_folder / "cc").chmod(0o755)
    said = loaded(tmp_path, PATH=str(bin_folder), HWSEARCH_NATIVE="1")
    assert said.startswith("False torch does what loops in C would do")
    assert "1.3 to 2.4 times as long" in said
    assert said.endswith("could not compile them: cc1: out of luck")


def test_without_a_compiler_and_switched_off(tmp_path):
    assert "there is no C compiler" in loaded(tmp_path, PATH=str(tmp_path), HWSEARCH_NATIVE="1")
    assert "HWSEARCH_NATIVE=0 switches them off" in loaded(tmp_path, HWSEARCH_NATIVE="0")


def test_which_folders_are_ones_own(tmp_path):
    folder = build.own_folder(tmp_path / "own")
    assert folder is not None
    os.close(folder)
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "own")
    for name in ("open", "file", "file/below", "link"):
        assert build.own_folder(tmp_path / name) is None
