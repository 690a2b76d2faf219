"""Sections of formats by hand: defaults, and the key `as`; what breaks their laws is in test_data_section.py."""

import pytest
from pydantic import ValidationError

from hwsearch.study.sources import CsvData, EventsData, WavData


def test_defaults() -> None:
    wav = WavData(wav="r", label="folder")
    assert (wav.frames, wav.mel, wav.hop, wav.loudness, wav.range_db, wav.layout) == (
        32, 28, 0.016, "recorded", 60.0, "sequence",
    )  # fmt: skip
    events = EventsData(events="r", format="nmnist")
    assert (events.frames, events.window, events.pool, events.clip) == (20, None, (1, 1), None)


def test_the_key_as_is_written_as_it_is_read() -> None:
    data = CsvData(csv="t.csv", label="state", **{"as": "image"})
    assert data.layout == "image"
    written = data.model_dump(mode="json")
    assert written["as"] == "image"
    assert "layout" not in written
    with pytest.raises(ValidationError):
        CsvData(csv="t.csv", label="state", layout="image")
