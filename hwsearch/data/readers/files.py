"""Files, folders and zips below a study's folder, read with bounds: nothing outside it, nothing that swells.

Not for what is in them: that is each reader's.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from hwsearch.errors import Fault, InputError

MOST_COMPRESSION = 1032
"""Deflate cannot do better, so a header that promises more is wrong, and would ask for all memory."""
_MOST_FILE = 256 << 20
_MOST_FILES = 1_000_000
_MAGIC = {
    b"\x1f\x8b": "gzip", b"PK\x03\x04": "a zip", b"\x89HDF": "HDF5", b"RIFF": "RIFF (wav)", b"PAR1": "Parquet",
    **{bytes((0x80, version)): "a pickle" for version in range(2, 6)},
}  # fmt: skip
_HIDDEN = ("__MACOSX", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class File:
    """One file of a folder or zip.

    Attributes:
        name: Its path within, with ``/``.
        path: Where faults say it lies.
        read: Returns its bytes, or raises an ``InputError``.
    """

    name: str
    path: Path
    read: Callable[[], bytes]

    @property
    def folder(self) -> str:
        """Name of the folder that it lies in; empty on top."""
        return PurePosixPath(self.name).parent.name

    @property
    def suffix(self) -> str:
        """Its ending, in small letters."""
        return PurePosixPath(self.name).suffix.lower()


def path_below(root: str | Path | None, name: str, key: str) -> Path:
    """Return the path of a file or folder that a study names.

    Args:
        root: The folder that it starts from; None: the working folder.
        name: As the study has it.
        key: Of the study.

    Raises:
        InputError: It is not there, or a link leads out of the folder.
    """
    folder = Path(root or ".")
    path = folder / name
    if not path.exists():
        there = sorted(item.name for item in folder.iterdir())[:12] if folder.is_dir() else []
        todo = f"there is {', '.join(there)}" if there else "there is nothing"
        law = "the file or folder must exist"
        raise InputError([Fault(key, law, f"no {name!r} in {folder}", f"correct the path; {todo}")])
    if not path.resolve().is_relative_to(folder.resolve()):
        law = "a path must lie below the study's folder, or below data.root"
        todo = "set data.root to the folder that holds the data"
        raise InputError([Fault(key, law, f"{name}, a link to {path.resolve()}", todo)])
    return path


@contextmanager
def open_files(path: Path, most: int = _MOST_FILE) -> Iterator[list[File]]:
    """Give the files of a folder or a zip, sorted by name; hidden ones, which systems leave behind, are not among them.

    Args:
        path: The folder or zip.
        most: Bytes that one file may have.

    Raises:
        InputError: It is neither, a name leads out of it, or a zip is damaged or would swell.
    """
    if path.is_dir():
        yield _of_folder(path, most)
        return
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        got = _head(path) or str(error)
        law = "it must be a folder, or a zip"
        raise InputError([Fault("", law, got, "unpack it, or pack it as a zip", path)]) from None
    with archive:
        yield _of_zip(path, archive, most)


def read_bounded(path: Path, most: int = _MOST_FILE) -> bytes:
    """Return the bytes of a file.

    Raises:
        InputError: It cannot be read, or has more than ``most`` bytes.
    """
    try:
        size = path.stat().st_size
        if size > most:
            raise InputError(
                [Fault("", f"a file may have {most >> 20} MiB at most", f"{size} bytes", path=path)]
            )
        return path.read_bytes()
    except OSError as error:
        got = error.strerror or str(error)
        raise InputError([Fault("", "the file must be readable", got, path=path)]) from None


def every(faults: Sequence[Fault], most: int = 20) -> InputError:
    """Return the error of many faults, the first ``most`` in full and how many more there are."""
    if len(faults) <= most:
        return InputError(faults)
    last = Fault("", "this many faults are not listed here", str(len(faults) - most), "mend the others first")
    return InputError([*faults[:most], last])


def _of_folder(path: Path, most: int) -> list[File]:
    found, faults, inside = [], [], path.resolve()
    for item in sorted(path.rglob("*")):
        name = item.relative_to(path).as_posix()
        if _is_hidden(name) or item.is_dir():
            continue
        if not item.resolve().is_relative_to(inside):
            faults.append(
                Fault("", "a file must lie in the folder", f"a link to {item.resolve()}", path=item)
            )
        found.append(File(name, item, lambda item=item: read_bounded(item, most)))  # type: ignore[misc]
        if len(found) > _MOST_FILES:
            raise InputError([Fault("", f"a folder may hold {_MOST_FILES} files at most", path=path)])
    if faults:
        raise every(faults)
    return found


def _of_zip(path: Path, archive: zipfile.ZipFile, most: int) -> list[File]:
    found, faults, seen = [], [], set()
    for info in archive.infolist():
        name, at = info.filename, path / info.filename
        windows = PureWindowsPath(name)
        if windows.drive or windows.root or ".." in windows.parts or "\\" in name or "\0" in name:
            law = "a name in a zip must lie below it, with no .. in it"
            faults.append(Fault("", law, repr(name), "pack the zip anew", path))
        elif info.flag_bits & 1:
            faults.append(Fault("", "files in a zip may not be encrypted", repr(name), "unpack it", path))
        elif info.file_size > MOST_COMPRESSION * info.compress_size + 64 or info.file_size > most:
            law = f"a file may have {most >> 20} MiB, and {MOST_COMPRESSION} times its packed size, at most"
            got = f"{info.file_size} bytes, {info.compress_size} packed, in {name!r}"
            faults.append(Fault("", law, got, "pack the zip anew", path))
        elif name in seen:
            faults.append(
                Fault("", "a name may stand only once in a zip", repr(name), "pack the zip anew", path)
            )
        elif not info.is_dir() and not _is_hidden(name):
            found.append(File(name, at, lambda info=info, at=at: _unpacked(archive, info, at)))  # type: ignore[misc]
        seen.add(name)
    if faults:
        raise every(faults)
    return sorted(found, key=lambda file: file.name)


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo, at: Path) -> bytes:
    """Return the bytes of one file of a zip: never more than its header says."""
    try:
        with archive.open(info) as stream:
            data = stream.read(info.file_size + 1)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise InputError(
            [Fault("", "the file must unpack as the zip says", str(error), "pack it anew", at)]
        ) from None
    if len(data) != info.file_size:
        got = f"{len(data)} bytes instead of {info.file_size}"
        raise InputError([Fault("", "the file must unpack as the zip says", got, "pack it anew", at)])
    return data


def _is_hidden(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return any(part.startswith(".") or part in _HIDDEN for part in parts)


def _head(path: Path) -> str:
    """Return what a file is, where its first bytes tell that it is not what it is named."""
    try:
        with path.open("rb") as stream:
            return kind_of_bytes(stream.read(512))
    except OSError:
        return ""


def kind_of_bytes(head: bytes) -> str:
    """Return what bytes begin: an empty file, a web page, gzip, a zip, a pickle; empty: none of these."""
    text = head.lstrip().lower()
    if not head:
        return "an empty file"
    if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        return "a web page, saved under this name"
    return next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), "")
