"""Folders and zips: sorted, bounded, and never outside of themselves."""

import struct
import zipfile
from pathlib import Path

import pytest

from hwsearch.data.readers.files import every, kind_of_bytes, open_files, path_below, read_bounded
from hwsearch.errors import Fault, InputError


def zipped(path: Path, files: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", kind) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_a_folder_and_its_zip_give_the_same_files(tmp_path: Path) -> None:
    folder = tmp_path / "f"
    content = {"b/2.bin": b"two", "a/1.BIN": b"one", "a/.hidden": b"", "__MACOSX/x": b""}
    for name, data in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    for path in (folder, zipped(tmp_path / "f.zip", content)):
        with open_files(path) as files:
            assert [(file.name, file.folder, file.suffix, file.read()) for file in files] == [
                ("a/1.BIN", "a", ".bin", b"one"),
                ("b/2.bin", "b", ".bin", b"two"),
            ]
            assert files[0].path == path / "a/1.BIN"


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/x", "C:/x", "a\\..\\x"])
def test_names_that_lead_out_of_a_zip(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "f.zip", {"ok": b"", name: b"", "../y": b""})
    with pytest.raises(InputError, match="must lie below it") as caught, open_files(path):
        pass
    assert len(caught.value.faults) == 2
    assert not (tmp_path.parent / "x").exists()


def test_links_that_lead_out_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "secret").write_text("s")
    (tmp_path / "in" / "link").symlink_to(tmp_path / "secret")
    with (
        pytest.raises(InputError, match="must lie in the folder; got a link to"),
        open_files(tmp_path / "in"),
    ):
        pass
    with pytest.raises(InputError, match=r"data\.csv: .* a link to"):
        path_below(tmp_path / "in", "link", "data.csv")
    assert path_below(tmp_path, "in/link", "data.csv").read_text() == "s"


def test_a_header_that_promises_too_much(tmp_path: Path) -> None:
    path = zipped(tmp_path / "f.zip", {"x": b"0" * 1000})
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 2**31)
    path.write_bytes(data)
    with (
        pytest.raises(InputError, match="1032 times its packed size, at most; got 2147483648 bytes"),
        open_files(path),
    ):
        pass


def test_a_zip_whose_files_do_not_unpack(tmp_path: Path) -> None:
    path = zipped(tmp_path / "f.zip", {"x": b"0123456789" * 9, "y": b"abc"}, zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"abc", b"abd"))
    with open_files(path) as files:
        assert len(files[0].read()) == 90
        with pytest.raises(InputError, match=r"f\.zip/y: the file must unpack as the zip says; got Bad CRC"):
            files[1].read()


def test_a_name_that_stands_twice(tmp_path: Path) -> None:
    path = tmp_path / "f.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x", b"")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("x", b"")
    with pytest.raises(InputError, match="only once in a zip; got 'x'"), open_files(path):
        pass


def test_encrypted_files(tmp_path: Path) -> None:
    path = zipped(tmp_path / "f.zip", {"x": b"0"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match="may not be encrypted; got 'x'"), open_files(path):
        pass


def test_what_is_not_there_or_too_large(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("12345")
    with pytest.raises(InputError, match=r"data\.csv: .*got no 'b\.csv' in .*there is a\.csv"):
        path_below(str(tmp_path), "b.csv", "data.csv")
    with pytest.raises(InputError, match=r"a\.csv: a file may have 0 MiB at most; got 5 bytes"):
        read_bounded(tmp_path / "a.csv", 4)
    with pytest.raises(InputError, match="must be readable; got Is a directory"):
        read_bounded(tmp_path)


def test_what_bytes_begin() -> None:
    heads = (b"", b"\n <!DOCTYPE html>", b"\x1f\x8b", b"PK\x03\x04", b"\x80\x04", b"RIFF", b"a,b")
    assert [kind_of_bytes(head).split(",")[0] for head in heads] == [
        "an empty file", "a web page", "gzip", "a zip", "a pickle", "RIFF (wav)", "",
    ]  # fmt: skip


def test_many_faults_are_counted_not_all_listed() -> None:
    faults = [Fault("", "law", str(i)) for i in range(23)]
    assert every(faults[:20]).faults == tuple(faults[:20])
    assert (
        str(every(faults).faults[-1]) == "this many faults are not listed here; got 3 (mend the others first)"
    )
