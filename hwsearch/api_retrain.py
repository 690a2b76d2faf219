"""The Python interface of ``hwsearch retrain``: an export's model, trained on with new data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hwsearch.results.retrained import RetrainAsked, RetrainedExport, retrain_export
from hwsearch.retrain.spent import CORE_WATTS


def retrain(
    export: str | Path,
    data: str | Path,
    *,
    to: str | Path | None = None,
    epochs: int | None = None,
    seed: int | None = None,
    profile: str | Path | None = None,
    core_watts: float = CORE_WATTS,
    data_root: str | Path | None = None,
    tell: Callable[[str], object] = lambda text: None,
) -> RetrainedExport:
    """Train the model of an export on with new data, its place in memory unchanged; write a new export.

    Args:
        export: The export's folder.
        data: A file or folder in the format of the export's study, or a YAML file with a section ``data``; for a
            shipped data set the folder of data sets, or an npz with x and y.
        to: The folder to write; None: the export's name and ``_retrained``.
        epochs: Passes over the new training samples; None: as many as the study trains a candidate for.
        seed: Of the order of the samples; None: the study's.
        profile: File of the device's profile; None: the one of the export's id.
        core_watts: What a busy core is taken to draw, for the estimate of energy.
        data_root: Folder of data sets; None: ``HWSEARCH_DATA``.
        tell: Told what is being done.

    Returns:
        The new export's folder (None where no epoch was better on validation than doing nothing: then nothing is
        written), scores before and after, and what it cost.

    Raises:
        InputError: What is asked breaks a law, or the data do not suit the model; every fault.
        RecordError: The export is damaged, or lacks what a training needs.
    """
    folder = Path(export)
    target = Path(to) if to is not None else folder.with_name(f"{folder.name}_retrained")
    asked = RetrainAsked(Path(data), epochs, seed, None if profile is None else Path(profile), core_watts)
    return retrain_export(folder, target, asked, tell, None if data_root is None else Path(data_root))
