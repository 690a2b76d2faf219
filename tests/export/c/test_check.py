"""A library that computes something else, or was changed, is found out by the place."""

import shutil

import pytest
from builders.exports import INPUTS, model, network, put

from hwsearch.export.bundle import verify, write_export
from hwsearch.export.c import check as checking
from hwsearch.export.c.check import first_difference, first_wrong
from hwsearch.export.c.project import trace_of
from hwsearch.network.integer import run_integer

needs_compiler = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")


def failed(folder, own_code=True):
    return {check.name: check.detail for check in verify(folder, own_code=own_code) if not check.passed}


@pytest.fixture
def folder(tmp_path):
    return write_export(model(), tmp_path / "model", ["c"])


@needs_compiler
def test_a_library_that_computes_something_else_is_found_out(folder):
    path = folder / "c/src/snn_data.c"
    path.write_text(path.read_text().replace("    2u, 1u, 0u, 3u,", "    1u, 1u, 0u, 3u,"))
    wrong = failed(folder)
    assert set(wrong) == {"c/src/snn_data.c", "C files", "C library"}
    assert "c/src/snn_data.c: differs from byte" in wrong["C files"]
    # 1 * 3 does not reach the threshold of 5
    assert wrong["C library"].startswith("input 0, timestep 0, fc1 0: 3, the integer model has 0")


def test_a_library_that_this_version_would_not_write_is_not_built(folder, monkeypatch):
    monkeypatch.setattr("hwsearch.export.library.check_library", None)
    path = folder / "c/src/snn.c"
    put(folder, "c/src/snn.c", path.read_bytes() + b"\nint more;\n")
    wrong = failed(folder, own_code=False)
    assert set(wrong) == {"C library"}  # it was signed again
    assert wrong["C library"].startswith(
        "not built, since that would run its code: it is not what this version"
    )
    assert "c/src/snn.c: goes on after byte" in wrong["C library"]
    assert "add --own-code" in wrong["C library"]


@needs_compiler
def test_a_header_beside_the_library_is_not_read(folder):
    (folder / "c/src/stdint.h").write_text("#error found before the system's\n")
    assert failed(folder, own_code=False) == {}


@needs_compiler
def test_a_library_that_does_not_build_is_found_out(folder):
    path = folder / "c/src/snn.c"
    path.write_text(path.read_text()[:-40])
    wrong = failed(folder)
    assert "ends after byte" in wrong["C files"]
    assert wrong["C library"].startswith("it does not build: ")
    assert str(folder) not in wrong["C library"]
    path.unlink()
    assert failed(folder)["c/src/snn.c"] == "missing"


def test_without_a_compiler_it_is_skipped_and_says_so(folder, monkeypatch):
    monkeypatch.setattr(checking, "compiler", lambda: None)
    (library,) = [check for check in verify(folder) if check.name == "C library"]
    assert library.skipped
    assert library.passed
    assert "no C compiler" in library.detail


def test_the_first_wrong_number_is_named():
    net = network()
    run = run_integer(net, INPUTS, trace=True)
    shown = trace_of(run)
    assert first_wrong(shown.tobytes(), net, run) == ""
    assert "must be 80 bytes long; got 4" in first_wrong(b"1234", net, run)
    for place, words in [
        (2, "timestep 0, readout 0"),
        (6, "timestep 1, fc1 1"),
        (9, "timestep 1, prediction"),
    ]:
        wrong = shown.copy()
        wrong[1, place] += 1
        assert first_wrong(wrong.tobytes(), net, run).startswith(f"input 1, {words}: {wrong[1, place]}, ")


def test_the_first_difference_of_a_file_is_named(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"one\ntwo\n")
    assert first_difference(path, b"one\ntoo\n") == "differs from byte 5 on, line 2"
    assert first_difference(path, b"one\n") == "goes on after byte 4 of 4"
    assert first_difference(path, b"one\ntwo\nthree") == "ends after byte 8 of 13"
    assert first_difference(tmp_path / "other", b"") == "missing"
