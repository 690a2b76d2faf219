"""Leaks: each kind is found where it was planted, and what is refused or named."""

import os
from pathlib import Path

import numpy as np
import pytest

from hwsearch.data.leaks import equal_words, find_leaks, judge
from hwsearch.data.parts import Split
from hwsearch.data.samples import Samples
from hwsearch.data.together import equal_samples
from hwsearch.errors import InputError
from hwsearch.study.data_section import NamedData
from hwsearch.study.parts_section import Parts

REAL = Path(os.environ.get("HWSEARCH_DATA", Path(__file__).parents[3] / "shared" / "data"))
PARTS = {"training": np.arange(6), "validation": np.arange(6, 8), "test": np.arange(8, 10)}


def samples_of(x=None, **more):
    x = np.arange(10, dtype=np.uint8) if x is None else np.array(x, dtype=np.uint8)
    return Samples(x.reshape(10, 1, 1, 1), np.tile([0, 1], 5), input_max=9, classes=2, **more)


def found(samples):
    return find_leaks(samples, PARTS, equal_samples(samples.x))


def split(how):
    return Split(*PARTS.values(), how, None, ())


def test_nothing_is_said_of_clean_parts():
    spans = np.stack([np.zeros(10, int), np.arange(10), np.arange(10) + 1], axis=1)
    clean = samples_of(groups=np.repeat([0, 1, 2], [6, 2, 2]), spans=spans)
    assert found(clean) == []
    assert equal_words(clean, equal_samples(clean.x)) == ()


def test_a_planted_duplicate():
    (leak,) = found(samples_of([0, 1, 2, 3, 4, 5, 6, 7, 3, 9]))
    assert (leak.kind, leak.n, leak.words) == ("equal", 1, "1 of 2 test samples equal a training sample")


def test_a_planted_group():
    (leak,) = found(samples_of(groups=np.array([0] * 5 + [1, 2, 2, 1, 1]), group_names=("ann", "bob", "cy")))
    assert (leak.kind, leak.n, leak.words) == ("group", 2, "1 groups stand in test and training")
    assert leak.names == "bob"


def test_planted_windows():
    spans = np.stack([np.zeros(10, int), np.arange(10), np.arange(10) + 1], axis=1)
    spans[9] = [0, 7, 8]
    (leak,) = found(samples_of(spans=spans))
    assert (leak.kind, leak.n, leak.words) == ("window", 1, "1 of 2 test windows overlap a validation window")


def test_a_duplicate_is_named():
    leaks = found(samples_of([0, 1, 2, 3, 4, 5, 6, 7, 3, 9]))
    assert judge(NamedData(name="mine"), split("official"), leaks) == (
        "leak in the official parts: 1 of 2 test samples equal a training sample",
    )


def test_groups_across_published_parts_are_named_and_across_those_of_a_file_refused():
    leaks = found(samples_of(groups=np.zeros(10, int)))
    (note,) = judge(NamedData(name="fsdd"), split("official"), leaks)
    assert note.startswith(
        "leak in the official parts: 1 groups stand in test and training (0); 1 groups stand in test"
    )
    with pytest.raises(
        InputError, match=r"data\.split: a group must stay in one part; got 1 groups stand in test"
    ):
        judge(Parts(), split("official"), leaks)
    assert judge(Parts(split="official"), split("official"), leaks) == (note,)


def test_equal_samples_of_different_labels_are_counted():
    # 3 and 8 are equal, their labels 1 and 0; 5 and 7 are equal, both labelled 1
    samples = samples_of([0, 1, 2, 3, 4, 5, 6, 5, 3, 9])
    assert equal_words(samples, equal_samples(samples.x)) == (
        "4 of 10 samples equal another one",
        "2 samples equal one of another label: no network can tell these apart",
    )


def test_digits_are_clean():
    from hwsearch.data.datasets import load_dataset

    assert load_dataset(NamedData(name="digits")).notes == ()


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_images_are_clean(name):
    from hwsearch.data.datasets import load_dataset

    if not (REAL / name).is_dir():
        pytest.skip(f"no {name}/ in {REAL}: set HWSEARCH_DATA to the folder of data sets")
    assert load_dataset(NamedData(name=name), REAL).notes == ()
