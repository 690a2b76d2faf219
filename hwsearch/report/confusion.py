"""What a network takes for what: its confusion matrix as a table of a page, and its most frequent mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hwsearch.records.by_class import RecallRow
from hwsearch.report.tables import RunTables

_MOST_CLASSES, _MOST_MISTAKES = 25, 10


@dataclass(frozen=True)
class Cell:
    """Test samples of a class that are answered with a class: how many, and which share of the class."""

    count: int
    share: float


@dataclass(frozen=True)
class Mistake:
    """A class that is taken for another one, on so many test samples, and which share of the class they are."""

    true: str
    answered: str
    count: int
    share: float


@dataclass(frozen=True)
class Confusion:
    """The confusion matrix of the pick on test.

    Attributes:
        names: Of the classes.
        rows: Of each class its name, its samples and a cell for each answer; none where there are too many to show.
        mistakes: The most frequent ones, the most frequent first.
    """

    names: tuple[str, ...]
    rows: tuple[tuple[str, int, tuple[Cell, ...]], ...]
    mistakes: tuple[Mistake, ...]


def class_names(recalls: Sequence[RecallRow]) -> dict[int, str]:
    """Return what the data call each class, by its number; none where the run did not record it."""
    return {row.true_class: row.name for row in recalls}


def confusion_of_pick(tables: RunTables) -> Confusion | None:
    """Return the confusion matrix of the pick; None without a pick, or where the run did not record it."""
    pick = tables.summary.pick
    counts = None if pick is None else tables.confusion.get(pick.trial)
    if not counts:
        return None
    known = class_names(tables.recalls)
    names = tuple(known.get(label, str(label)) for label in range(len(counts)))
    sizes = [sum(row) for row in counts]
    shares = [[n / max(1, size) for n in row] for row, size in zip(counts, sizes, strict=True)]
    mistakes = [
        Mistake(names[i], names[j], n, shares[i][j])
        for i, row in enumerate(counts)
        for j, n in enumerate(row)
        if i != j and n
    ]
    mistakes.sort(key=lambda mistake: (-mistake.count, -mistake.share))
    rows = tuple(
        (name, size, tuple(map(Cell, row, of_class)))
        for name, size, row, of_class in zip(names, sizes, counts, shares, strict=True)
    )
    return Confusion(names, rows if len(names) <= _MOST_CLASSES else (), tuple(mistakes[:_MOST_MISTAKES]))
