"""A study's data: read, split, requantised.

Not for reading files (`readers`), nor for timesteps (`frames`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from hwsearch.data.readers.read import read_samples
from hwsearch.data.samples import Dataset, Images, Labels, Samples, Values
from hwsearch.data.split import sample_classes, stratified_take
from hwsearch.errors import Fault, InputError
from hwsearch.study.data_section import called
from hwsearch.study.parts_section import Parts


def find_root(study_root: str | None, option_root: Path | None, environ: Mapping[str, str]) -> Path | None:
    """Return the folder of data sets: the study's, else the option's, else ``HWSEARCH_DATA``, else None."""
    for root in (study_root, option_root, environ.get("HWSEARCH_DATA")):
        if root:
            return Path(root)
    return None


def load_dataset(data: Parts, root: Path | None = None) -> Dataset:
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
    samples = read_samples(data, find_root(data.root, root, {}))
    parts = _split(data, samples)
    _check_classes(parts, samples.classes)
    input_max = samples.input_max if data.input_bits is None else 2**data.input_bits - 1
    (x_train, y_train), (x_val, y_val), (x_test, y_test) = (
        (requantise(x, samples.input_max, input_max), y) for x, y in parts.values()
    )
    channels, height, width = x_train.shape[-3:]
    return Dataset(
        name=called(data),
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


def _split(data: Parts, samples: Samples) -> dict[str, tuple[Values, Labels]]:
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
            law = f"train_size may be {len(y)} at most, the training samples of {called(data)}"
            raise InputError([Fault("data.train_size", law, str(data.train_size))])
        taken, _ = stratified_take(sample_classes(y), data.train_size, _rng(data, 1))
        x, y = x[taken], y[taken]
    val, train = stratified_take(sample_classes(y), _share(validation, len(y)), _rng(data, 2))
    return {"training": (x[train], y[train]), "validation": (x[val], y[val]), "test": test}


def _share(fraction: float, n: int) -> int:
    return int(fraction * n + 0.5)


def _rng(data: Parts, stream: int) -> np.random.Generator:
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
