"""The best score of trained candidates by sparsity and weight bits, one map a granularity.

Candidates with a value for each layer have no place on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hwsearch.records.tables import Cell
from hwsearch.records.trial_table import TrialRow
from hwsearch.report.layers import objective
from hwsearch.report.tables import RunTables

_MOST_COLUMNS = 10
_ORDER = ("weight", "nm", "block", "kernel", "channel")


@dataclass(frozen=True)
class MapCell:
    """What was trained at one place of a map.

    Attributes:
        best: The best score on validation, in 0 .. 1.
        trial: Whose.
        n: Trained candidates there.
        share: Where ``best`` lies between the least (0) and the best (1) cell of all maps.
    """

    best: float
    trial: int
    n: int
    share: float


@dataclass(frozen=True)
class GranularityMap:
    """One granularity.

    Attributes:
        granularity: Its name.
        rows: For each number of bits its name and a cell a column; None: nothing was trained there.
    """

    granularity: str
    rows: tuple[tuple[str, tuple[MapCell | None, ...]], ...]


@dataclass(frozen=True)
class SparsityMaps:
    """All maps, of the same rows and columns.

    Attributes:
        columns: Sparsities, or ranges of them, in words.
        maps: One a granularity.
        layered: Trained candidates without a place.
    """

    columns: tuple[str, ...]
    maps: tuple[GranularityMap, ...]
    layered: int


_Place = tuple[str, float, float]
"""Granularity, bits and the sparsity that a column begins at."""


def sparsity_maps(tables: RunTables) -> SparsityMaps | None:
    """Return the maps of a run; None where no trained candidate has a place."""
    trained = [
        row for row in tables.trials if row.outcome == "trained" and objective(row, "error") is not None
    ]
    placed = [(row, place) for row in trained if (place := _place(row)) is not None]
    if not placed:
        return None
    levels = sorted({sparsity for _, (_, _, sparsity) in placed})
    ranges = len(levels) > _MOST_COLUMNS
    cells = _cells((row, (g, b, _tenth(s) if ranges else s)) for row, (g, b, s) in placed)
    columns = [k / 10 for k in range(10)] if ranges else levels
    names = [f"{100 * low:.4g}" + (f"\N{EN DASH}{100 * low + 10:.4g}" if ranges else "") for low in columns]
    bits = sorted({b for _, b, _ in cells})
    maps = tuple(
        GranularityMap(
            granularity,
            tuple((f"{b:g}", tuple(cells.get((granularity, b, low)) for low in columns)) for b in bits),
        )
        for granularity in sorted({g for g, _, _ in cells}, key=_rank)
    )
    return SparsityMaps(tuple(names), maps, len(trained) - len(placed))


def _place(row: TrialRow) -> _Place | None:
    """Return where a candidate stands; None: it has a value for each layer."""
    bits, sparsity = _number(row.weight_bits), _number(row.sparsity)
    return (
        None
        if bits is None or sparsity is None or "/" in row.granularity
        else (row.granularity, bits, sparsity)
    )


def _number(value: Cell) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None


def _tenth(sparsity: float) -> float:
    """Return where the range of ten points begins that a sparsity lies in; all that is removed is in the last."""
    return min(int(10 * sparsity + 1e-9), 9) / 10


def _cells(placed: Iterable[tuple[TrialRow, _Place]]) -> Mapping[_Place, MapCell]:
    """Return what was trained at each place: the best first found of those that are equal."""
    gathered: dict[_Place, list[tuple[float, int]]] = {}
    for row, place in placed:
        gathered.setdefault(place, []).append((objective(row, "error") or 0.0, row.trial))
    best = {place: min(found) for place, found in gathered.items()}
    low, high = max(e for e, _ in best.values()), min(e for e, _ in best.values())
    spread = (low - high) or 1.0
    return {
        place: MapCell(1.0 - error, trial, len(gathered[place]), (low - error) / spread)
        for place, (error, trial) in best.items()
    }


def _rank(granularity: str) -> tuple[int, int, str]:
    """Return by what granularities are sorted: kind, then size."""
    kind, _, size = granularity.partition(":")
    place = _ORDER.index(kind) if kind in _ORDER else len(_ORDER)
    return place, int(size) if size.isdigit() else 0, granularity
