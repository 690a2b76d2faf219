"""``hwsearch data check``: what it prints, and that every malformed input is one message and exit code 2."""

import re
import signal
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders.idx import idx_file
from builders.recordings import aedat, five_bytes, in_folders, png, tone, wav
from builders.studies import changed
from ruamel.yaml import YAML

from hwsearch import cli
from hwsearch.data import plugins

EXAMPLE = Path(__file__).parents[1] / "docs" / "example_plugin.py"
EVENTS = five_bytes([(1, 2, 3, 1), (9, 33, 33, 0)])


def ask(monkeypatch: pytest.MonkeyPatch, folder: Path, data: dict[str, Any], *options: str) -> int:
    """Run the command line on a study of these data; return its exit code."""
    with (folder / "study.yaml").open("w", encoding="utf-8") as stream:
        YAML(typ="safe", pure=True).dump(changed("data", data), stream)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    monkeypatch.setattr(plugins, "_FROM_FILES", {})
    monkeypatch.setattr(sys, "argv", ["hwsearch", "data", "check", "study.yaml", *options])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return int(caught.value.code or 0)


def table(folder: Path) -> dict[str, Any]:
    rows = [
        f"{run},{t},{0.5 * t + 10 * run},{'ok' if run % 2 else 'worn'}" for run in range(8) for t in range(9)
    ]
    (folder / "t.csv").write_text("run,t,p1,state\n" + "\n".join(rows) + "\n")
    return {"csv": "t.csv", "label": "state", "group": "run", "time": "t", "window": 4, "hop": 2}


def test_it_says_what_was_read_and_what_became_of_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(monkeypatch, tmp_path, table(tmp_path)) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "samples: 24 sequences of 4 frames of 1 channels, 1 rows, 1 columns; measured values"
    assert said[1] == "classes: 2, by samples: ok 12, worn 12"
    assert "left out: 8 rows at the ends of 8 recordings fill no window of 4" in said
    assert "a few samples: data.png" in said
    assert any(words.startswith("test: ") for words in said)
    assert (tmp_path / "data.png").stat().st_size > 1000


def test_a_plugin_is_named_on_the_command_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = {"plugin": "bursts", "options": {"n": 60}}
    assert ask(monkeypatch, tmp_path, data, "--plugin", str(EXAMPLE)) == 0
    assert "samples: 60 sequences of 16 frames of 3 channels" in capsys.readouterr().out
    assert ask(monkeypatch, tmp_path, data) == 2
    assert "study.yaml:" in (said := capsys.readouterr().err)
    assert "data.plugin: a plugin must be installed" in said


def npz(folder: Path, **arrays: Any) -> None:
    np.savez(folder / "w.npz", **arrays)


def files(folder: Path, **contents: bytes) -> None:
    for name, content in contents.items():
        (folder / name).write_bytes(content)


def zipped(folder: Path, *names: str) -> None:
    with zipfile.ZipFile(folder / "r.zip", "w") as archive:
        for name in names:
            archive.writestr(name, EVENTS)


