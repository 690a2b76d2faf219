"""What recordings (sound, images, events) have in common: a folder or zip, labels from names, an official test part.

Not for what is in a recording: each format's reader makes an array of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt

from hwsearch.data.readers.files import File, every, open_files, path_below
from hwsearch.errors import Fault, InputError
from hwsearch.study.data_laws import match_pattern


@dataclass(frozen=True, eq=False)
class Recordings:
    """Labelled recordings.

    Attributes:
        files: Each recording.
        labels: Class of each, by its name.
        groups: Group of each; None: they are on their own.
        test: Which are of the official test part; None: there is none.
        path: Where faults of all of them lie.
        skipped: Which files were left out, and why.
    """

    files: list[File]
    labels: npt.NDArray[np.str_]
    groups: npt.NDArray[np.str_] | None
    test: npt.NDArray[np.bool_] | None
    path: Path
    skipped: tuple[str, ...]

    def __iter__(self) -> Iterator[tuple[int, File]]:
        """Give each recording with its number."""
        return iter(enumerate(self.files))


@contextmanager
def open_recordings(
    root: str | None,
    sources: Mapping[str, str | None],
    endings: Collection[str],
    label: str = "folder",
    test_where: Mapping[str, Collection[str]] | None = None,
) -> Iterator[Recordings]:
    """Give the recordings of a folder or zip, and of a second one that is the official test part.

    Args:
        root: The folder that paths start from.
        sources: Key of the study and path, of one or of both; a path of None is not there.
        endings: Of the files that are recordings; others are skipped, and named.
        label: ``folder``, or a pattern of names.
        test_where: Which values of which fields of the pattern are the official test part.

    Raises:
        InputError: A path is missing or damaged, there is no recording, or a name does not give a label.
    """
    named = {key: name for key, name in sources.items() if name is not None}
    paths = {key: path_below(root, name, f"data.{key}") for key, name in named.items()}
    files, parts, skipped = [], [], []
    first, *second = paths.values()
    with open_files(first) as found, open_files(second[0] if second else first) as more:
        for path, group, part in ((first, found, False), *((p, more, True) for p in second)):
            known = [file for file in group if file.suffix in endings]
            skipped += _left_out([file for file in group if file.suffix not in endings], path, endings)
            if not known:
                law = f"there must be files that end in {' or '.join(sorted(endings))}"
                got = f"{len(group)} others" if group else "no files"
                raise InputError([Fault("", law, got, "correct the path", path)])
            files += known
            parts += [part] * len(known)
        fields = _fields(files, label, first)
        test = np.array(parts) if second else None
        if test_where is not None:
            test = _chosen(fields, test_where)
        groups = np.array([field["group"] for field in fields]) if "group" in fields[0] else None
        labels = np.array([field["label"] for field in fields])
        yield Recordings(files, labels, groups, test, first, tuple(skipped))


def each(
    recordings: Recordings, read: Callable[[File], npt.NDArray[np.generic]]
) -> Iterator[tuple[int, npt.NDArray]]:  # type: ignore[type-arg]
    """Give what is read of each recording, with its number; all faults are raised together at the end.

    Raises:
        InputError: Recordings are damaged; each names its file.
    """
    faults: list[Fault] = []
    for number, file in recordings:
        try:
            yield number, read(file)
        except InputError as error:
            faults += error.faults
    if faults:
        raise every(faults)


def _left_out(files: list[File], path: Path, endings: Collection[str]) -> list[str]:
    """Return a sentence on the files that are no recordings."""
    if not files:
        return []
    names = ", ".join(file.name for file in files[:5]) + (" and others" if len(files) > 5 else "")
    return [f"{path.name}: {len(files)} files do not end in {' or '.join(sorted(endings))}: {names}"]


def _fields(files: list[File], label: str, path: Path) -> list[dict[str, str]]:
    """Return the fields of each file's name, the label among them."""
    found, faults = [], []
    for file in files:
        fields = _of_folder(file) if label == "folder" else _of_pattern(file, label)
        if fields is None:
            law = "a recording must lie in a folder that is named by its class"
            if label != "folder":
                law = f"the name of a recording must be of the pattern {label}"
            todo = "rename or remove it, or correct label"
            faults.append(Fault("data.label", law, repr(file.name), todo, file.path))
        else:
            found.append(fields)
    if faults:
        raise every(faults)
    return found


def _of_folder(file: File) -> dict[str, str] | None:
    return {"label": file.folder} if file.folder else None


def _of_pattern(file: File, label: str) -> dict[str, str] | None:
    return match_pattern(label, file.name if "/" in label else PurePosixPath(file.name).name)


def _chosen(fields: list[dict[str, str]], where: Mapping[str, Collection[str]]) -> npt.NDArray[np.bool_]:
    """Return which recordings have the values that make the official test part."""
    chosen = np.ones(len(fields), bool)
    for name, values in where.items():
        wanted = {_plain(value) for value in values}
        present = [_plain(field[name]) for field in fields]
        if not wanted & set(present):
            got = f"{', '.join(sorted(set(present))[:8])}, ..."
            law = "test_where must name values that recordings have"
            raise InputError([Fault(f"data.test_where.{name}", law, f"recordings have {got}")])
        chosen &= np.array([value in wanted for value in present])
    return chosen


def _plain(value: str) -> str:
    """Return a value as it is compared: 007 is 7."""
    return str(int(value)) if value.isascii() and value.isdigit() and len(value) < 100 else value
