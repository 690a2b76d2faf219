"""Files of events to rows of (t, x, y, polarity): 5-byte events, AEDAT 2.0, 3.1 and 4. Times in whole microseconds.

By hand but for AEDAT 4, which needs ``aedat`` (extra ``events``): docs/data.md says why. Not for HDF5 (`event_sets`),
nor for frames (`event_frames`).
"""

from __future__ import annotations

import re
import struct
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hwsearch.data.readers.files import File, kind_of_bytes
from hwsearch.errors import Fault, InputError


@dataclass(frozen=True, eq=False)
class Events:
    """Events of one recording, [n] each.

    Attributes:
        t: Microseconds, never falling.
        x: Columns.
        y: Rows.
        polarity: 0 or 1.
    """

    t: npt.NDArray[np.int64]
    x: npt.NDArray[np.int64]
    y: npt.NDArray[np.int64]
    polarity: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Sensor:
    """Where events lie.

    Attributes:
        channels: Polarities.
        rows: Of the sensor.
        columns: Of the sensor.
    """

    channels: int
    rows: int
    columns: int


@dataclass(frozen=True)
class Camera:
    """How the files of a camera are read.

    Attributes:
        sensor: Its sensor.
        ending: Of its files.
        read: Returns the events of a file, or raises an ``InputError``.
    """

    sensor: Sensor
    ending: str
    read: Callable[[File], Events]


def checked(events: Events, sensor: Sensor, path: Path) -> Events:
    """Return the events of a recording, or refuse them.

    Raises:
        InputError: There is none, one lies outside of the sensor, or time runs backwards; all of these.
    """
    if not len(events.t):
        raise InputError([Fault("", "a recording must have events", "none", "remove it", path)])
    faults = []
    outside = (events.x < 0) | (events.x >= sensor.columns) | (events.y < 0) | (events.y >= sensor.rows)
    if outside.any():
        first = int(np.flatnonzero(outside)[0])
        law = f"events must lie on the sensor of {sensor.rows} rows and {sensor.columns} columns"
        got = f"row {events.y[first]}, column {events.x[first]} in event {first}, one of {outside.sum()}"
        faults.append(Fault("", law, got, "is it the right format?", path))
    back = np.flatnonzero(np.diff(events.t) < 0)
    if len(back):
        i = int(back[0])
        got = f"{events.t[i + 1]} us after {events.t[i]} us in event {i + 1}, one of {len(back)}"
        faults.append(Fault("", "times of events may not fall", got, "is it the right format?", path))
    if faults:
        raise InputError(faults)
    return events


def read_5_bytes(file: File) -> Events:
    """Read events of 5 bytes: x, y, then polarity (1 bit) and microseconds (23 bits), the high byte first.

    A row of 240 is no event: 2**13 microseconds are added to all times from it on, as the format's authors do.

    Source: G. Orchard et al., "Converting Static Image Datasets to Spiking Neuromorphic Datasets Using Saccades", 2015.
    """
    content = file.read()
    if len(content) % 5:
        law = "a file of 5-byte events must have a multiple of 5 bytes"
        raise _broken(
            file, law, kind_of_bytes(content[:512]) or f"{len(content)} bytes, {len(content) % 5} too many"
        )
    raw = np.frombuffer(content, np.uint8).reshape(-1, 5).astype(np.int64)
    t = ((raw[:, 2] & 127) << 16) | (raw[:, 3] << 8) | raw[:, 4]
    overflow = raw[:, 1] == 240
    t, spikes = t + (np.cumsum(overflow) << 13), ~overflow
    return Events(t[spikes], raw[spikes, 0], raw[spikes, 1], raw[spikes, 2] >> 7)


