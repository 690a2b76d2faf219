"""Which knob matters for what: the share of a quantity's variance that one knob alone explains.

Not for effects of several knobs together, and not causal: a search does not draw evenly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from hwsearch.records.trial_table import TrialRow
from hwsearch.report.layers import objective
from hwsearch.report.quantities import short
from hwsearch.report.tables import RunTables

_KNOBS = {
    "sparsity": "sparsity",
    "granularity": "granularity",
    "weight_bits": "weight bits",
    "timesteps": "timesteps",
    "state_bits": "membrane bits",
    "network": "network",
}
_LEAST, _MOST_GROUPS, _BLOCKS = 30, 12, 20


@dataclass(frozen=True)
class Share:
    """An explained share of variance with its 95 % interval, all in 0 .. 1."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Importances:
    """The table.

    Attributes:
        quantities: Its columns, in words.
        rows: A knob's name and its share a column; None: not to be told from so few candidates.
        n_trained: Candidates that the column of error is from.
        n_priced: Candidates that those of costs are from.
    """

    quantities: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Share | None, ...]], ...]
    n_trained: int
    n_priced: int


def importances_of(tables: RunTables) -> Importances | None:
    """Return the table of a run; None where nothing can be told."""
    asked = [row for row in tables.trials if row.outcome != "repeat"]
    names = [name for name in ("error", *tables.summary.objectives) if name != "error"]
    columns = [
        _known([row for row in asked if row.outcome == "trained"], lambda row: objective(row, "error"))
    ]
    columns += [_known(asked, _logarithm_of(name)) for name in names]
    rows = []
    for knob, words in _KNOBS.items():
        shares = tuple(
            explained(_groups([row for row, _ in known], knob), np.array([value for _, value in known]))
            for known in columns
        )
        if any(share is not None for share in shares):
            rows.append((words, shares))
    if not rows:
        return None
    quantities = ("error", *(short(name) for name in names))
    return Importances(
        quantities, tuple(rows), len(columns[0]), max((len(k) for k in columns[1:]), default=0)
    )


def explained(groups: Sequence[str], values: np.ndarray) -> Share | None:
    """Return the share of variance that groups explain, with a 95 % interval by the jackknife over 20 blocks.

    epsilon^2 = (SSB - (k - 1) MSW) / SST, MSW = SSW / (n - k): the correlation ratio, less what k groups explain
    by chance; below 0 it is 0.

    Args:
        groups: [n] the group of each value.
        values: [n].

    Returns:
        None below 30 values, for one group or more than 12 of them, or where nothing varies.

    Source: Kelley 1935, An unbiased correlation ratio measure (PNAS 21).
    """
    kinds, codes = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    if len(values) < _LEAST or not 1 < len(kinds) <= _MOST_GROUPS:
        return None
    share = _epsilon_squared(codes, values)
    blocks = np.arange(len(values)) % _BLOCKS
    without = np.array([_epsilon_squared(codes[blocks != b], values[blocks != b]) for b in range(_BLOCKS)])
    if not math.isfinite(share) or not np.isfinite(without).all():
        return None
    half = 1.96 * math.sqrt((_BLOCKS - 1) / _BLOCKS * float(np.square(without - without.mean()).sum()))
    return Share(*(min(1.0, max(0.0, bound)) for bound in (share, share - half, share + half)))


def _epsilon_squared(codes: np.ndarray, values: np.ndarray) -> float:
    """Return epsilon squared; NaN where it cannot be told."""
    counts = np.bincount(codes)
    k, n = int((counts > 0).sum()), len(values)
    total = float(np.square(values - values.mean()).sum())
    if n <= k or total <= 0:
        return math.nan
    means = np.bincount(codes, weights=values) / np.maximum(counts, 1)
    inner = float(np.square(values - means[codes]).sum())
    return (total - inner - (k - 1) * inner / (n - k)) / total


def _known(
    rows: Sequence[TrialRow], value: Callable[[TrialRow], float | None]
) -> list[tuple[TrialRow, float]]:
    return [(row, known) for row in rows if (known := value(row)) is not None]


def _logarithm_of(name: str) -> Callable[[TrialRow], float | None]:
    """Return what tells the logarithm of a cost as predicted before training: known of all that were priced."""

    def value(row: TrialRow) -> float | None:
        cost = row.number(f"{name}_predicted")
        return None if cost is None or cost <= 0 else math.log(cost)

    return value


def _groups(rows: Sequence[TrialRow], knob: str) -> list[str]:
    """Return each candidate's value of a knob; sparsities, where there are many, by ranges of ten points."""
    texts = [str(row.cell(knob)) for row in rows]
    if knob != "sparsity" or len(set(texts)) <= _MOST_GROUPS:
        return texts
    return [_range_of(text) for text in texts]


def _range_of(text: str) -> str:
    try:
        return str(min(int(10 * float(text) + 1e-9), 9))
    except ValueError:
        return text
