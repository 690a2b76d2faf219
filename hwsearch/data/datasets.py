"""The flow of data: read, split, looked through for leaks, encoded.

Not for reading files (`readers`), nor for timesteps (`frames`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from hwsearch.data.encode.encoding import Encoding, encoding_words, fit_encoding
from hwsearch.data.leaks import equal_words, find_leaks, judge
from hwsearch.data.parts import Split, split_samples
from hwsearch.data.readers.read import read_samples
from hwsearch.data.samples import Dataset, Samples
from hwsearch.data.split import grouped_take, sample_classes, stratified_take
from hwsearch.data.together import equal_samples
from hwsearch.study.data_section import called
from hwsearch.study.parts_section import Parts


def find_root(study_root: str | None, option_root: Path | None, environ: Mapping[str, str]) -> Path | None:
    """Return the folder of data sets: the study's, else the option's, else ``HWSEARCH_DATA``, else None."""
    for root in (study_root, option_root, environ.get("HWSEARCH_DATA")):
        if root:
            return Path(root)
    return None


def load_dataset(data: Parts, root: Path | None = None, encoding: Encoding | None = None) -> Dataset:
    """Read the samples of a study, split them, look for leaks, encode them.

    Args:
        data: The study's section.
        root: Folder of data sets, of ``--data-root`` or ``HWSEARCH_DATA``; ``data.root`` goes before it.
        encoding: One that was fitted before, on other samples; None: it is fitted on the training samples.

    Raises:
        InputError: The name is unknown, the folder or a file is missing or damaged, the split cannot be had (`parts`)
            or lets something through that the study can avoid (`leaks`), or an encoder does not suit the data.
    """
    return dataset_of(data, read_samples(data, find_root(data.root, root, {})), encoding)


def dataset_of(data: Parts, samples: Samples, encoding: Encoding | None = None) -> Dataset:
    """Split samples that were read, look for leaks, encode them; `load_dataset` says what may be wrong."""
    equal = equal_samples(samples.x)
    split = split_samples(data, samples, equal)
    leaks = judge(data, split, find_leaks(samples, split.parts, equal))
    dataset = encoded(data, samples, split, encoding)
    notes = (*samples.skipped, *split.notes, *equal_words(samples, equal), *leaks, *dataset.notes)
    return replace(dataset, notes=notes)


def encoded(data: Parts, samples: Samples, split: Split, encoding: Encoding | None = None) -> Dataset:
    """Return the parts of a split as whole numbers, by an encoding that is given, or fitted on the training samples.

    Raises:
        InputError: The encoder does not suit the data.
    """
    parts = (split.training, split.validation, split.test)
    encoding = encoding or fit_encoding(data, samples.x[split.training], samples.input_max)
    x_train, x_val, x_test = (encoding(samples.x[part]) for part in parts)
    y_train, y_val, y_test = (samples.y[part] for part in parts)
    channels, height, width = x_train.shape[-3:]
    units = split.units
    return Dataset(
        name=called(data),
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
