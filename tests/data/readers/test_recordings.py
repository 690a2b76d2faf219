"""Labelled recordings: which files they are, what their names say, and that all faults come at once."""

from pathlib import Path

import numpy as np
import pytest

from hwsearch.data.readers.files import File
from hwsearch.data.readers.recordings import Recordings, each, open_recordings
from hwsearch.errors import Fault, InputError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a/x_1.bin", "a/y_2.bin", "b/x_007.bin", "b/notes.md"):
        (tmp_path / "r" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "r" / name).write_bytes(name.encode())
    return tmp_path


def opened(folder: Path, **keys: object) -> Recordings:
    sources = {"events": "r", "test_from": None}
    with open_recordings(str(folder), sources, (".bin",), **keys) as found:  # type: ignore[arg-type]
        return found


def test_labels_are_folders_or_fields_of_names(folder: Path) -> None:
    found = opened(folder)
    assert [file.name for _, file in found] == ["a/x_1.bin", "a/y_2.bin", "b/x_007.bin"]
    assert (found.labels.tolist(), found.groups, found.test) == (["a", "a", "b"], None, None)
    assert found.skipped == ("r: 1 files do not end in .bin: b/notes.md",)
    named = opened(folder, label="{label}_{take}.bin")
    assert (named.labels.tolist(), named.groups) == (["x", "y", "x"], None)
    whole = opened(folder, label="{group}/{label}_{take}.bin")
    assert whole.groups is not None
    assert whole.groups.tolist() == ["a", "a", "b"]


def test_numbers_are_compared_as_numbers(folder: Path) -> None:
    found = opened(folder, label="{label}_{take}.bin", test_where={"take": ("7", "8")})
    assert found.test is not None
    assert found.test.tolist() == [False, False, True]
    with pytest.raises(InputError, match=r"data\.test_where\.take: .*recordings have 1, 2, 7"):
        opened(folder, label="{label}_{take}.bin", test_where={"take": ("9",)})


def test_all_names_that_give_no_label_are_named(folder: Path) -> None:
    with pytest.raises(InputError) as caught:
        opened(folder, label="{label}-{take}.bin")
    assert len(caught.value.faults) == 3


def test_each_collects_faults_and_gives_the_sound_ones(folder: Path) -> None:
    found = opened(folder)

    def read(file: File) -> np.ndarray:
        if file.name.startswith("a"):
            raise InputError([Fault("", "law", file.name)])
        return np.zeros(1)

    given = each(found, read)
    assert next(given)[0] == 2
    with pytest.raises(InputError) as caught:
        next(given)
    assert [fault.got for fault in caught.value.faults] == ["a/x_1.bin", "a/y_2.bin"]