def _read_aedat(
    file: File,
    decode: Callable[[Any], tuple[Any, Any, Any]],
    keep: Callable[[Any], Any] = lambda address: address >= 0,
) -> Events:
    """Read AEDAT 2.0 or 3.1: lines that begin with #, then addresses and times; times start at 0.

    Args:
        file: The recording.
        decode: Makes columns, rows and polarities of addresses.
        keep: Which addresses are of events; others are of images or motion.

    Source: iniVation, "AEDAT file formats", 2.0 and 3.1.
    """
    content = file.read()
    match = re.match(rb"#!AER-DAT(\d+\.\d+)", content)
    if match is None:
        got = kind_of_bytes(content[:512]) or repr(content[:12])
        raise _broken(file, "the file must begin with #!AER-DAT and a version", got)
    version, at = float(match[1]), 0
    while content[at : at + 1] == b"#":
        end = content.find(b"\n", at)
        at = len(content) if end < 0 else end + 1
        if content[:at].endswith(b"#!END-HEADER\r\n"):
            break
    if 2 <= version < 3:
        if (len(content) - at) % 8:
            law = "events of AEDAT 2.0 have 8 bytes each"
            raise _broken(file, law, f"{(len(content) - at) % 8} bytes too many, so it is cut off")
        pairs = np.frombuffer(content, ">u4", offset=at).reshape(-1, 2)
    elif 3 < version < 4:
        pairs = _packets(file, content, at)
    else:
        raise _broken(file, "the version must be 2.0 or 3.1", match[1].decode(), "say format: aedat4 for 4.0")
    address, t = pairs[:, 0].astype(np.int64), pairs[:, 1].astype(np.int64)
    spikes = keep(address)
    address, t = address[spikes], t[spikes]
    return Events(t - t[:1].sum(), *decode(address))


def _packets(file: File, content: bytes, at: int) -> npt.NDArray[np.uint32]:
    """Return address and time of the polarity events of AEDAT 3.1's packets, whose headers have 28 bytes."""
    found = [np.empty((0, 2), np.uint32)]
    while at < len(content):
        law = "packets must be whole"
        if at + 28 > len(content):
            raise _broken(file, law, f"a header of {len(content) - at} bytes at byte {at}")
        kind, _, size, _, _, _, number, _ = struct.unpack_from("<hhiiiiii", content, at)
        if not 0 < size <= 4096 or number < 0 or at + 28 + size * number > len(content):
            raise _broken(file, law, f"{number} events of {size} bytes at byte {at}, of {len(content)}")
        if kind == 1 and size == 8:
            found.append(np.frombuffer(content, "<u4", 2 * number, at + 28).reshape(-1, 2))
        at += 28 + size * number
    return np.concatenate(found)


def _read_aedat4(file: File) -> Events:
    """Read AEDAT 4 with ``aedat``; times start at 0."""
    try:
        import aedat
    except ModuleNotFoundError:
        todo = "pip install 'hwsearch[events]', or save the recordings as 5-byte events"
        raise InputError(
            [Fault("data.format", "reading AEDAT 4 needs aedat", "it is not installed", todo)]
        ) from None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.aedat4"
        path.write_bytes(file.read())
        try:
            packets = [packet["events"] for packet in aedat.Decoder(path) if "events" in packet]
        except Exception as error:  # aedat raises what its Rust code has: the file is to blame
            raise _broken(file, "the file must be AEDAT 4", str(error)) from None
    if not packets:
        raise InputError([Fault("", "a recording must have events", "none", "remove it", file.path)])
    events = np.concatenate(packets)
    t, x, y = (events[key].astype(np.int64) for key in ("t", "x", "y"))
    polarity = events["on" if "on" in (events.dtype.names or ()) else "p"].astype(np.int64)
    return Events(t - t[:1].sum(), x, y, polarity)


def _broken(file: File, law: str, got: str, todo: str = "record or fetch it anew") -> InputError:
    return InputError([Fault("", law, got, todo, file.path)])


def _dvs128(file: File) -> Events:
    return _read_aedat(file, lambda a: (a >> 8 & 127, a >> 1 & 127, a & 1))


def _dvs_gesture(file: File) -> Events:
    return _read_aedat(file, lambda a: (a >> 17 & 0x1FFF, a >> 2 & 0x1FFF, a >> 1 & 1))


def _davis346(file: File) -> Events:
    decode = lambda a: (345 - (a >> 12 & 0x3FF), 259 - (a >> 22 & 0x1FF), a >> 11 & 1)  # noqa: E731
    return _read_aedat(file, decode, keep=lambda a: a >> 31 == 0)


CAMERAS: dict[str, Camera] = {
    "nmnist": Camera(Sensor(2, 34, 34), ".bin", read_5_bytes),
    "dvs128": Camera(Sensor(2, 128, 128), ".aedat", _dvs128),
    "dvs_gesture": Camera(Sensor(2, 128, 128), ".aedat", _dvs_gesture),
    "davis346": Camera(Sensor(2, 260, 346), ".aedat", _davis346),
    "aedat4": Camera(Sensor(2, 260, 346), ".aedat4", _read_aedat4),
}
"""Cameras by the format of a study; AEDAT 4 is of a DAVIS346, or of one that has no more rows and columns."""
