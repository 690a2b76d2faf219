"""Files of events by hand, against the field's own reader where it is installed, and damaged ones."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from builders.recordings import aedat, five_bytes
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsearch.data.readers.event_files import CAMERAS, Events, Sensor, checked, read_5_bytes
from hwsearch.data.readers.files import File
from hwsearch.errors import InputError


def file(content: bytes) -> File:
    return File("a", Path("a.bin"), lambda: content)


def listed(events: Events) -> list[tuple[int, ...]]:
    return list(
        zip(events.t.tolist(), events.x.tolist(), events.y.tolist(), events.polarity.tolist(), strict=True)
    )


def test_5_bytes_by_hand() -> None:
    # x 3, y 7, polarity 1, t = 0x012345 = 74565
    assert listed(read_5_bytes(file(bytes.fromhex("03 07 81 23 45")))) == [(74565, 3, 7, 1)]


def test_a_row_of_240_adds_to_all_later_times() -> None:
    events = five_bytes([(5, 1, 2, 0), (6, 0, 240, 0), (7, 3, 4, 1)])
    assert listed(read_5_bytes(file(events))) == [(5, 1, 2, 0), (8192 + 7, 3, 4, 1)]


EVENT = st.tuples(st.integers(0, 2**23 - 1), st.integers(0, 33), st.integers(0, 33), st.integers(0, 1))


@given(st.lists(EVENT, max_size=20))
@settings(deadline=None)
def test_what_is_written_is_read_as_others_read_it(events: list[tuple[int, int, int, int]]) -> None:
    content = five_bytes(events)
    found = read_5_bytes(file(content))
    assert listed(found) == events
    io_of_tonic = pytest.importorskip("tonic.io")
    kinds = np.dtype([("x", int), ("y", int), ("t", int), ("p", int)])
    theirs = io_of_tonic.read_mnist_file(io.BytesIO(content), kinds, is_stream=True)
    assert [(t, x, y, p) for x, y, t, p in theirs.tolist()] == listed(found)


@pytest.mark.parametrize(
    ("name", "version", "address"),
    [
        ("dvs128", "2.0", 5 << 8 | 9 << 1 | 1),
        ("dvs_gesture", "3.1", 5 << 17 | 9 << 2 | 1 << 1),
        ("davis346", "2.0", (345 - 5) << 12 | (259 - 9) << 22 | 1 << 11),
    ],
)
def test_aedat_by_hand(name: str, version: str, address: int) -> None:
    content = aedat(version, [(address, 1000), (address, 1500)])
    assert listed(CAMERAS[name].read(file(content))) == [(0, 5, 9, 1), (500, 5, 9, 1)]


def test_what_is_no_event_is_left_out() -> None:
    assert listed(CAMERAS["davis346"].read(file(aedat("2.0", [(1 << 31, 5)])))) == []
    assert listed(CAMERAS["dvs_gesture"].read(file(aedat("3.1", [(0, 5)], kind=3)))) == []


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("nmnist", b"123456", "a multiple of 5 bytes; got 6 bytes, 1 too many"),
        ("nmnist", b"<html>", "a multiple of 5 bytes; got a web page"),
        ("dvs128", b"", "must begin with #!AER-DAT and a version; got an empty file"),
        ("dvs128", b"\x00\x01", r"must begin with #!AER-DAT and a version; got b'\\x00"),
        ("dvs128", b"#!AER-DAT1.0\r\n", "the version must be 2.0 or 3.1; got 1.0"),
        ("dvs128", b"#!AER-DAT4.0\r\n", "say format: aedat4 for 4.0"),
        ("dvs128", aedat("2.0", [(0, 0)])[:-1], "8 bytes each; got 7 bytes too many, so it is cut off"),
        ("dvs_gesture", aedat("3.1", [(0, 0)])[:-1], "packets must be whole; got 1 events of 8 bytes"),
        ("dvs_gesture", aedat("3.1", [])[:-1], "packets must be whole; got a header of 27 bytes"),
    ],
)
def test_damaged_files_are_refused(name: str, content: bytes, words: str) -> None:
    with pytest.raises(InputError, match=rf"a\.bin: .*{words}"):
        CAMERAS[name].read(file(content))


def test_aedat_4_needs_aedat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aedat", None)
    with pytest.raises(InputError, match=r"data\.format: .*needs aedat.*pip install 'hwsearch\[events\]'"):
        CAMERAS["aedat4"].read(file(b""))


def test_aedat_4_that_is_none() -> None:
    pytest.importorskip("aedat")
    with pytest.raises(InputError, match=r"a\.bin: the file must be AEDAT 4; got"):
        CAMERAS["aedat4"].read(file(b"#!AER-DAT4.0\r\nnothing"))


def test_events_must_be_some_and_lie_on_the_sensor_in_order_of_time() -> None:
    none = np.empty(0, np.int64)
    with pytest.raises(InputError, match=r"a\.bin: a recording must have events; got none"):
        checked(Events(none, none, none, none), Sensor(2, 34, 34), Path("a.bin"))
    one = np.array([5, 9, 7])
    events = Events(one, np.array([0, 34, 0]), np.array([0, 1, 99]), np.zeros(3, np.int64))
    with pytest.raises(InputError) as caught:
        checked(events, Sensor(2, 34, 34), Path("a.bin"))
    outside, back = map(str, caught.value.faults)
    assert "got row 1, column 34 in event 1, one of 2" in outside
    assert "times of events may not fall; got 7 us after 9 us in event 2, one of 1" in back
