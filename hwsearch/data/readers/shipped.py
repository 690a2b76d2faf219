"""Data sets by name: each is a description that the readers of their formats read; digits come with scikit-learn.

A new one is one entry in ``LOADERS``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from hwsearch.data.readers.event_frames import read_events
from hwsearch.data.readers.hydraulic import TARGETS, read_hydraulic
from hwsearch.data.readers.idx_images import read_idx_data
from hwsearch.data.readers.wav import read_wavs
from hwsearch.data.samples import Samples
from hwsearch.errors import Fault, InputError, did_you_mean
from hwsearch.study.data_section import EventsData, IdxData, IdxFiles, NamedData, WavData

Loader = Callable[[Path | None, NamedData], Samples]


def read_shipped(data: NamedData, root: Path | None) -> Samples:
    """Read a data set by its name.

    Args:
        data: The study's section.
        root: Folder of data sets; None: nobody named it.

    Raises:
        InputError: The name is unknown, a key is not of this set, or its files are missing or damaged.
    """
    loader = LOADERS.get(data.name)
    if loader is None:
        todo = did_you_mean(data.name, LOADERS, "data sets")
        raise InputError([Fault("data.name", "the data set must be a known one", repr(data.name), todo)])
    takes = _TAKES.get(data.name, ())
    faults = [
        Fault(
            f"data.{'as' if key == 'layout' else key}",
            f"{data.name} has no such choice",
            str(value),
            "remove it",
        )
        for key, value in (("target", data.target), ("frames", data.frames), ("layout", data.layout))
        if key not in takes and value != NamedData.model_fields[key].default
    ]
    if faults:
        raise InputError(faults)
    try:
        return loader(root, data)
    except InputError as error:
        raise InputError(_of_the_set(fault) for fault in error.faults) from None


def _of_the_set(fault: Fault) -> Fault:
    """Return a fault of the description, whose keys are not in the study, at the name of the set."""
    keys = ("data.name", "data.root", "data.target", "data.frames", "data.as")
    return (
        replace(fault, where="data.name")
        if fault.where.startswith("data.") and fault.where not in keys
        else fault
    )


def folder_of(root: Path | None, folder: str) -> Path:
    """Return the folder of one data set below that of all.

    Raises:
        InputError: Nobody named the folder of data sets, or it does not hold this one.
    """
    if root is None:
        law = f"a folder that holds {folder}/ must be named"
        todo = "set data.root in the study, --data-root on the command line, or HWSEARCH_DATA"
        raise InputError([Fault("data.root", law, "none of the three places", todo)])
    if not (root / folder).is_dir():
        law = f"the folder of data sets must hold {folder}/"
        todo = "correct data.root, --data-root or HWSEARCH_DATA"
        raise InputError([Fault("data.root", law, str(root), todo)])
    return root / folder


def _digits(root: Path | None, data: NamedData) -> Samples:
    """Load scikit-learn's bundled digits, 8 x 8 in 0 .. 16; they need no folder."""
    if (bundled := _bundled("datasets/data/digits.csv.gz")) is not None:
        table = np.loadtxt(bundled, np.uint8, delimiter=",")
        images, labels = table[:, :-1].reshape(-1, 8, 8), table[:, -1]
    else:
        from sklearn.datasets import load_digits

        images, labels = load_digits(return_X_y=True)
        images = images.reshape(-1, 8, 8).astype(np.uint8)
    return Samples(np.ascontiguousarray(images[:, None]), labels.astype(np.int64), input_max=16, classes=10)


def _bundled(name: str) -> Path | None:
    """Return a file of scikit-learn, without importing that, which takes a second; None: it is elsewhere."""
    package = find_spec("sklearn")
    places = [] if package is None else package.submodule_search_locations or []
    return next((path for place in places if (path := Path(place) / name).is_file()), None)


def _mnist(root: Path | None, data: NamedData) -> Samples:
    """Load 28 x 28 images of ten classes from MNIST's four files."""
    folder = folder_of(root, FOLDERS[data.name])
    train, test = (
        (f"{part}-images-idx3-ubyte.gz", f"{part}-labels-idx1-ubyte.gz") for part in ("train", "t10k")
    )
    files = IdxFiles(images=train[0], labels=train[1], test_images=test[0], test_labels=test[1])
    return read_idx_data(IdxData(idx=files, root=str(folder)), item_shape=(28, 28), classes=10)


def _fsdd(root: Path | None, data: NamedData) -> Samples:
    """Load the Free Spoken Digit Dataset: takes 0 .. 4 are the official test part, which shares its speakers."""
    wav = WavData(
        wav="recordings.zip",
        label="{label}_{group}_{take}.wav",
        test_where={"take": ("0", "1", "2", "3", "4")},
        loudness="peak",
        frames=data.frames or 32,
        hop=0.512 / (data.frames or 32),
        root=str(folder_of(root, FOLDERS[data.name])),
    )
    return read_wavs(wav.model_copy(update={"layout": data.layout}))


def _nmnist(root: Path | None, data: NamedData) -> Samples:
    """Load the published small subset of N-MNIST: 1,000 recordings, and 100 of the official test part."""
    events = EventsData(
        events="Train.zip",
        test_from="Test.zip",
        format="nmnist",
        frames=data.frames or 20,
        root=str(folder_of(root, FOLDERS[data.name])),
    )
    return read_events(events.model_copy(update={"layout": data.layout}))


def _hydraulic(root: Path | None, data: NamedData) -> Samples:
    """Load one of the five labels of the hydraulic test rig."""
    if data.target not in TARGETS:
        todo = f"say target: {', '.join(TARGETS)}"
        if data.target is not None:
            todo = did_you_mean(data.target, TARGETS, "targets")
        law = f"{data.name} has several labels, of which target says one"
        raise InputError([Fault("data.target", law, repr(data.target or "none"), todo)])
    return read_hydraulic(folder_of(root, FOLDERS[data.name]), data.target, data.layout)


LOADERS: dict[str, Loader] = {
    "digits": _digits,
    "mnist": _mnist,
    "fashion-mnist": _mnist,
    "fsdd": _fsdd,
    "nmnist": _nmnist,
    "hydraulic": _hydraulic,
}
FOLDERS = {name: name for name in LOADERS if name != "digits"} | {"nmnist": "n-mnist-small"}
"""Below the folder of data sets; digits have none: scikit-learn brings them along."""

_TAKES = {"fsdd": ("frames", "layout"), "nmnist": ("frames", "layout"), "hydraulic": ("target", "layout")}
"""Which of their keys (``target``, ``frames``, ``layout``) data sets have a use for."""
