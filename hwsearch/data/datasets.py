"""Data sets by name: read, split, requantise.

Digits come with scikit-learn; MNIST and Fashion-MNIST are read from idx.gz files below a folder of data sets.
A new data set is one loader in ``LOADERS``. Not for encoding inputs as spikes, nor for timesteps (`frames`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from hwsearch.data.idx import read_idx
from hwsearch.data.samples import Dataset, Images, Labels, Samples, Values
from hwsearch.data.split import sample_classes, stratified_take
from hwsearch.errors import Fault, InputError, did_you_mean
from hwsearch.study.data_section import Data

Loader = Callable[[Path | None], Samples]


def find_root(study_root: str | None, option_root: Path | None, environ: Mapping[str, str]) -> Path | None:
    """Return the folder of data sets: the study's, else the option's, else ``HWSEARCH_DATA``, else None."""
    for root in (study_root, option_root, environ.get("HWSEARCH_DATA")):
        if root:
            return Path(root)
    return None


def load_dataset(data: Data, root: Path | None = None) -> Dataset:
    """Read the data set of a study and split it.

    The test samples are drawn first (where there is no official test set), then ``train_size`` of the rest,
    then the validation samples of those; each draw has its own stream of ``split_seed``.

    Args:
        data: The study's section.
        root: Folder of data sets, of ``--data-root`` or ``HWSEARCH_DATA``; ``data.root`` goes before it.

    Raises:
        InputError: The name is unknown, the folder or a file is missing or damaged, ``train_size`` is larger
            than the data, or a class is missing in a part.
    """
    loader = LOADERS.get(data.name)
    if loader is None:
        todo = did_you_mean(data.name, LOADERS, "data sets")
        raise InputError([Fault("data.name", "the data set must be a known one", repr(data.name), todo)])
    samples = loader(find_root(data.root, root, {}))
    parts = _split(data, samples)
    _check_classes(parts, samples.classes)
    input_max = samples.input_max if data.input_bits is None else 2**data.input_bits - 1
    (x_train, y_train), (x_val, y_val), (x_test, y_test) = (
        (requantise(x, samples.input_max, input_max), y) for x, y in parts.values()
    )
    channels, height, width = x_train.shape[-3:]
    return Dataset(
        name=data.name,
        x_train=x_train,
        y_train=y_train,
        x_val=x_val,
        y_val=y_val,
        x_test=x_test,
        y_test=y_test,
        input_max=input_max,
        input_bits=input_max.bit_length(),
        classes=samples.classes,
        input_shape=(channels, height, width),
        frames=x_train.shape[1] if x_train.ndim == 5 else None,
        binning=samples.binning,
    )


def resplit(data: Dataset, seed: int) -> Dataset:
    """Return the data with training and validation samples drawn anew from both together; test stays.

    Args:
        data: A split data set.
        seed: Of the draw.
    """
    x, y = np.concatenate([data.x_train, data.x_val]), np.concatenate([data.y_train, data.y_val])
    val, train = stratified_take(sample_classes(y), len(data.y_val), np.random.default_rng((seed, 3)))
    return replace(data, x_train=x[train], y_train=y[train], x_val=x[val], y_val=y[val])


def requantise(x: Values, old_max: int, new_max: int) -> Images:
    """Return floor(x * new_max / old_max + 1/2), in integers; same shape."""
    if new_max == old_max:
        return x
    values = np.arange(old_max + 1)
    table = ((2 * values * new_max + old_max) // (2 * old_max)).astype(np.uint8)
    return table[x]


def _split(data: Data, samples: Samples) -> dict[str, tuple[Values, Labels]]:
    """Return x and y of the training, validation and test part, in this order."""
    x, y, official, validation = samples.x, samples.y, samples.official_test, data.validation
    if official is None:
        held_out, rest = stratified_take(sample_classes(y), _share(data.test, len(y)), _rng(data, 0))
        # the study gives a share of all samples, and these are those without the test
        validation /= 1 - data.test
    else:
        held_out, rest = np.flatnonzero(official), np.flatnonzero(~official)
    test, x, y = (x[held_out], y[held_out]), x[rest], y[rest]
    if data.train_size is not None:
        if data.train_size > len(y):
            law = f"train_size may be {len(y)} at most, the training samples of {data.name}"
            raise InputError([Fault("data.train_size", law, str(data.train_size))])
        taken, _ = stratified_take(sample_classes(y), data.train_size, _rng(data, 1))
        x, y = x[taken], y[taken]
    val, train = stratified_take(sample_classes(y), _share(validation, len(y)), _rng(data, 2))
    return {"training": (x[train], y[train]), "validation": (x[val], y[val]), "test": test}


def _share(fraction: float, n: int) -> int:
    return int(fraction * n + 0.5)


def _rng(data: Data, stream: int) -> np.random.Generator:
    return np.random.default_rng((data.split_seed, stream))


def _check_classes(parts: Mapping[str, tuple[Values, Labels]], classes: int) -> None:
    """Refuse a split in which a part lacks a class."""
    faults = []
    for name, (_, y) in parts.items():
        empty = np.flatnonzero(np.bincount(y.ravel(), minlength=classes) == 0)
        if len(empty):
            got = f"none of class {', '.join(map(str, empty))} in the {name} part of {len(y)}"
            todo = "change train_size, validation or test"
            faults.append(Fault("data", "each part of the data must have samples of every class", got, todo))
    if faults:
        raise InputError(faults)


def _digits(root: Path | None) -> Samples:
    """Load scikit-learn's bundled digits, 8 x 8 in 0 .. 16; they need no folder."""
    from sklearn.datasets import load_digits  # takes a second to import

    bunch = load_digits()
    x = np.ascontiguousarray(bunch.images[:, None].astype(np.uint8))
    return Samples(x, bunch.target.astype(np.int64), input_max=16, classes=10)


def _idx_images(root: Path | None, folder: str) -> Samples:
    """Load a data set of 28 x 28 images in MNIST's four files."""
    if root is None:
        law = f"a folder that holds {folder}/ must be named"
        todo = "set data.root in the study, --data-root on the command line, or HWSEARCH_DATA"
        raise InputError([Fault("data.root", law, "none of the three places", todo)])
    if not (root / folder).is_dir():
        law = f"the folder of data sets must hold {folder}/"
        todo = "correct data.root, --data-root or HWSEARCH_DATA"
        raise InputError([Fault("data.root", law, str(root), todo)])
    (x, y), (x_test, y_test) = (_idx_pair(root / folder, part) for part in ("train", "t10k"))
    official = np.repeat([False, True], [len(y), len(y_test)])
    return Samples(
        np.concatenate([x, x_test]), np.concatenate([y, y_test]), 255, classes=10, official_test=official
    )


def _idx_pair(folder: Path, part: str) -> tuple[Images, Labels]:
    """Read images [N, 1, 28, 28] and labels [N] of one part."""
    x = read_idx(folder / f"{part}-images-idx3-ubyte.gz", (28, 28))
    path = folder / f"{part}-labels-idx1-ubyte.gz"
    y = read_idx(path)
    if len(x) != len(y):
        law = f"there must be one label for each of the {len(x)} images"
        raise InputError([Fault("", law, f"{len(y)} labels", path=path)])
    if y.max() > 9:
        raise InputError([Fault("", "labels must lie in 0 .. 9", str(y.max()), path=path)])
    return x[:, None], y.astype(np.int64)


LOADERS: dict[str, Loader] = {
    "digits": _digits,
    "mnist": partial(_idx_images, folder="mnist"),
    "fashion-mnist": partial(_idx_images, folder="fashion-mnist"),
}
