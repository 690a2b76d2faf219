"""Sets of recordings of events: files in folders, and HDF5 as SHD has it; what is not as it should be is named."""

import re
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from builders.recordings import five_bytes, in_folders

from hwsearch.data.readers.event_sets import EventSet, open_camera, open_shd
from hwsearch.errors import InputError
from hwsearch.study.data_section import EventsData

TIMES = [[0.5, 0.25], [0.1], [1.0, 2.0]]
UNITS = [[699, 3], [7], [0, 1]]


def shd(path: Path, **changes: Any) -> None:
    content: dict[str, Any] = {
        "times": TIMES,
        "units": UNITS,
        "labels": [1, 0, 1],
        "keys": [b"eins", b"two"],
    } | changes
    with h5py.File(path, "w") as file:
        for name, kind in (("times", np.float32), ("units", np.uint16)):
            if content[name] is not None:
                rows = file.create_dataset(f"spikes/{name}", len(content[name]), h5py.vlen_dtype(kind))
                for i, row in enumerate(content[name]):
                    rows[i] = np.array(row, kind)
        if content["labels"] is not None:
            file["labels"] = content["labels"]
        if content["keys"] is not None:
            file["extra/keys"] = content["keys"]
        if "speaker" in content:
            file["extra/speaker"] = content["speaker"]


def read_shd(root: Path, **keys: Any) -> EventSet:
    with open_shd(EventsData(events="a.h5", format="shd", root=str(root), **keys)) as found:
        [found.read(i) for i in range(len(found.labels))]
        return found


def test_shd_by_hand(tmp_path: Path) -> None:
    shd(tmp_path / "a.h5", speaker=[4, 4, 11])
    shd(tmp_path / "b.h5", speaker=[4, 5, 5])
    data = EventsData(events="a.h5", test_from="b.h5", format="shd", root=str(tmp_path))
    with open_shd(data) as found:
        first = found.read(0)
        assert (first.t.tolist(), first.x.tolist(), first.y.tolist()) == ([250000, 500000], [3, 699], [0, 0])
        assert found.read(4).x.tolist() == [7]
        assert found.labels.tolist() == ["two", "eins", "two"] * 2
        assert found.groups is not None
        assert found.groups.tolist() == ["4", "4", "11", "4", "5", "5"]
        assert found.test is not None
        assert found.test.tolist() == [False] * 3 + [True] * 3


def test_labels_without_names(tmp_path: Path) -> None:
    shd(tmp_path / "a.h5", keys=None)
    found = read_shd(tmp_path)
    assert (found.labels.tolist(), found.groups, found.test) == (["1", "0", "1"], None, None)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"units": None}, r"a\.h5: the file must have spikes/times.*got no spikes/units"),
        ({"labels": [0, 1]}, r"a label for each recording; got .*'labels': 2"),
        ({"labels": [0, 1, 2]}, r"labels must lie in 0 \.\. 1, the names of extra/keys; got 2"),
        ({"labels": [0.5, 1, 2]}, r"labels: labels must be whole numbers; got float64"),
        ({"times": [[0.1], [0.1], [1, 2]]}, r"a\.h5/recording 0: .*got 1 times, 2 units"),
        ({"times": [[0.1, np.nan], [0.1], [1, 2]]}, r"a\.h5/recording 0: times must be finite seconds"),
        ({"times": [[0.1, -1], [0.1], [1, 2]]}, r"times must be finite seconds from 0 on; got -1\.0 \.\. 0\.1"),
        ({"units": [[700, 1], [0], [1, 2]]}, r"events must lie on the sensor of 1 rows and 700 columns; got row 0"),
        ({"times": [[], [0.1], [1, 2]], "units": [[], [0], [1, 2]]}, r"recording 0: a recording must have events"),
    ],
)  # fmt: skip
def test_what_shd_s_files_may_not_be(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    shd(tmp_path / "a.h5", **changes)
    with pytest.raises(InputError) as caught:
        read_shd(tmp_path)
    assert re.search(words, str(caught.value)), str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "an empty file"), (b"\x1f\x8b", "gzip .*unpack it"), (b"x", "")]
)
def test_files_that_are_no_hdf5(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "a.h5").write_bytes(content)
    with pytest.raises(InputError, match=rf"a\.h5: the file must be HDF5; got .*{words}"):
        read_shd(tmp_path)


def test_lists_that_are_tables(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["spikes/times"], file["spikes/units"], file["labels"] = (
            np.ones((3, 2)),
            np.ones((3, 2)),
            [0, 1, 1],
        )
    with pytest.raises(InputError, match="must be lists of numbers; got float64"):
        read_shd(tmp_path)


def test_folders_of_a_camera(tmp_path: Path) -> None:
    events = five_bytes([(1, 2, 3, 1), (9, 33, 33, 0)])
    in_folders(tmp_path / "train", ".bin", {"a": [events], "b": [events]})
    in_folders(tmp_path / "test", ".bin", {"a": [events, five_bytes([(1, 40, 3, 1)])]})
    data = EventsData(events="train", test_from="test", format="nmnist", root=str(tmp_path))
    with open_camera(data) as found:
        assert found.labels.tolist() == ["a", "b", "a", "a"]
        assert found.read(1).t.tolist() == [1, 9]
        with pytest.raises(InputError, match=r"test/a/1\.bin: events must lie on the sensor"):
            found.read(3)
    with open_camera(data.model_copy(update={"size": (34, 50)})) as found:
        assert found.read(3).x.tolist() == [40]
