"""Sets of recordings of events: a file each in folders of classes, or all in one HDF5 file as SHD and SSC have it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from hwsearch.data.readers.event_files import CAMERAS, Events, Sensor, checked
from hwsearch.data.readers.files import kind_of_bytes, path_below
from hwsearch.data.readers.recordings import open_recordings
from hwsearch.errors import Fault, InputError
from hwsearch.study.data_section import EventsData

SHD = Sensor(1, 1, 700)
"""An artificial cochlea of 700 channels."""
_MICROSECONDS = 1_000_000
_MOST_SECONDS = 1e6


@dataclass(frozen=True, eq=False)
class EventSet:
    """Labelled recordings of events.

    Attributes:
        sensor: Where events lie.
        labels: Class of each recording, by its name.
        groups: Group of each; None: they are on their own.
        test: Which are of the official test part; None: there is none.
        path: Where faults of all of them lie.
        skipped: Which files were left out, and why.
        read: Returns the events of a recording by its number, or raises an ``InputError``.
    """

    sensor: Sensor
    labels: npt.NDArray[np.str_]
    groups: npt.NDArray[np.str_] | None
    test: npt.NDArray[np.bool_] | None
    path: Path
    skipped: tuple[str, ...]
    read: Callable[[int], Events]


@contextmanager
def open_camera(data: EventsData) -> Iterator[EventSet]:
    """Give the recordings of a folder or zip.

    Raises:
        InputError: A path is missing or damaged, there is no recording, or one lies in no folder.
    """
    camera = CAMERAS[data.format]
    sensor = camera.sensor
    if data.size is not None:
        sensor = replace(sensor, rows=data.size[0], columns=data.size[1])
    sources = {"events": data.events, "test_from": data.test_from}
    with open_recordings(data.root, sources, (camera.ending,)) as found:

        def read(number: int) -> Events:
            return checked(camera.read(found.files[number]), sensor, found.files[number].path)

        yield EventSet(sensor, found.labels, found.groups, found.test, found.path, found.skipped, read)


@contextmanager
def open_shd(data: EventsData) -> Iterator[EventSet]:
    """Give the recordings of an HDF5 file, and of a second one that is the official test part.

    ``spikes/times`` are seconds, ``spikes/units`` the inputs 0 .. 699; ``labels`` are numbers, which ``extra/keys``
    name; ``extra/speaker`` is a group.

    Raises:
        InputError: A file is missing, or is not of this format.

    Source: B. Cramer et al., "The Heidelberg spiking data sets for the systematic evaluation of spiking neural
    networks", IEEE TNNLS 2020.
    """
    named = {"events": data.events, "test_from": data.test_from}
    paths = [path_below(data.root, name, f"data.{key}") for key, name in named.items() if name is not None]
    with ExitStack() as stack:
        files = [stack.enter_context(_opened(path)) for path in paths]
        counts = [len(file["labels"]) for file in files]
        places = [(k, i) for k, count in enumerate(counts) for i in range(count)]

        def read(number: int) -> Events:
            k, i = places[number]
            return _recording(files[k], i, paths[k])

        labels = np.concatenate([_labels(file, path) for file, path in zip(files, paths, strict=True)])
        groups = None
        if all("extra/speaker" in file for file in files):
            groups = np.concatenate([file["extra/speaker"][:].astype(str) for file in files])
        test = np.repeat([False, True], counts) if len(counts) > 1 else None
        yield EventSet(SHD, labels, groups, test, paths[0], (), read)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open an HDF5 file that has what SHD's files have."""
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        with path.open("rb") as stream:
            got = kind_of_bytes(stream.read(512)) or str(error)
        todo = "fetch it anew, or unpack it" if got == "gzip" else "fetch it anew"
        raise InputError([Fault("", "the file must be HDF5", got, todo, path)]) from None
    with file:
        wanted = ("spikes/times", "spikes/units", "labels")
        missing = [name for name in wanted if not isinstance(file.get(name), h5py.Dataset)]
        law = f"the file must have {', '.join(wanted)}, as SHD's files have"
        if missing:
            raise InputError([Fault("", law, f"no {', '.join(missing)}", "is it the right format?", path)])
        lengths = {name: len(file[name]) for name in wanted}
        if len(set(lengths.values())) > 1 or not lengths["labels"]:
            law = "there must be times, units and a label for each recording"
            raise InputError([Fault("", law, str(lengths), "fetch it anew", path)])
        if any(h5py.check_vlen_dtype(file[name].dtype) is None for name in wanted[:2]):
            law = "spikes/times and spikes/units must be lists of numbers"
            raise InputError([Fault("", law, str(file[wanted[0]].dtype), "fetch it anew", path)])
        yield file


def _labels(file: Any, path: Path) -> npt.NDArray[np.str_]:
    """Return the names of the classes of all recordings."""
    labels = file["labels"][:]
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise InputError([Fault("labels", "labels must be whole numbers", str(labels.dtype), path=path)])
    keys = file.get("extra/keys")
    if keys is None:
        numbers: npt.NDArray[np.str_] = labels.astype(np.str_)
        return numbers
    names = [name.decode() if isinstance(name, bytes) else str(name) for name in keys[:]]
    wrong = (labels < 0) | (labels >= len(names))
    if wrong.any():
        law = f"labels must lie in 0 .. {len(names) - 1}, the names of extra/keys"
        raise InputError([Fault("labels", law, str(labels[wrong][0]), path=path)])
    named: npt.NDArray[np.str_] = np.array(names)[labels]
    return named


def _recording(file: Any, number: int, path: Path) -> Events:
    """Return the events of one recording."""
    at = path / f"recording {number}"
    times, units = (
        np.asarray(file["spikes/times"][number], np.float64),
        np.asarray(file["spikes/units"][number]),
    )
    if len(times) != len(units):
        law = "there must be a time for each unit of a recording"
        raise InputError([Fault("", law, f"{len(times)} times, {len(units)} units", "fetch it anew", at)])
    if not (np.isfinite(times) & (times >= 0) & (times < _MOST_SECONDS)).all():
        law = "times must be finite seconds from 0 on"
        raise InputError([Fault("", law, f"{times.min()} .. {times.max()}", "fetch it anew", at)])
    order = np.argsort(times, kind="stable")
    t = np.floor(times[order] * _MICROSECONDS).astype(np.int64)
    zeros = np.zeros_like(t)
    return checked(Events(t, units[order].astype(np.int64), zeros, zeros), SHD, at)
