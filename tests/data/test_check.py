"""What is said of data, by hand: counts, ranges, groups, what was left out, parts."""

import numpy as np

from hwsearch.data.check import dataset_words, samples_words
from hwsearch.data.datasets import dataset_of
from hwsearch.data.samples import Samples
from hwsearch.study.data_section import CsvData


def samples() -> Samples:
    x = np.zeros((20, 3, 2, 1, 1), np.float32)
    x[..., 0, 0, 0] = np.arange(20)[:, None] * 1.5
    return Samples(
        x,
        np.tile([0, 1], 10),
        input_max=None,
        classes=2,
        class_names=("ok", "worn"),
        binning="mean",
        groups=np.repeat(np.arange(5), 4),
        group_names=tuple("abcde"),
        spans=np.stack([np.arange(20) // 4, np.arange(20) % 4 * 3, np.arange(20) % 4 * 3 + 3], 1),
        channel_names=("p1", "t1"),
        skipped=("2 rows at the ends of 2 recordings fill no window of 3",),
    )


def test_what_was_read() -> None:
    assert list(samples_words(samples())) == [
        "samples: 20 sequences of 3 frames of 2 channels, 1 rows, 1 columns; measured values",
        "classes: 2, by samples: ok 10, worn 10",
        "channel p1: 0 .. 28.5, mean 14.25, deviation 8.649",
        "channel t1: 0 .. 0, mean 0, deviation 0",
        "channels that never change: t1",
        "groups: 5 of 4 .. 4 samples: a, b, c, d, e",
        "windows: of 3 rows, out of 5 recordings",
        "official test part: none",
        "left out: 2 rows at the ends of 2 recordings fill no window of 3",
    ]


def test_stills_without_names_and_many_channels() -> None:
    x = np.arange(8 * 40, dtype=np.int64).reshape(8, 40, 1, 1) % 200
    test = np.array([True] + [False] * 7)
    found = list(samples_words(Samples(x.astype(np.uint8), np.tile([0, 1], 4), 199, 2, official_test=test)))
    assert found[0] == "samples: 8 still images of 40 channels, 1 rows, 1 columns; whole numbers 0 .. 199"
    assert found[1] == "classes: 2, by samples: 0 4, 1 4"
    assert len([words for words in found if words.startswith("channel ")]) == 32
    assert found[-3].startswith("8 more channels: ")
    assert found[-2:] == ["groups: none", "official test part: 1 of 8 samples"]


def test_what_became_of_them() -> None:
    read = samples()
    found = list(dataset_words(dataset_of(CsvData(csv="t.csv", label="state"), read), read))
    assert [words.partition(":")[0] for words in found[:4]] == [
        "training",
        "validation",
        "test",
        "a network reads",
    ]
    assert found[2] == "test: 4 samples: ok 2, worn 2"
    assert found[3] == "a network reads: 3 frames of 2 x 1 x 1 inputs, whole numbers 0 .. 255"
    assert not any("fill no window" in words for words in found)
