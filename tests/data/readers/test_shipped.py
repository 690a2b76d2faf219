"""Data sets by name: the readers of their formats read them; keys that one has no use for are refused."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwsearch.data.readers import shipped
from hwsearch.data.readers.shipped import LOADERS, read_shipped
from hwsearch.errors import InputError
from hwsearch.study.data_section import NamedData

REAL = Path(os.environ.get("HWSEARCH_DATA", Path(__file__).parents[4] / "shared" / "data"))


def real(folder: str) -> Path:
    if not (REAL / folder).is_dir():
        pytest.skip(f"no {folder}/ in {REAL}: set HWSEARCH_DATA to the folder of data sets")
    return REAL


def test_the_names() -> None:
    assert list(LOADERS) == ["digits", "mnist", "fashion-mnist", "fsdd", "nmnist", "hydraulic"]


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"name": "digts"}, r"data\.name: .* got 'digts' \(did you mean 'digits'"),
        ({"name": "digits", "frames": 3}, r"data\.frames: digits has no such choice; got 3"),
        ({"name": "mnist", "target": "x", "as": "image"}, r"data\.target: mnist.*\n.*data\.as: mnist has no such"),
        ({"name": "hydraulic"}, r"data\.target: .*got 'none' \(say target: cooler, valve, pump, accumulator, stable"),
        ({"name": "hydraulic", "target": "coler"}, r"data\.target: .*did you mean 'cooler'"),
        ({"name": "fsdd"}, r"data\.root: a folder that holds fsdd/ must be named"),
    ],
)  # fmt: skip
def test_what_a_set_is_not_is_refused(keys: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_shipped(NamedData(**keys), None)


def test_digits_are_those_of_scikit_learn_whether_or_not_it_is_loaded_for_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = read_shipped(NamedData(name="digits"), None)
    monkeypatch.setattr(shipped, "_bundled", lambda name: None)
    theirs = read_shipped(NamedData(name="digits"), None)
    assert own.x.dtype == theirs.x.dtype == np.uint8
    assert own.x.shape == (1797, 1, 8, 8)
    assert np.array_equal(own.x, theirs.x)
    assert np.array_equal(own.y, theirs.y)
    code = (
        "import sys; from hwsearch.data.readers.shipped import read_shipped; "
        "from hwsearch.study.data_section import NamedData; "
        "read_shipped(NamedData(name='digits'), None); sys.exit('sklearn' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_missing_files_of_a_set_are_named(tmp_path: Path) -> None:
    (tmp_path / "n-mnist-small").mkdir()
    with pytest.raises(InputError, match=r"data\.name: .*got no 'Train\.zip' in .*n-mnist-small"):
        read_shipped(NamedData(name="nmnist"), tmp_path)


@pytest.mark.slow
def test_spoken_digits() -> None:
    samples = read_shipped(NamedData(name="fsdd"), real("fsdd"))
    assert samples.x.shape == (3000, 32, 28, 1, 1)
    assert np.bincount(samples.y).tolist() == [300] * 10
    assert samples.official_test is not None
    assert samples.groups is not None
    assert (samples.official_test.sum(), np.bincount(samples.groups).tolist()) == (300, [500] * 6)
    assert samples.group_names == ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")


@pytest.mark.slow
def test_events_of_digits() -> None:
    samples = read_shipped(NamedData(name="nmnist", frames=3), real("n-mnist-small"))
    assert samples.x.shape == (1100, 3, 2, 34, 34)
    assert samples.official_test is not None
    train = samples.y[~samples.official_test]
    assert np.bincount(train).tolist() == [97, 116, 99, 93, 105, 92, 94, 117, 87, 100]
    counts = samples.x.reshape(1100, -1).sum(1, dtype=np.int64)
    assert (round(counts[:1000].mean()), counts[:1000].min(), counts[:1000].max()) == (4133, 1112, 7152)
    assert samples.skipped == ()


def test_a_label_of_the_test_rig() -> None:
    samples = read_shipped(NamedData(name="hydraulic", target="pump", **{"as": "image"}), real("hydraulic"))
    assert samples.x.shape == (2205, 8, 60, 1)
    assert samples.class_names == ("0", "1", "2")
