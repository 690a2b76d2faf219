"""The section data: a class a format, known by its source key; each law in its words, at its line."""

from pathlib import Path
from typing import Any

import pytest
from builders.studies import SHORT, changed, faults, load

from hwsearch.study import sources
from hwsearch.study.data_section import FORMATS, called
from hwsearch.study.model import load_study, write_study
from hwsearch.study.parts_section import Parts

TABLE = {"csv": "a.csv", "label": "state"}
WAV = {"wav": "r.zip", "label": "{label}_{group}_{take}.wav"}
SOUND: list[dict[str, Any]] = [
    {"name": "digits"},
    {"name": "hydraulic", "target": "cooler", "as": "image"},
    {"npz": "w/windows.npz", "group": "machine", "part": "part", "axes": "NTC"},
    {
        **TABLE,
        "columns": ["p1", "p2"],
        "group": "run",
        "time": "t",
        "window": 64,
        "hop": 32,
        "labels": "majority",
    },
    {"tsv": "a.tsv", "label": "state"},
    {"parquet": "a.parquet", "label": "state", "window": 4, "labels": "frame"},
    {**WAV, "frames": 32, "mel": 28, "hop": "8 ms", "test_where": {"take": "0..4", "group": ["theo", 3]}},
    {"wav": "r", "label": "folder", "test_from": "t", "as": "image", "loudness": "peak", "range_db": 48.0},
    {"images": "photos/", "size": [32, 24], "grey": True},
    {"idx": {"images": "a", "labels": "b", "test_images": "c", "test_labels": "d"}},
    {"events": "train/", "format": "nmnist", "frames": 10, "window": "15ms", "pool": 2, "clip": 15},
    {"events": "a.zip", "format": "nmnist", "size": [180, 240]},
    {"plugin": "my_loader", "options": {"n": 3, "words": ["a"]}},
]


def study(tmp_path: Path, data: dict[str, Any]) -> Any:
    return load(tmp_path, changed("data", data))


@pytest.mark.parametrize("data", SOUND, ids=lambda data: next(key for key in FORMATS if key in data))
def test_a_section_is_read_written_and_read_again(tmp_path: Path, data: dict[str, Any]) -> None:
    read = study(tmp_path, data)
    assert type(read.data) is FORMATS[next(key for key in FORMATS if key in data)]
    write_study(read, tmp_path / "again.yaml")
    again = load_study(tmp_path / "again.yaml")
    assert (again, again.digest) == (read, read.digest)


def test_values_as_they_are_meant(tmp_path: Path) -> None:
    wav = study(tmp_path, SOUND[6]).data
    assert (wav.hop, wav.layout) == (0.008, "sequence")
    assert wav.test_where == {"take": ("0", "1", "2", "3", "4"), "group": ("theo", "3")}
    assert study(tmp_path, {**WAV, "test_where": {"take": 7}}).data.test_where == {"take": ("7",)}
    assert called(wav) == "r.zip"
    assert [called(study(tmp_path, SOUND[i]).data) for i in (0, 9, 12)] == ["digits", "a", "my_loader"]


def test_every_format_is_of_the_union() -> None:
    kinds = {kind for kind in vars(sources).values() if isinstance(kind, type) and issubclass(kind, Parts)}
    assert set(FORMATS.values()) == kinds - {Parts, sources.Laid, sources.TableData}


def test_the_digest_of_studies_of_named_sets_stays(tmp_path: Path) -> None:
    assert load(tmp_path, SHORT).digest == "f0fe5a905ee2120f"
    assert study(tmp_path, {"name": "digits", "as": "sequence"}).digest == "f0fe5a905ee2120f"
    assert study(tmp_path, {"name": "digits", "as": "image"}).digest != "f0fe5a905ee2120f"


