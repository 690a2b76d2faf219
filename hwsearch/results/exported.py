"""What an export's config says of its model's data: the study that it is of, the encoder of its inputs, its samples."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hwsearch.data.datasets import find_root, load_dataset
from hwsearch.data.encode.encoding import Encoding, encoding_of
from hwsearch.data.samples import Dataset
from hwsearch.data.suits import binned_as
from hwsearch.errors import RecordError
from hwsearch.export.bundle import CONFIG
from hwsearch.graph.graph import Input
from hwsearch.study.model import Study, override


def study_of(folder: Path, config: Mapping[str, Any]) -> tuple[Study, int]:
    """Return the study of an export, and the seed that its model was trained with.

    Args:
        folder: The export.
        config: Its config.

    Raises:
        RecordError: The config holds none.
    """
    try:
        return Study.model_validate(config["study"]), int(config["seed"])
    except (KeyError, TypeError, ValueError, ValidationError) as error:
        law = "a config must hold the study that its model is of"
        raise RecordError(
            f"{folder / CONFIG}: {law}; got: {repr(error)[:200]} (export the trial again)"
        ) from None


def encoding_in(folder: Path, config: Mapping[str, Any], read: Input) -> Encoding:
    """Return the encoder of an export's inputs, as it was fitted when its model was first trained.

    Args:
        folder: The export.
        config: Its config.
        read: What its model reads.

    Raises:
        RecordError: The config says none, or none that can be carried out.
    """
    try:
        return encoding_of(config["encoding"], read.max)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        law = "a config must say how inputs are encoded"
        raise RecordError(
            f"{folder / CONFIG}: {law}; got: {repr(error)[:200]} (export the trial again)"
        ) from None


def dataset_in(folder: Path, config: Mapping[str, Any], read: Input, data_root: Path | None) -> Dataset:
    """Return the samples of an export's study, encoded as its model reads them.

    Args:
        folder: The export.
        config: Its config.
        read: What its model reads.
        data_root: Folder of data sets, or of the study's data files: a config says no folder of its data. None:
            ``HWSEARCH_DATA``.

    Raises:
        InputError: They cannot be read.
        RecordError: The config holds no study, or they are not what the model was trained to read.
    """
    study, _ = study_of(folder, config)
    if data_root is not None:
        study = override(study, data_root=str(data_root))
    root, fitted = find_root(study.data.root, None, os.environ), None
    if "retrained" in config:  # on other data than its inputs' encoder was fitted on
        fitted = encoding_in(folder, config, read)
    dataset = load_dataset(study.data, root, fitted)
    if fitted is not None:
        dataset = binned_as(dataset, read)
    if dataset.input != read:
        law = "the data must be what the model was trained to read"
        got = f"{dataset.input}, not {read}"
        raise RecordError(f"{folder / CONFIG}: {law}; got: {got} (name the data's folder with --data-root)")
    return dataset
