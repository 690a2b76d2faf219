"""Data sets: their samples, splits and numbers; what is missing or damaged is refused."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders.idx import idx_file

from hwsearch.data.datasets import find_root, load_dataset, resplit
from hwsearch.data.readers.shipped import LOADERS
from hwsearch.data.samples import Samples
from hwsearch.errors import InputError
from hwsearch.graph.graph import Input
from hwsearch.study.data_section import NamedData

REPO = Path(__file__).parents[2]
REAL = Path(os.environ.get("HWSEARCH_DATA", REPO.parent / "shared" / "data"))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def digits() -> Any:
    return load_dataset(NamedData(name="digits"))


def test_digits(digits: Any) -> None:
    assert (digits.input_max, digits.input_bits, digits.classes, digits.input_shape) == (16, 5, 10, (1, 8, 8))
    assert digits.x_train.dtype == np.uint8
    assert digits.y_train.dtype == np.int64
    assert max(x.max() for x in (digits.x_train, digits.x_val, digits.x_test)) == 16
    # of 1797: 359 for the test; of the 1438 left a quarter (0.2 / 0.8), 359.5, for validation
    assert [len(x) for x in (digits.x_train, digits.x_val, digits.x_test)] == [1078, 360, 359]
    counts = np.stack([np.bincount(y) for y in (digits.y_train, digits.y_val, digits.y_test)])
    assert counts.sum(0).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert np.abs(counts[2] - counts.sum(0) * 359 / 1797).max() < 1
    assert np.abs(counts[1] - counts.sum(0) * 360 / 1797).max() < 2


def test_digits_parts_are_disjoint_and_complete(digits: Any) -> None:
    from sklearn.datasets import load_digits

    parts = np.concatenate([digits.x_train, digits.x_val, digits.x_test]).reshape(-1, 64)
    whole = load_digits().data.astype(np.uint8)
    assert sorted(map(bytes, parts)) == sorted(map(bytes, whole))
    assert len(set(map(bytes, parts))) == 1797  # no image twice, so equal multisets mean disjoint parts


def test_splits_are_seeded_and_draws_independent(digits: Any) -> None:
    again = load_dataset(NamedData(name="digits"))
    other = load_dataset(NamedData(name="digits", split_seed=1))
    fewer = load_dataset(NamedData(name="digits", train_size=500))
    assert np.array_equal(again.x_train, digits.x_train)
    assert not np.array_equal(other.y_test, digits.y_test)
    assert np.array_equal(fewer.x_test, digits.x_test)
    assert (len(fewer.y_train), len(fewer.y_val)) == (375, 125)


@pytest.mark.parametrize("bits", range(1, 9))
def test_input_bits(bits: int) -> None:
    dataset = load_dataset(NamedData(name="digits", input_bits=bits))
    assert (dataset.input_max, dataset.input_bits) == (2**bits - 1, bits)
    assert dataset.x_train.max() == 2**bits - 1


def test_unknown_names_and_sizes_are_refused() -> None:
    with pytest.raises(InputError, match=r"data\.name: .* a known one; got 'cifar'"):
        load_dataset(NamedData(name="cifar"))
    with pytest.raises(InputError, match=r"train_size may be 1438 at most, .* of digits; got 1439"):
        load_dataset(NamedData(name="digits", train_size=1439))


def test_a_class_that_is_missing_in_a_part_is_refused() -> None:
    with pytest.raises(InputError, match=r"none of class .* in the validation part of 4"):
        load_dataset(NamedData(name="digits", train_size=15))


def test_a_new_data_set_is_one_loader(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.arange(40, dtype=np.uint8).reshape(10, 1, 2, 2)
    samples = Samples(x, np.repeat([0, 1], 5), input_max=39, classes=2)
    monkeypatch.setitem(LOADERS, "mine", lambda root, data: samples)
    dataset = load_dataset(NamedData(name="mine"))
    assert (len(dataset.y_train), len(dataset.y_val), len(dataset.y_test)) == (6, 2, 2)
    assert (dataset.input_bits, dataset.input_shape) == (6, (1, 2, 2))


def test_sequences_with_a_label_for_each_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.arange(240, dtype=np.uint8).reshape(10, 3, 2, 2, 2)
    samples = Samples(x, np.repeat([0, 1], 5), input_max=239, classes=2, binning="mean")
    monkeypatch.setitem(LOADERS, "mine", lambda root, data: samples)
    dataset = load_dataset(NamedData(name="mine"))
    assert dataset.x_train.shape == (6, 3, 2, 2, 2)
    assert dataset.input == Input((2, 2, 2), 239, 8, frames=3, binning="mean")
    assert not dataset.labels_each_frame
    again = resplit(dataset, 1)
    both = np.concatenate([again.x_train, again.x_val])
    assert sorted(map(bytes, both)) == sorted(map(bytes, np.concatenate([dataset.x_train, dataset.x_val])))


def test_sequences_with_a_label_for_each_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    y = np.array([[0, 0, 1], [1, 1, 0]]).repeat(5, 0)
    x = np.arange(30, dtype=np.uint8).reshape(10, 3, 1, 1, 1)
    samples = Samples(x, y, input_max=29, classes=2)
    monkeypatch.setitem(LOADERS, "mine", lambda root, data: samples)
    dataset = load_dataset(NamedData(name="mine"))
    assert dataset.labels_each_frame
    # drawn by the most frequent label, so each part has both kinds of samples
    assert [sorted(part[:, 0].tolist()) for part in (dataset.y_train, dataset.y_val, dataset.y_test)] == [
        [0, 0, 0, 1, 1, 1], [0, 1], [0, 1],
    ]  # fmt: skip


def write_mnist(root: Path, labels: bytes = bytes(range(10)) * 4) -> None:
    (root / "mnist").mkdir()
    images = rng().integers(0, 256, (40, 28, 28), dtype=np.uint8).tobytes()
    for part in ("train", "t10k"):
        (root / "mnist" / f"{part}-images-idx3-ubyte.gz").write_bytes(idx_file((40, 28, 28), images))
        (root / "mnist" / f"{part}-labels-idx1-ubyte.gz").write_bytes(idx_file((len(labels),), labels))


def test_an_official_test_set_stays_as_it_is(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    data = NamedData(name="mnist", train_size=30, validation=1 / 3, test=0.5)
    dataset = load_dataset(data, tmp_path)
    assert (len(dataset.y_train), len(dataset.y_val), len(dataset.y_test)) == (20, 10, 40)
    assert np.bincount(dataset.y_train).tolist() == [2] * 10
    assert dataset.y_test.tolist() == list(range(10)) * 4
    assert (dataset.input_max, dataset.input_bits, dataset.input_shape) == (255, 8, (1, 28, 28))


def test_labels_must_fit_the_images(tmp_path: Path) -> None:
    write_mnist(tmp_path, bytes(39))
    with pytest.raises(InputError, match="one label for each of the 40 images; got 39 labels"):
        load_dataset(NamedData(name="mnist"), tmp_path)


def test_labels_must_be_classes(tmp_path: Path) -> None:
    write_mnist(tmp_path, bytes(range(11)) + bytes(29))
    with pytest.raises(InputError, match=r"labels must lie in 0 \.\. 9; got 10"):
        load_dataset(NamedData(name="mnist"), tmp_path)


def test_find_root_in_the_order_of_the_three_places() -> None:
    environ = {"HWSEARCH_DATA": "/environ"}
    assert find_root("/study", Path("/option"), environ) == Path("/study")
    assert find_root(None, Path("/option"), environ) == Path("/option")
    assert find_root(None, None, environ) == Path("/environ")
    assert find_root(None, None, {"HWSEARCH_DATA": ""}) is None


def test_a_missing_folder_says_where_to_name_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"set data\.root in the study, --data-root .* or HWSEARCH_DATA"):
        load_dataset(NamedData(name="mnist"))
    with pytest.raises(
        InputError, match=r"data\.root: the folder of data sets must hold fashion-mnist/; got "
    ):
        load_dataset(NamedData(name="fashion-mnist", root=str(tmp_path)))
    (tmp_path / "mnist").mkdir()
    with pytest.raises(
        InputError, match=r"data\.name: .* must exist; got no 'train-images-idx3-ubyte\.gz' in .*mnist"
    ):
        load_dataset(NamedData(name="mnist"), tmp_path)


MNIST_TRAIN = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
MNIST_TEST = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


@pytest.mark.parametrize(
    ("name", "train", "test", "mean"),
    [("mnist", MNIST_TRAIN, MNIST_TEST, 0.1307), ("fashion-mnist", [6000] * 10, [1000] * 10, 0.2860)],
)
def test_the_real_files(name: str, train: list[int], test: list[int], mean: float) -> None:
    if not (REAL / name).is_dir():
        pytest.skip(f"no {name}/ in {REAL}: set HWSEARCH_DATA to the folder of data sets")
    dataset = load_dataset(NamedData(name=name), REAL)
    counts = np.bincount(dataset.y_train) + np.bincount(dataset.y_val)
    assert counts.tolist() == train
    assert np.bincount(dataset.y_test).tolist() == test
    assert (len(dataset.y_train), len(dataset.y_val)) == (48000, 12000)
    total = dataset.x_train.sum(dtype=np.int64) + dataset.x_val.sum(dtype=np.int64)
    assert total / (60000 * 784 * 255) == pytest.approx(mean, abs=5e-5)


def test_neither_torch_nor_sklearn_is_imported_beforehand() -> None:
    code = "import sys, hwsearch.data.datasets; sys.exit(any(m in sys.modules for m in ('torch', 'sklearn')))"
    assert subprocess.run([sys.executable, "-c", code], cwd=REPO, check=False).returncode == 0


def test_a_split_drawn_anew_has_the_same_sizes_samples_and_test(digits: Any) -> None:
    other, again = resplit(digits, 7), resplit(digits, 7)
    assert np.array_equal(other.x_test, digits.x_test)
    assert np.bincount(other.y_val).tolist() == np.bincount(digits.y_val).tolist()
    both = [np.concatenate([d.x_train, d.x_val]).reshape(-1, 64) for d in (digits, other)]
    assert sorted(map(bytes, both[0])) == sorted(map(bytes, both[1]))
    assert not np.array_equal(other.y_val, digits.y_val)
    assert np.array_equal(other.x_val, again.x_val)


def grouped_samples() -> Samples:
    x = np.arange(120, dtype=np.uint8).reshape(60, 2, 1, 1)
    return Samples(x, np.tile([0, 1], 30), input_max=119, classes=2, groups=np.repeat(np.arange(12), 5))


def test_a_split_drawn_anew_keeps_groups_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LOADERS, "mine", lambda root, data: grouped_samples())
    dataset = load_dataset(NamedData(name="mine"))
    for seed in range(5):
        again = resplit(dataset, seed)
        assert again.groups is not None
        train, val, test = (set(part.tolist()) for part in again.groups)
        assert not train & val
        assert not (train | val) & test
        assert again.groups[0].tolist() == (again.x_train[:, 0, 0, 0] // 10).tolist()
    assert any(not np.array_equal(resplit(dataset, seed).x_val, dataset.x_val) for seed in range(5))


def test_a_split_by_time_is_the_only_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LOADERS, "mine", lambda root, data: grouped_samples())
    dataset = load_dataset(NamedData(name="mine", split="time"))
    assert resplit(dataset, 1) is dataset
    assert dataset.x_train.max() < dataset.x_val.min() <= dataset.x_val.max() < dataset.x_test.min()


def test_measured_values_are_standardised_by_training_samples_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.arange(20, dtype=np.float32).reshape(20, 1, 1, 1)
    samples = Samples(
        x, np.tile([0, 1], 10), None, classes=2, class_names=("on", "off"), skipped=("row 7: empty",)
    )
    monkeypatch.setitem(LOADERS, "mine", lambda root, data: samples)
    dataset = load_dataset(NamedData(name="mine", split="time", validation=0.25, test=0.25))
    # training 0 .. 9: mean 4.5; the last, 19, is more than three deviations (8.6) above it
    assert dataset.encoding is not None
    assert dataset.encoding.settings[0]["standardise"]["mean"] == [[[4.5]]]
    assert dataset.x_test.ravel()[-1] == 255
    assert (dataset.input_max, dataset.class_names) == (255, ("on", "off"))
    assert dataset.notes[0] == "row 7: empty"
    assert "encoded on the host" in dataset.notes[1]
