"""The hydraulic test rig of ZeMA: cycles of 60 s of eight sensors at 1 Hz, five labels of the rig's condition.

Source: N. Helwig, E. Pignanelli, A. Schuetze, "Condition monitoring of a complex hydraulic system using multivariate
statistics", IEEE I2MTC 2015; UCI Machine Learning Repository, data set 447.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from hwsearch.data.readers.arrays import Places, samples_of
from hwsearch.data.readers.files import every, read_bounded
from hwsearch.data.samples import Samples
from hwsearch.errors import Fault, InputError

SENSORS = ("TS1", "TS2", "TS3", "TS4", "VS1", "CE", "CP", "SE")
TARGETS = ("cooler", "valve", "pump", "accumulator", "stable")
"""Columns of profile.txt, in order."""
_SECONDS = 60


def read_hydraulic(folder: Path, target: str, layout: str = "sequence") -> Samples:
    """Read cycles as sequences [60, 8, 1, 1], or as stills [8, 60, 1], and one of their labels.

    Groups are runs of constant condition: neighbouring cycles in which none of the five labels changes.

    Args:
        folder: Of the files, by their names of UCI.
        target: One of ``TARGETS``.
        layout: ``sequence`` or ``image``.

    Raises:
        InputError: A file is missing, is not of numbers, or has another number of cycles or seconds.
    """
    tables: list[npt.NDArray[np.float64]] = []
    faults: list[Fault] = []
    for name, columns in (
        *((f"{sensor}.txt", _SECONDS) for sensor in SENSORS),
        ("profile.txt", len(TARGETS)),
    ):
        try:
            tables.append(_numbers(folder / name, columns))
        except InputError as error:
            faults += error.faults
    if faults:
        raise every(faults)
    lengths = [len(table) for table in tables]
    if len(set(lengths)) > 1:
        got = ", ".join(str(length) for length in lengths)
        law = f"{', '.join(SENSORS)} and profile must have a row for each cycle"
        raise InputError([Fault("", law, f"{got} rows", "fetch the files anew", folder)])
    *sensors, conditions = tables
    changes = (np.diff(conditions, axis=0) != 0).any(1)
    runs = np.concatenate([[0], np.cumsum(changes)])
    x = np.stack(sensors, 2).astype(np.float32)
    return samples_of(
        x.transpose(0, 2, 1) if layout == "image" else x,
        conditions[:, TARGETS.index(target)].astype(np.int64).astype(np.str_),
        axes="NCL" if layout == "image" else "NTC",
        groups=runs,
        channel_names=SENSORS,
        places=Places({"x": "", "y": target, "groups": ""}, folder),
    )


def _numbers(path: Path, columns: int) -> npt.NDArray[np.float64]:
    """Return a table of numbers separated by tabs, without a header."""
    lines = read_bounded(path).decode("ascii", errors="replace").splitlines()
    rows, faults = [], []
    for number, line in enumerate(lines, 1):
        try:
            row = [float(value) for value in line.split("\t")]
        except ValueError as error:
            faults.append(
                Fault("", "a row must hold numbers", str(error), "fetch the file anew", path, number)
            )
            continue
        if len(row) != columns or not np.isfinite(row).all():
            law = f"a row must have {columns} finite numbers"
            faults.append(Fault("", law, f"{len(row)} values", "fetch the file anew", path, number))
        rows.append(row)
    if not lines:
        faults.append(Fault("", "there must be a row for each cycle", "none", "fetch the file anew", path))
    if faults:
        raise every(faults)
    return np.array(rows)
