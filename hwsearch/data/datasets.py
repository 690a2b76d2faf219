"""The flow of data: read, split, looked through for leaks, encoded.

Digits come with scikit-learn; MNIST and Fashion-MNIST are read from idx.gz files below a folder of data sets.
A new data set is one loader in ``LOADERS``. Not for timesteps (`frames`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from hwsearch.data.encode.encoding import encoding_words, fit_encoding
from hwsearch.data.idx import read_idx
from hwsearch.data.leaks import equal_words, find_leaks, judge
from hwsearch.data.parts import Split, split_samples
from hwsearch.data.samples import Dataset, Images, Labels, Samples
from hwsearch.data.split import grouped_take, sample_classes, stratified_take
from hwsearch.data.together import equal_samples
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
    """Read the samples of a study, split them, look for leaks, encode them.

    Args:
        data: The study's section.
        root: Folder of data sets, of ``--data-root`` or ``HWSEARCH_DATA``; ``data.root`` goes before it.

    Raises:
        InputError: The name is unknown, the folder or a file is missing or damaged, the split cannot be had (`parts`)
            or lets something through that the study can avoid (`leaks`), or an encoder does not suit the data.
    """
    samples = _read(data, root)
    equal = equal_samples(samples.x)
    split = split_samples(data, samples, equal)
    leaks = judge(data, split, find_leaks(samples, split.parts, equal))
    dataset = encoded(data, samples, split)
    notes = (*samples.skipped, *split.notes, *equal_words(samples, equal), *leaks, *dataset.notes)
    return replace(dataset, notes=notes)


def encoded(data: Data, samples: Samples, split: Split) -> Dataset:
    """Return the parts of a split as whole numbers, by an encoding that is fitted on the training samples.

    Raises:
        InputError: The encoder does not suit the data.
    """
    parts = (split.training, split.validation, split.test)
    encoding = fit_encoding(data, samples.x[split.training], samples.input_max)
    x_train, x_val, x_test = (encoding(samples.x[part]) for part in parts)
    y_train, y_val, y_test = (samples.y[part] for part in parts)
    channels, height, width = x_train.shape[-3:]
    units = split.units
    return Dataset(
        name=data.title,
        x_train=x_train,
        y_train=y_train,
        x_val=x_val,
        y_val=y_val,
        x_test=x_test,
        y_test=y_test,
        input_max=encoding.max,
        input_bits=encoding.max.bit_length(),
        classes=samples.classes,
        input_shape=(channels, height, width),
        frames=x_train.shape[1] if x_train.ndim == 5 else None,
        binning="sum" if encoding.spikes else samples.binning,
        class_names=samples.class_names,
        groups=None if units is None else (units[parts[0]], units[parts[1]], units[parts[2]]),
        ordered=split.how == "time",
        encoding=encoding,
        notes=encoding_words(encoding, samples),
    )


def resplit(data: Dataset, seed: int) -> Dataset:
    """Return the data with training and validation samples drawn anew from both together; test stays.

    What belongs together stays so; data that are split by time have one split. The encoding stays that of the data.

    Args:
        data: A split data set.
        seed: Of the draw.
    """
    if data.ordered:
        return data
    x, y = np.concatenate([data.x_train, data.x_val]), np.concatenate([data.y_train, data.y_val])
    classes, n, rng = sample_classes(y), len(data.y_val), np.random.default_rng((seed, 3))
    if data.groups is None:
        val, train = stratified_take(classes, n, rng)
        return replace(data, x_train=x[train], y_train=y[train], x_val=x[val], y_val=y[val])
    units = np.concatenate(data.groups[:2])
    val, train = grouped_take(classes, units, n, rng)
    groups = (units[train], units[val], data.groups[2])
    return replace(data, x_train=x[train], y_train=y[train], x_val=x[val], y_val=y[val], groups=groups)


def _read(data: Data, root: Path | None) -> Samples:
    """Return the samples that a study names."""
    loader = LOADERS.get(data.name)
    if loader is None:
        todo = did_you_mean(data.name, LOADERS, "data sets")
        raise InputError([Fault("data.name", "the data set must be a known one", repr(data.name), todo)])
    return loader(find_root(data.root, root, {}))


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
