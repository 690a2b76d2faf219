"""recalls.csv and confusion.csv: what each member of the front answers to the test samples of each class.

Both are of the network that is handed over. Where labels are a timestep's, each timestep is one answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hwsearch.errors import RecordError
from hwsearch.records.files import damaged
from hwsearch.records.tables import Row, read_rows, write_table


class RecallRow(Row):
    """A class of a member of the front.

    Attributes:
        trial: The member's.
        true_class, name: The class, and what the data call it: its number, where they do not say.
        samples: Of the class, on test.
        answered: Test samples that were answered with it, rightly or not.
        right: Of its samples, answered with it.
        recall: Their share; None for a class without samples.
        recall_low, recall_high: Its 95 % Wilson interval.
    """

    trial: int
    true_class: int
    name: str
    samples: int
    answered: int
    right: int
    recall: float | None = None
    recall_low: float | None = None
    recall_high: float | None = None


class ConfusionRow(Row):
    """How many test samples of a class a member of the front answers with a class; every pair has its row."""

    trial: int
    true_class: int
    predicted_class: int
    count: int


def write_recalls(rows: Sequence[RecallRow], path: Path) -> None:
    """Write recalls.csv."""
    names = tuple(RecallRow.model_fields)
    write_table(path, names, ([row.cell(name) for name in names] for row in rows))


def write_confusion(rows: Sequence[ConfusionRow], path: Path) -> None:
    """Write confusion.csv."""
    names = tuple(ConfusionRow.model_fields)
    write_table(path, names, ([row.cell(name) for name in names] for row in rows))


def read_recalls(path: Path) -> list[RecallRow]:
    """Return the rows of recalls.csv; none of a run of an earlier version, which had none.

    Raises:
        RecordError: The file is damaged.
    """
    if not path.exists():
        return []
    return read_rows(path, RecallRow, ("trial", "true_class", "name", "samples", "answered", "right"))


def read_confusion(path: Path) -> dict[int, list[list[int]]]:
    """Return counts by member, true class and answered class; none of a run of an earlier version, which had none.

    Raises:
        RecordError: The file is damaged.
    """
    if not path.exists():
        return {}
    cells: dict[int, dict[tuple[int, int], int]] = {}
    for row in read_rows(path, ConfusionRow, tuple(ConfusionRow.model_fields)):
        cells.setdefault(row.trial, {})[row.true_class, row.predicted_class] = row.count
    return {trial: _square(path, trial, counts) for trial, counts in cells.items()}


def _square(path: Path, trial: int, counts: dict[tuple[int, int], int]) -> list[list[int]]:
    """Return a member's counts, row by row.

    Raises:
        RecordError: Some pair of classes is missing.
    """
    classes = range(1 + max(max(pair) for pair in counts))
    missing = [(i, j) for i in classes for j in classes if (i, j) not in counts]
    if missing:
        law = f"every pair of classes of trial {trial} must have its row"
        raise RecordError(damaged(path, law, f"none of class {missing[0][0]} answered with {missing[0][1]}"))
    return [[counts[i, j] for j in classes] for i in classes]
