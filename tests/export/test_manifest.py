"""The manifest of a stranger's export: what it may list, and what is not opened."""

import json
import os

import pytest

from hwsearch.errors import RecordError
from hwsearch.export.manifest import irregular, read_manifest

ENTRY = {"bytes": 1, "sha256": "0" * 64}


def manifest(tmp_path, **changes):
    content = {"format": 3, "weight_bytes": 1, "files": {"weights.safetensors": ENTRY}} | changes
    (tmp_path / "manifest.json").write_text(json.dumps(content))
    return tmp_path


def test_what_is_written_is_read(tmp_path):
    read = read_manifest(manifest(tmp_path, identity={"trial": 3}, more=[]))
    assert read["files"] == {"weights.safetensors": ENTRY}
    assert (read["identity"], read["weight_bytes"]) == ({"trial": 3}, 1)


@pytest.mark.parametrize(
    "name", ["../a", "/etc/passwd", "a/../b", "", ".", "a//b", "a/", "a\nb", "x" * 201, "\x1b"]
)
def test_a_name_that_leads_out_is_refused(tmp_path, name):
    with pytest.raises(RecordError, match="plain names, none of them absolute"):
        read_manifest(manifest(tmp_path, files={name: ENTRY}))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"files": {}}, "at least 1 item"),
        ({"files": {"a": {"bytes": -1, "sha256": "0" * 64}}}, "greater than or equal to 0"),
        ({"files": {"a": {"bytes": 1, "sha256": "x"}}}, "match pattern"),
        ({"weight_bytes": "1"}, "valid integer"),
        ({"format": True}, "of format 2 or 3; got True"),
        ({"format": [3] * 999}, "of format 2 or 3"),
        ({"identity": {"trial": [1]}}, "identity.trial"),
    ],
)
def test_what_is_no_manifest_of_ours_is_refused(tmp_path, changes, words):
    with pytest.raises(RecordError, match=words) as caught:
        read_manifest(manifest(tmp_path, **changes))
    assert len(str(caught.value)) < 700


def test_what_is_no_file_is_not_opened(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "out").symlink_to("/etc")
    os.mkfifo(tmp_path / "fifo")
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(2**31)
    assert irregular(tmp_path, "file") == irregular(tmp_path, "none") == irregular(tmp_path, "none/x") == ""
    assert irregular(tmp_path, "folder") == "no file, but a folder"
    assert irregular(tmp_path, "link") == "a link to 'file', where a file must lie"
    assert irregular(tmp_path, "out/passwd") == "a link to '/etc', where a file must lie"
    assert irregular(tmp_path, "fifo") == "no file, but a FIFO"
    assert "has 1,073,741,824 at most" in irregular(tmp_path, "huge")
    os.mkfifo(tmp_path / "manifest.json")
    with pytest.raises(RecordError, match="no file, but a FIFO"):
        read_manifest(tmp_path)
