"""`hwsearch monitor`: how a trial's monitor is learned, and an export's monitor run over a stream on this computer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hwsearch.data.datasets import resplit
from hwsearch.data.readers.npz import read_array
from hwsearch.errors import Fault, InputError, RecordError
from hwsearch.export.agree import read_config
from hwsearch.export.bundle import CONFIG
from hwsearch.export.manifest import read_manifest
from hwsearch.export.monitor import FILE as MONITOR
from hwsearch.export.monitor import read_monitor
from hwsearch.export.weights import FILE as WEIGHTS
from hwsearch.export.weights import read_weights
from hwsearch.monitor.groups import Groups
from hwsearch.monitor.learn import Monitor, Part, learn
from hwsearch.monitor.quantities import Seen, quantities_of, seen
from hwsearch.monitor.recorded import read_seen
from hwsearch.monitor.rule import Alarm, alarms
from hwsearch.monitor.words import monitor_words, noticed_words
from hwsearch.network.integers import IntegerNetwork
from hwsearch.results.exported import dataset_in, encoding_in
from hwsearch.results.recover import Recovered

ARRAY = "x"
"""The array of a stream's npz file."""


@dataclass(frozen=True)
class Stream:
    """What a monitor is run over; without either, test samples of the export's study in a drawn order.

    Attributes:
        data: An npz file with an array ``x`` of samples in their order, as the study's own are before encoding.
        recorded: A CSV file of what firmware recorded (`hwsearch.monitor.recorded`).
        data_root: The folder of data sets, for the study's own samples.
    """

    data: Path | None = None
    recorded: Path | None = None
    data_root: Path | None = None


@dataclass(frozen=True)
class Watched:
    """What a monitor said of a stream.

    Attributes:
        monitor: The monitor.
        inferences: Of the stream.
        alarms: Every alarm; what adds up begins anew after each.
        of: What the stream is of.
    """

    monitor: Monitor
    inferences: int
    alarms: tuple[Alarm, ...]
    of: str

    @property
    def sentences(self) -> tuple[str, str]:
        """What is watched, and what was noticed."""
        return monitor_words(self.monitor), noticed_words(self.monitor, self.inferences, self.alarms, self.of)


def learned(recovered: Recovered) -> Monitor:
    """Return a trial's monitor, learned on the validation samples of its own training; groups of training are used too.

    Raises:
        InputError: There are too few of them.
    """
    data, study = recovered.plan.data, recovered.plan.study
    own = data if recovered.seed == study.seed else resplit(data, recovered.seed)
    network, groups = recovered.network, own.groups
    validation = Part(seen(network, own.x_val), None if groups is None else groups[1])
    training = None if groups is None else Part(seen(network, own.x_train), groups[0])
    return learn(quantities_of(network), validation, training, own.classes, recovered.seed)


def watch_export(folder: Path, stream: Stream) -> Watched:
    """Run an export's monitor over a stream on this computer.

    Raises:
        InputError: The stream cannot be read, is not of the model's inputs, or two are given.
        RecordError: A file of the export is missing or damaged, or it has no monitor.
    """
    if stream.data is not None and stream.recorded is not None:
        raise InputError([Fault("--recorded", "a stream is samples or what was recorded", "--data too")])
    files = read_manifest(folder)["files"]
    if missing := [name for name in (MONITOR, WEIGHTS) if name not in files]:
        todo = "export the trial again with --format config,weights,monitor"
        raise RecordError(f"{folder}: an export must have a monitor; got none of {missing[0]} ({todo})")
    network, _ = read_weights(folder / WEIGHTS)
    monitor = read_monitor(folder / MONITOR, network)
    what, of = _seen(folder, network, stream)
    return Watched(monitor, len(what), tuple(alarms(monitor.rule, what)), of)


def _seen(folder: Path, network: IntegerNetwork, stream: Stream) -> tuple[Seen, str]:
    """Return what is to be judged, and what it is of."""
    if stream.recorded is not None:
        classes = network.populations[-1].shape.channels
        return read_seen(stream.recorded, quantities_of(network), classes), "recorded inferences"
    config = read_config(folder / CONFIG)
    if stream.data is not None:
        return seen(network, _encoded(config, network, stream.data, folder)), f"samples of {stream.data.name}"
    dataset = dataset_in(folder, config, network.input, stream.data_root)
    # files are often sorted by class, which no stream is; groups stay whole
    groups = Groups(np.arange(len(dataset.x_test)) if dataset.groups is None else dataset.groups[2])
    order = groups.drawn(np.random.default_rng(0).permutation(groups.n))
    return seen(network, dataset.x_test[order]), "test samples in a drawn order"


def _encoded(config: dict[str, Any], network: IntegerNetwork, path: Path, folder: Path) -> np.ndarray:
    """Return the samples of a file as the network reads them.

    Raises:
        InputError: They are none of its inputs.
        RecordError: The config does not say how they are encoded.
    """
    encoding = encoding_in(folder, config, network.input)
    raw, read = read_array(path, ARRAY), network.input
    shape = read.shape if read.frames is None else (read.frames, *read.shape)
    law = f"samples must become inputs of shape {shape} in 0 .. {read.max} by the study's encoding"
    whole = raw.dtype.kind in "ui"
    if not len(raw) or not (whole or (raw.dtype.kind == "f" and np.isfinite(raw).all())):
        raise InputError([Fault(ARRAY, law, f"{raw.shape} of type {raw.dtype}", path=path)])
    try:
        x = encoding(raw) if encoding.steps else raw
    except (ValueError, IndexError) as error:
        raise InputError([Fault(ARRAY, law, f"{raw.shape}: {error}", path=path)]) from None
    if x.dtype.kind not in "ui" or x.shape[1:] != shape or int(x.min()) < 0 or int(x.max()) > read.max:
        got = f"{x.shape} of type {x.dtype}, {x.min()} .. {x.max()}"
        raise InputError([Fault(ARRAY, law, got, path=path)])
    return x
