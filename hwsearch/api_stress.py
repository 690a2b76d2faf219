"""The Python interface of ``hwsearch stress``: a run's candidates, or an export's model, under disturbances."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from hwsearch.api import load_run
from hwsearch.errors import Fault, InputError
from hwsearch.records.stress import StressRow
from hwsearch.results.stressed import StressAsked, is_export, stress_export


def stress(
    path: str | Path,
    *,
    trials: Sequence[int] | None = None,
    split: str = "test",
    seeds: int = 10,
    samples: int = 500,
    kinds: Sequence[str] = (),
    to: str | Path | None = None,
    data_root: str | Path | None = None,
    storage: str | None = None,
    tell: Callable[[str], object] = lambda text: None,
) -> tuple[Path, list[StressRow]]:
    """Measure what networks lose under disturbances, and write stress.csv and stress.png; of a run also its report.

    Args:
        path: The folder of a finished run, or of an export.
        trials: Of a run: which candidates; None: its pick.
        split: ``test`` or ``validation``. The test split is for a report at the end.
        seeds: Draws of each disturbance.
        samples: Of the split, at most, classes in proportion.
        kinds: Which disturbances (`hwsearch.stress.kinds`); none: all.
        to: Of an export: the folder to write into; None: the export's name and ``_stress``.
        data_root: Of an export: the folder of data sets; None: ``HWSEARCH_DATA``.
        storage: Of a run: URL of its Optuna storage.
        tell: Told what is being done.

    Returns:
        The folder that was written into, and the rows of stress.csv, the dense network's first.

    Raises:
        InputError: There is neither run nor export, or what is asked breaks a law.
        NothingFits: The run has no pick.
        RecordError: A file is missing or damaged, or a network is not what was recorded.
        Unfinished: The run has not ended.
    """
    folder = Path(path)
    asked = StressAsked(split, seeds, samples, tuple(kinds))
    if is_export(folder):
        if trials:
            raise InputError([Fault("--trial", "an export holds one model", ", ".join(map(str, trials)))])
        target = Path(to) if to is not None else folder.with_name(f"{folder.name}_stress")
        root = None if data_root is None else Path(data_root)
        return target, stress_export(folder, target, asked, tell, root)
    given = {"--to": to, "--data-root": data_root}
    if wrong := [Fault(name, "it goes with an export", str(value)) for name, value in given.items() if value]:
        raise InputError(wrong)
    return folder, load_run(folder, storage=storage).stress(trials, asked=asked, tell=tell)
