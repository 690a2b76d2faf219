"""Which of some measured networks are on their front, and which one a rule picks; of spiking and plain ones alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from hwsearch.predict.surrogate import chances_below
from hwsearch.records.front import FORETOLD, NetworkRow

AnyRow = TypeVar("AnyRow", bound=NetworkRow)
Item = TypeVar("Item")
_COLUMNS = {"smallest": "memory_bytes", "frugal": "energy_j"}
_ROUNDING = 1e-9


def accurate_enough(rows: Sequence[AnyRow], floor: float, chance: float | None = None) -> list[AnyRow]:
    """Return the rows whose score on validation is as high as needed; what is foretold has no network.

    Args:
        rows: Of a front.
        floor: The score that is needed.
        chance: To be worse than that, at most, of what tells more than the mean of its trainings: column ``believed``.
    """
    trained = (row for row in rows if row.cell("evidence") != FORETOLD)
    return [row for row in trained if _is_enough(row, floor, chance)]


def _is_enough(row: NetworkRow, floor: float, chance: float | None) -> bool:
    known, sd = (row.number(name) for name in ("believed", "believed_sd"))
    if chance is None or known is None or sd is None:
        return (row.score or 0.0) >= floor - _ROUNDING
    return bool(chances_below(np.array([known]), np.array([sd]), floor)[0] <= chance)


def picked(rows: Sequence[AnyRow], rule: str, floor: float, chance: float | None = None) -> AnyRow | None:
    """Return the row that a rule picks, as `hwsearch.search.decide.pick.pick_row` does; None: none is accurate enough.

    Args:
        rows: Of a front.
        rule: ``smallest`` (memory), ``frugal`` (energy; memory where that is unknown) or ``accurate``.
        floor: The score on validation that is needed.
        chance: As of `accurate_enough`.
    """
    able = accurate_enough(rows, floor, chance)
    if not able:
        return None
    if rule == "accurate":
        return min(able, key=lambda row: (-(row.score or 0.0), row.number("memory_bytes") or 0.0))
    column = _COLUMNS[rule]
    if all(row.number(column) is None for row in able):
        column = "memory_bytes"
    known = [row for row in able if row.number(column) is not None]
    return min(known, key=lambda row: (row.number(column) or 0.0, -(row.score or 0.0)))


def front_of(rows: Sequence[AnyRow], costs: Sequence[str]) -> list[AnyRow]:
    """Return the rows that no other dominates in score and known costs, the smallest first.

    Args:
        rows: Measured networks.
        costs: The study's objectives but the error; a plain network's operations are multiply-accumulates.
    """
    known = [name for name in costs if all(row.number(name) is not None for row in rows)] or ["memory_bytes"]
    values = [(-(row.score or 0.0), *(row.number(name) or 0.0 for name in known)) for row in rows]
    return sorted(undominated(rows, values), key=lambda row: row.number("memory_bytes") or 0.0)


def undominated(items: Sequence[Item], values: Sequence[tuple[float, ...]]) -> list[Item]:
    """Return the items that no other is as good as in every value, and better in one.

    Args:
        items: Anything.
        values: Of each; less is better.
    """
    return [
        item
        for item, mine in zip(items, values, strict=True)
        if not any(
            other != mine and all(a <= b for a, b in zip(other, mine, strict=True)) for other in values
        )
    ]
