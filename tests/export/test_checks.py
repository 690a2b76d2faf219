"""A file's check, and what is made of one that cannot be read."""

from functools import partial

from hwsearch.errors import RecordError
from hwsearch.export.checks import check_file, guarded, sha256


def test_a_file_is_held_against_the_manifest(tmp_path):
    path = tmp_path / "inner" / "file"
    path.parent.mkdir()
    path.write_bytes(b"abc")
    entry = {"bytes": 3, "sha256": sha256(path)}
    assert sha256(path).startswith("ba7816bf")
    assert check_file(tmp_path, "inner/file", entry).passed
    path.write_bytes(b"abd")
    assert not check_file(tmp_path, "inner/file", entry).passed
    path.unlink()
    assert check_file(tmp_path, "inner/file", entry).detail == "missing"


def test_a_damaged_record_is_a_check_that_failed(tmp_path):
    def check_it(words, folder, manifest):
        raise RecordError(words)

    (check,) = guarded(partial(check_it, "torn"), tmp_path, {})
    assert (check.name, check.passed, check.detail) == ("it", False, "torn")
