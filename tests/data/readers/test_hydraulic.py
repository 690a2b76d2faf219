"""The hydraulic test rig: files by hand, damaged ones, and the published counts."""

import os
from pathlib import Path

import numpy as np
import pytest

from hwsearch.data.readers.hydraulic import SENSORS, TARGETS, read_hydraulic
from hwsearch.errors import InputError

REAL = Path(os.environ.get("HWSEARCH_DATA", Path(__file__).parents[4] / "shared" / "data")) / "hydraulic"
CONDITIONS = [[3, 100, 0, 130, 1]] * 3 + [[20, 100, 0, 130, 1]] * 3 + [[3, 100, 0, 130, 1]]


def write(folder: Path) -> None:
    for k, name in enumerate(SENSORS):
        rows = [
            "\t".join(f"{100 * k + cycle + second / 100:.2f}" for second in range(60)) for cycle in range(7)
        ]
        (folder / f"{name}.txt").write_text("\n".join(rows) + "\n")
    rows = ["\t".join(map(str, row)) for row in CONDITIONS]
    (folder / "profile.txt").write_text("\n".join(rows) + "\n")


def test_cycles_labels_and_runs(tmp_path: Path) -> None:
    write(tmp_path)
    samples = read_hydraulic(tmp_path, "cooler")
    assert samples.x.shape == (7, 60, 8, 1, 1)
    assert samples.x[5, 25, 2, 0, 0] == np.float32(205.25)
    assert (samples.class_names, samples.y.tolist()) == (("3", "20"), [0, 0, 0, 1, 1, 1, 0])
    assert samples.groups is not None
    assert samples.groups.tolist() == [0, 0, 0, 1, 1, 1, 2]
    assert samples.channel_names == SENSORS
    still = read_hydraulic(tmp_path, "cooler", "image")
    assert np.array_equal(still.x[..., 0], samples.x[..., 0, 0].transpose(0, 2, 1))


def test_damaged_files_are_named_all_at_once(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "CE.txt").unlink()
    (tmp_path / "VS1.txt").write_text("1\t2\nx\n" + "\t".join(["nan"] * 60) + "\n")
    (tmp_path / "SE.txt").write_text("")
    with pytest.raises(InputError) as caught:
        read_hydraulic(tmp_path, "cooler")
    found = [str(fault).removeprefix(f"{tmp_path}/") for fault in caught.value.faults]
    assert found[0] == "VS1.txt:1: a row must have 60 finite numbers; got 2 values (fetch the file anew)"
    assert found[1].startswith("VS1.txt:2: a row must hold numbers; got could not convert")
    assert found[2].startswith("VS1.txt:3: a row must have 60 finite numbers")
    assert found[3].startswith("CE.txt: the file must be readable; got No such file")
    assert found[4].startswith("SE.txt: there must be a row for each cycle; got none")


def test_every_file_has_a_row_for_each_cycle(tmp_path: Path) -> None:
    write(tmp_path)
    lines = (tmp_path / "profile.txt").read_text().splitlines()
    (tmp_path / "profile.txt").write_text("\n".join(lines[:-1]))
    with pytest.raises(
        InputError, match="must have a row for each cycle; got 7, 7, 7, 7, 7, 7, 7, 7, 6 rows"
    ):
        read_hydraulic(tmp_path, "cooler")


def test_the_real_files_have_the_published_counts() -> None:
    if not REAL.is_dir():
        pytest.skip(f"no {REAL}: set HWSEARCH_DATA to the folder of data sets")
    counts = [[732, 732, 741], [360, 360, 360, 1125], [1221, 492, 492], [808, 399, 399, 599], [1449, 756]]
    sizes = {}
    for target, expected in zip(TARGETS, counts, strict=True):
        samples = read_hydraulic(REAL, target)
        sizes[target] = sorted(np.bincount(samples.y).tolist())
        assert sizes[target] == sorted(expected)
        assert samples.groups is not None
        assert samples.groups.max() + 1 == 194
