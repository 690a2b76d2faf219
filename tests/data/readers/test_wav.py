"""Recordings of sound: widths, channels, the middle; damaged ones and other rates are named, all at once."""

import re
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders.recordings import in_folders, tone, wav

from hwsearch.data.readers.files import File
from hwsearch.data.readers.wav import read_wav, read_wavs
from hwsearch.data.samples import Samples
from hwsearch.errors import InputError
from hwsearch.study.data_section import WavData

LOW, HIGH = wav(tone(300)), wav(tone(2000))
KEYS: dict[str, Any] = {"wav": "r", "label": "folder", "frames": 4, "mel": 8}


def read(root: Path, **keys: Any) -> Samples:
    return read_wavs(WavData(root=str(root), **(KEYS | keys)))


def file(content: bytes) -> File:
    return File("a.wav", Path("a.wav"), lambda: content)


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_widths(width: int) -> None:
    samples = np.array([0, 256, -256, 32512, -32768])
    sound = read_wav(file(wav(samples, width=width)))
    assert (sound.samples.tolist(), sound.rate) == (samples.tolist(), 8000)


def test_channels_become_their_mean() -> None:
    assert read_wav(file(wav(np.array([1, 4, -3, 0]), channels=2))).samples.tolist() == [2, -2]


def test_sequences_and_stills(tmp_path: Path) -> None:
    in_folders(tmp_path / "r", ".wav", {"low": [LOW] * 3, "high": [HIGH] * 3})
    samples = read(tmp_path)
    assert samples.x.shape == (6, 4, 8, 1, 1)
    assert (samples.input_max, samples.binning, samples.class_names) == (255, "mean", ("high", "low"))
    high, low = (samples.x[i, 2, :, 0, 0].argmax() for i in (0, 3))
    assert high > low
    still = read(tmp_path, **{"as": "image"})
    assert still.x.shape == (6, 1, 8, 4)
    assert np.array_equal(still.x[:, 0].transpose(0, 2, 1), samples.x[..., 0, 0])


def test_names_of_files_give_label_group_and_test_part(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "r.zip", "w") as archive:
        archive.writestr("deep/README.md", "not sound")
        for label in "01":
            for take in range(3):
                for speaker in ("jo", "al"):
                    archive.writestr(f"deep/{label}_{speaker}_{take}.wav", LOW)
    keys = {"wav": "r.zip", "label": "{label}_{who}_{take}.wav", "test_where": {"take": ["0"]}}
    samples = read(tmp_path, **keys)
    assert samples.official_test is not None
    assert samples.official_test.sum() == 4
    assert samples.groups is None
    assert samples.skipped[0] == "r.zip: 1 files do not end in .wav: deep/README.md"
    grouped = read(tmp_path, **keys | {"label": "{label}_{group}_{take}.wav", "test_where": {"group": "jo"}})
    assert grouped.groups is not None
    assert grouped.group_names == ("al", "jo")
    assert np.array_equal(grouped.groups == 1, grouped.official_test)


def test_the_middle_is_taken(tmp_path: Path) -> None:
    quiet = np.zeros(1000, np.int64)
    middle = np.concatenate([quiet, tone(1000, 300), quiet])
    in_folders(tmp_path / "r", ".wav", {"a": [wav(middle)] * 3, "b": [wav(tone(1000, 300))] * 3})
    samples = read(tmp_path)
    # 4 frames of 256 samples, 128 from one to the next, are 640 samples: the tone lies in their middle
    assert samples.x[0].max() > 200
    assert np.abs(samples.x[0].astype(int) - samples.x[3]).max() <= 1
    assert samples.skipped == ("3 recordings are longer than 0.08 s: their ends are cut off",)


def test_loudness(tmp_path: Path) -> None:
    soft = wav(tone(1000, amplitude=500))
    in_folders(tmp_path / "r", ".wav", {"a": [soft] * 3, "b": [wav(tone(1000))] * 3})
    recorded, peak = read(tmp_path), read(tmp_path, loudness="peak")
    assert recorded.x[0].max() < recorded.x[3].max()
    assert peak.x[0].max() == peak.x[3].max() == 255


def test_a_second_folder_is_the_test_part(tmp_path: Path) -> None:
    in_folders(tmp_path / "r", ".wav", {"a": [LOW] * 2, "b": [HIGH] * 2})
    in_folders(tmp_path / "t", ".wav", {"a": [LOW], "b": [HIGH]})
    samples = read(tmp_path, test_from="t")
    assert samples.official_test is not None
    assert samples.official_test.tolist() == [False] * 4 + [True] * 2