@pytest.mark.parametrize(
    ("data", "where", "words"),
    [
        ({"cvs": "a.csv", "label": "x"}, "data.cvs", "must come from exactly one of name, npz, .*did you mean 'csv'"),
        ({"validation": 0.2}, "data", "must come from exactly one of name, npz"),
        ({}, "data", "exactly one of .*none of them"),
        ({"csv": "a", "npz": "b"}, "data.csv", "got npz and csv .remove one"),
        ({"csv": "a.csv"}, "data.label", "this key is required"),
        ({**TABLE, "windw": 3}, "data.windw", "no such key here.*did you mean 'window'"),
        ({**TABLE, "mel": 3}, "data.mel", "no such key here.*known keys: as, columns, csv"),
        ({**TABLE, "csv": "../a.csv"}, "data.csv", "a path must lie below the study's folder.*set data.root"),
        ({**TABLE, "csv": "/etc/a.csv"}, "data.csv", "a path must lie below"),
        ({**TABLE, "csv": "C:\\a.csv"}, "data.csv", "a path must lie below"),
        ({**TABLE, "csv": "b\\..\\..\\a.csv"}, "data.csv", "a path must lie below"),
        ({**TABLE, "csv": " "}, "data.csv", "a path may not be empty"),
        ({**TABLE, "csv": 3}, "data.csv", "must be a valid string.*write it in quotes"),
        ({**TABLE, "columns": []}, "data.columns", "a list may not be empty"),
        ({**TABLE, "columns": ["a", "a"]}, "data.columns", "may not repeat a value"),
        ({**TABLE, "columns": ["a", "state"]}, "data.label", "one use only; got 'state'"),
        ({**TABLE, "group": "state"}, "data.label", "one use only"),
        ({**TABLE, "hop": 3}, "data.hop", "hop is of windows; got 3 .say window"),
        ({**TABLE, "labels": "frame"}, "data.labels", "labels is of windows"),
        ({**TABLE, "window": 0}, "data.window", "a count must be at least 1"),
        ({**TABLE, "window": 2, "labels": "frame", "as": "image"}, "data.labels", "a still image has one label"),
        ({**TABLE, "window": 2, "labels": "first"}, "data.labels", "'last', 'majority' or 'frame'"),
        ({**TABLE, "as": "movie"}, "data.as", "'sequence' or 'image'"),
        ({"wav": "r", "label": "{take}.wav"}, "data.label", "a pattern of file names with .label. in it"),
        ({"wav": "r", "label": "{label}_{label}.wav"}, "data.label", "name each field once"),
        ({"wav": "r", "label": "{label}{take}.wav"}, "data.label", "something between two fields"),
        ({"wav": "r", "label": "{label_.wav"}, "data.label", "pattern of file names"),
        ({"wav": "r", "label": "{label}_{a-b}.wav"}, "data.label", "a field is a name in braces"),
        ({**WAV, "test_where": {"tke": 1}}, "data.test_where.tke", "must name fields.*did you mean 'take'"),
        ({**WAV, "test_where": {"take": "4..0"}}, "data.test_where.take", "a range of whole numbers"),
        ({**WAV, "test_where": {"take": []}}, "data.test_where.take", "a range of whole numbers"),
        ({**WAV, "test_where": {"take": 1}, "test_from": "t"}, "data.test_from", "may be named once"),
        ({**WAV, "hop": 16}, "data.hop", "a time must be above 0 and carry its unit"),
        ({**WAV, "hop": "16 mm"}, "data.hop", "units of time: ns, us, ms, s"),
        ({**WAV, "hop": "0 ms"}, "data.hop", "a time must be above 0"),
        ({**WAV, "mel": 500}, "data.mel", r"mel must lie in 1 \.\. 128"),
        ({**WAV, "frames": 5000}, "data.frames", r"frames must lie in 1 \.\. 1024"),
        ({**WAV, "range_db": 200}, "data.range_db", r"range_db must lie in 6 \.\. 96"),
        ({"images": "p", "size": [0, 4]}, "data.size", "sides must be a number, or a list of two"),
        ({"images": "p", "size": 5000}, "data.size", "sides must be 1024 at most"),
        ({"idx": {"images": "a"}}, "data.idx.labels", "this key is required"),
        ({"idx": {"images": "a", "labels": "b", "test_images": "c"}}, "data.idx", "go together; got no test_labels"),
        ({"events": "t", "format": "dvs"}, "data.format", "'nmnist', 'shd', 'dvs128', 'dvs_gesture'"),
        ({"events": "t", "format": "shd", "size": [1, 200]}, "data.size", "is known for shd; got .1, 200. .remove it"),
        ({"events": "t", "format": "nmnist", "size": 300}, "data.size", "8 bits for a row"),
        ({"events": "t", "format": "shd", "clip": 256}, "data.clip", r"clip must lie in 1 \.\. 255"),
        ({"plugin": "a b"}, "data.plugin", "a name must be letters"),
        ("digits", "data", "must be a mapping"),
    ],
)  # fmt: skip
def test_what_breaks_a_law_is_named(tmp_path: Path, data: Any, where: str, words: str) -> None:
    import re

    found = faults(tmp_path, changed("data", data))
    assert len(found) == 1, found
    assert re.search(rf"^\d+: {re.escape(where)}: .*{words}", found[0]), found[0]


def test_all_faults_at_once(tmp_path: Path) -> None:
    found = faults(tmp_path, changed("data", {**TABLE, "csv": "../a", "window": 0, "validation": 2}))
    assert [fault.split(": ")[1] for fault in found] == ["data.validation", "data.window", "data.csv"]