TONE, GREY = wav(tone(300)), png(np.zeros((4, 4)))
X, Y = np.ones((6, 2)), np.repeat([0, 1], 3)
CSV = {"csv": "t.csv", "label": "state"}
WAV = {"wav": "r", "label": "folder"}
IDX = {"idx": {"images": "x", "labels": "y"}}
BOTH = [
    "v,part,run,state\n",
    *(f"{i},{('train', 'test')[i % 3 == 0]},{i // 6},{'ab'[i % 2]}\n" for i in range(24)),
]
MALFORMED: dict[str, tuple[Any, dict[str, Any], str]] = {
    "unknown source": (None, {"cvs": "t.csv"}, r"study\.yaml:\d+: data\.cvs: .*did you mean 'csv'"),
    "name": (None, {"name": "mnits"}, r"study\.yaml:\d+: data\.name: .*did you mean 'mnist'"),
    "path": (None, {**CSV, "csv": "../t.csv"}, r"study\.yaml:\d+: data\.csv: a path must lie below"),
    "no file": (None, CSV, r"study\.yaml:\d+: data\.csv: the file or folder must exist"),
    "npz objects": (lambda f: npz(f, x=np.array([{}] * 6), y=Y), {"npz": "w.npz"}, r"w\.npz: x: arrays of objects"),
    "npz not finite": (lambda f: npz(f, x=X * np.inf, y=Y), {"npz": "w.npz"}, r"w\.npz: x: .*finite numbers"),
    "npz from 1": (lambda f: npz(f, x=X, y=Y + 1), {"npz": "w.npz"}, r"w\.npz: y: .*0 \.\. K - 1.*got 1, 2"),
    "npz axes": (lambda f: npz(f, x=np.ones((6, 2, 2)), y=Y), {"npz": "w.npz"}, r"study\.yaml:\d+: data\.axes: "),
    "csv column": (table, {**CSV, "label": "stat"}, r"data\.label: .*got 'stat' \(did you mean 'state'"),
    "csv leak": (
        lambda f: (f / "t.csv").write_text("".join(BOTH)), {**CSV, "group": "run", "part": "part"},
        r"study\.yaml:\d+: data: a group must stay in one part|data\.split: a group must stay in one part",
    ),
    "csv lengths": (lambda f: files(f, **{"t.csv": b"a,state\n1\n"}), CSV, r"t\.csv:2: a row must have 2 values"),
    "tsv page": (lambda f: files(f, **{"t.tsv": b"<html>"}), {"tsv": "t.tsv", "label": "a"}, r"got a web page"),
    "parquet": (lambda f: files(f, p=b"PAR1"), {"parquet": "p", "label": "a"}, r"pyarrow|must be a Parquet file"),
    "wav rates": (
        lambda f: in_folders(f / "r", ".wav", {"a": [TONE] * 3, "b": [TONE, TONE, wav(tone(9), 16000)]}), WAV,
        r"r/b/2\.wav: all recordings must have one sampling rate",
    ),
    "wav cut": (lambda f: in_folders(f / "r", ".wav", {"a": [TONE[:99]] * 3}), WAV, r"r/a/0\.wav: .*its header counts"),
    "image": (
        lambda f: in_folders(f / "r", ".png", {"a": [GREY] * 3, "b": [GREY, GREY, b""]}), {"images": "r"},
        r"r/b/2\.png: the file must be a PNG or JPEG; got an empty file",
    ),
    "idx cut": (lambda f: files(f, x=idx_file((6, 2), bytes(11)), y=b""), IDX, r"x: .*\n.*y: .*got an empty file"),
    "idx twice": (lambda f: files(f, x=idx_file((6, 2), bytes(12)), y=b"\x1f\x8b"), IDX, r"y: .*readable gzip file"),
    "events": (
        lambda f: in_folders(f / "r", ".bin", {"a": [EVENTS] * 3, "b": [EVENTS, b"123", EVENTS]}),
        {"events": "r", "format": "nmnist"}, r"r/b/1\.bin: .*multiple of 5 bytes",
    ),
    "events zip": (
        lambda f: zipped(f, "a/1.bin", "../1.bin"), {"events": "r.zip", "format": "nmnist"},
        r"r\.zip: a name in a zip must lie below it",
    ),
    "aedat": (
        lambda f: in_folders(f / "r", ".aedat", {"a": [aedat("2.0", [(0, 5), (0, 1)])]}),
        {"events": "r", "format": "dvs128"}, r"r/a/0\.aedat: times of events may not fall",
    ),
    "shd": (lambda f: files(f, s=b"\x1f\x8b"), {"events": "s", "format": "shd"}, r"s: the file must be HDF5; got gzip"),
}  # fmt: skip


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_inputs_are_one_message_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    make, data, words = MALFORMED[case]
    if make is not None:
        make(tmp_path)
    assert ask(monkeypatch, tmp_path, data) == 2
    said = capsys.readouterr()
    assert re.search(words, said.err), said.err
    assert all(line.startswith("error: ") for line in said.err.splitlines()), said.err
    assert "Traceback" not in said.err + said.out
