"""A study's section ``data`` to ``Samples``: the reader of its format reads it.

A new format is a section class (`study.sources`), a reader, and one entry in ``READERS``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hwsearch.data.readers.event_frames import read_events
from hwsearch.data.readers.idx_images import read_idx_data
from hwsearch.data.readers.images import read_images
from hwsearch.data.readers.npz import read_npz
from hwsearch.data.readers.plugin import read_plugin
from hwsearch.data.readers.shipped import read_shipped
from hwsearch.data.readers.tables import read_table
from hwsearch.data.readers.wav import read_wavs
from hwsearch.data.samples import Samples
from hwsearch.study.data_section import (
    CsvData,
    EventsData,
    IdxData,
    ImagesData,
    NamedData,
    NpzData,
    ParquetData,
    PluginData,
    TsvData,
    WavData,
)
from hwsearch.study.parts_section import Parts

READERS: dict[type[Parts], Callable[[Any], Samples]] = {
    CsvData: read_table,
    TsvData: read_table,
    ParquetData: read_table,
    NpzData: read_npz,
    IdxData: read_idx_data,
    WavData: read_wavs,
    EventsData: read_events,
    ImagesData: read_images,
    PluginData: read_plugin,
}
"""The reader of each format."""


def read_samples(data: Parts, root: Path | None = None) -> Samples:
    """Read all samples that a study's section names.

    Args:
        data: The section; paths in it start from its ``root``.
        root: Folder of data sets by name.

    Raises:
        InputError: Something is missing, damaged or breaks a law; all faults that can be told at once.
    """
    if isinstance(data, NamedData):
        return read_shipped(data, root)
    return READERS[type(data)](data)