BROKEN: list[tuple[dict[str, list[bytes]], dict[str, Any], str]] = [
    ({"a": [LOW] * 3, "b": [LOW, LOW, wav(tone(300), rate=16000)]}, {},
     r"r/b/2\.wav: all recordings must have one sampling rate, that of a/0\.wav: 8000 Hz; got 16000 Hz"),
    ({"a": [LOW] * 3, "b": [LOW, LOW, LOW[:-100]]}, {}, r"r/b/2\.wav: the file must hold the 2000 samples.*got 1950"),
    ({"a": [LOW] * 3, "b": [LOW, LOW, LOW[:20]]}, {}, r"r/b/2\.wav: the file must be a wav; got"),
    ({"a": [LOW] * 3, "b": [LOW, LOW, b""]}, {}, r"r/b/2\.wav: the file must be a wav; got an empty file"),
    ({"a": [LOW] * 3, "b": [LOW, LOW, b"<html>"]}, {}, r"r/b/2\.wav: the file must be a wav; got a web page"),
    ({"a": [LOW] * 3, "b": [LOW, LOW, wav(np.zeros(0, int))]}, {}, r"r/b/2\.wav: a recording must have samples"),
    ({"a": [LOW] * 3, "b": [b"x", b"", LOW]}, {}, r"r/b/0\.wav.*\n.*r/b/1\.wav"),
    ({"a": [LOW] * 3}, {}, r"r: there must be at least two classes; got only 'a'"),
    ({"a": [LOW] * 3, "b": [LOW]}, {}, r"r: each class must have at least 3 samples.*'b' has 1"),
    ({"a": [LOW] * 3, "b": [LOW] * 3}, {"label": "{label}_{take}.wav"},
     r"r/a/0\.wav: data\.label: the name of a recording must be of the pattern {label}_{take}\.wav; got 'a/0\.wav'"),
    ({"a": [LOW] * 3, "b": [LOW] * 3}, {"test_where": {"label": "c"}, "label": "{label}/{n}.wav"},
     r"data\.test_where\.label: test_where must name values that recordings have; got recordings have a, b"),
    ({"": [LOW]}, {}, r"r/0\.wav: data\.label: a recording must lie in a folder that is named by its class"),
    ({"a": [wav(tone(300, 9), rate=100)]}, {}, r"the sampling rate must lie in 1000 \.\. 192000 Hz; got 100 Hz"),
    ({"a": [LOW] * 3, "b": [LOW] * 3}, {"mel": 100}, r"data\.mel: each mel band must hold a frequency of frames"),
    ({"a": [LOW] * 3, "b": [LOW] * 3}, {"hop": "10 us"}, r"data\.hop: hop must be 8 \.\. 8192 samples at 8000 Hz"),
]  # fmt: skip


@pytest.mark.parametrize(("contents", "keys", "words"), BROKEN)
def test_what_breaks_a_law_is_named(
    tmp_path: Path, contents: dict[str, list[bytes]], keys: dict[str, Any], words: str
) -> None:
    in_folders(tmp_path / "r", ".wav", contents)
    with pytest.raises(InputError) as caught:
        read(tmp_path, **keys)
    assert re.search(words, str(caught.value)), str(caught.value)


def test_a_folder_without_recordings(tmp_path: Path) -> None:
    in_folders(tmp_path / "r", ".mp3", {"a": [b""]})
    with pytest.raises(InputError, match=r"r: there must be files that end in \.wav; got 1 others"):
        read(tmp_path)


def test_fractions_need_soundfile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = bytearray(wav(np.zeros(4, int), width=4))
    content[20] = 3  # IEEE floating point
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(InputError, match=r"needs? soundfile.*pip install 'hwsearch\[audio\]'"):
        read_wav(file(bytes(content)))


def test_fractions_with_soundfile() -> None:
    pytest.importorskip("soundfile")
    content = bytearray(wav(np.zeros(2, int), width=4))
    content[20] = 3
    content[-8:] = np.array([0.5, -1.0], "<f4").tobytes()
    assert read_wav(file(bytes(content))).samples.tolist() == [16384, -32768]
    with pytest.raises(InputError, match="must be a wav"):
        read_wav(file(bytes(content[:30])))
