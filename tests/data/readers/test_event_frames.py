"""Frames of counts by hand: time, pooling, clipping; nothing is left out without being said."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders.recordings import five_bytes, in_folders
from hypothesis import given
from hypothesis import strategies as st

from hwsearch.data.readers.event_files import Events, Sensor
from hwsearch.data.readers.event_frames import Counter, read_events
from hwsearch.errors import InputError
from hwsearch.study.data_section import EventsData

REAL = Path(os.environ.get("HWSEARCH_DATA", Path(__file__).parents[4] / "shared" / "data"))


def events(*rows: tuple[int, int, int, int]) -> Events:
    return Events(*np.array(rows, np.int64).reshape(-1, 4).T)


def test_counting_by_hand() -> None:
    counter = Counter(Sensor(2, 3, 4), frames=2, window_us=10, pool=(2, 2), clip=2)
    found = counter.count(events((0, 0, 0, 0), (9, 1, 1, 0), (9, 0, 1, 0), (10, 3, 2, 1), (20, 0, 0, 0)))
    assert found.shape == (2, 2, 2, 2)
    assert np.argwhere(found).tolist() == [[0, 0, 0, 0], [1, 1, 1, 1]]
    assert (found[0, 0, 0, 0], found[1, 1, 1, 1]) == (2, 1)
    assert counter.said() == [
        "1 events of 1 recordings come after 0.02 ms: they are left out",
        "1 counts above 2 are clipped",
    ]


@given(st.lists(st.tuples(*(st.integers(0, high) for high in (99, 5, 4, 1))), min_size=1), st.integers(1, 3))
def test_every_event_is_counted_once(rows: list[tuple[int, int, int, int]], pool: int) -> None:
    counter = Counter(Sensor(2, 5, 6), frames=4, window_us=25, pool=(pool, pool), clip=255)
    found = counter.count(events(*sorted(rows)))
    assert found.sum() == len(rows)
    assert found.sum((0, 2, 3)).tolist() == [sum(row[3] == p for row in rows) for p in (0, 1)]
    assert counter.said() == []


def write(root: Path) -> None:
    files = [five_bytes([(0, 0, 0, 0), (t, 33, 33, 1), (t, 33, 33, 1)]) for t in (999, 500, 400)]
    in_folders(root / "r", ".bin", {"a": files, "b": files})


def read(root: Path, **keys: Any) -> Any:
    return read_events(EventsData(events="r", root=str(root), **({"format": "nmnist", "frames": 2} | keys)))


def test_samples(tmp_path: Path) -> None:
    write(tmp_path)
    samples = read(tmp_path)
    assert samples.x.shape == (6, 2, 2, 34, 34)
    assert (samples.input_max, samples.binning, samples.class_names) == (2, "sum", ("a", "b"))
    # the longest recording, 999 us, fills both frames of 500 us
    assert samples.x[0, :, 1, 33, 33].tolist() == [0, 2]
    assert samples.x[2, :, 1, 33, 33].tolist() == [2, 0]
    still = read(tmp_path, **{"as": "image"})
    assert still.x.shape == (6, 2, 34, 34)
    assert np.array_equal(still.x, samples.x.sum(1))
    short = read(tmp_path, window="200 us", clip=1, pool=17)
    assert short.x.shape == (6, 2, 2, 2, 2)
    assert short.skipped == ("12 events of 6 recordings come after 0.4 ms: they are left out",)


def test_all_damaged_recordings_are_named(tmp_path: Path) -> None:
    write(tmp_path)
    for name in ("a/0", "b/1"):
        (tmp_path / "r" / f"{name}.bin").write_bytes(b"1234567")
    with pytest.raises(InputError) as caught:
        read(tmp_path)
    assert [fault.path for fault in caught.value.faults] == [tmp_path / "r/a/0.bin", tmp_path / "r/b/1.bin"]


def test_the_real_recordings_have_the_published_counts() -> None:
    if not (REAL / "n-mnist-small").is_dir():
        pytest.skip(f"no n-mnist-small/ in {REAL}: set HWSEARCH_DATA to the folder of data sets")
    keys = {"test_from": "n-mnist-small/Test.zip", "format": "nmnist", "frames": 2, "pool": 17}
    samples = read_events(EventsData(events="n-mnist-small/Test.zip", root=str(REAL), **keys))
    half = samples.x[:100].astype(int)
    assert np.bincount(samples.y[:100]).tolist() == [8, 14, 8, 11, 14, 7, 10, 15, 2, 11]
    assert not any("left out" in words for words in samples.skipped)
    assert half.shape == (100, 2, 2, 2, 2)
