"""What an export's config says of its model's data: the study that it is of, and the encoder of its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hwsearch.data.encode.encoding import Encoding, encoding_of
from hwsearch.errors import RecordError
from hwsearch.export.bundle import CONFIG
from hwsearch.graph.graph import Input
from hwsearch.study.model import Study


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
