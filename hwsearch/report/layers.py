"""What is drawn where: a run's candidates sorted into layers, for any pair of objectives. Draws nothing itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from hwsearch.records.front import FORETOLD, DenseRow
from hwsearch.records.tables import Cell, Row
from hwsearch.records.trial_table import TrialRow
from hwsearch.records.trials import COST_COLUMNS
from hwsearch.report.quantities import spell
from hwsearch.report.tables import RunTables

_NBSP = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Mark:
    """How a kind of point is drawn; told apart by shape as well as by colour (Okabe and Ito's, slightly lightened).

    Attributes:
        label: In the legend.
        colour: Hex.
        symbol: Plotly's name.
        marker: Matplotlib's.
        size: In points.
    """

    label: str
    colour: str
    symbol: str
    marker: str
    size: int


MARKS = {
    "over": Mark("over a budget", "#d55e00", "x-thin-open", "x", 7),
    "dominated": Mark("trained, off the front", "#8b8b8b", "square-open", "s", 7),
    "foretold": Mark("on the front, foretold", "#2b83c6", "diamond-open", "D", 8),
    "front": Mark("Pareto front", "#2b83c6", "circle", "o", 10),
    "dense": Mark("dense reference", "#c2599b", "star", "*", 17),
    "pick": Mark("the pick", "#00936b", "circle-open", "o", 20),
}
"""Back to front."""


@dataclass(frozen=True)
class Point:
    """One mark; ``y`` is None for a candidate over budget on an axis of error: it has no accuracy."""

    x: float
    y: float | None
    text: str


@dataclass(frozen=True)
class Panel:
    """One pair of objectives.

    Attributes:
        x, y: The objectives; error is always y.
        points: By kind of MARKS.
        budgets: Limits on the axes: objective -> value.
        left_out: Candidates over budget whose cost on this pair is not known.
    """

    x: str
    y: str
    points: Mapping[str, tuple[Point, ...]]
    budgets: Mapping[str, float] = field(default_factory=dict)
    left_out: int = 0

    def values(self, axis: str) -> list[float]:
        """Return everything on one axis (``x`` or ``y``), budgets included."""
        name = self.x if axis == "x" else self.y
        drawn = [p.x if axis == "x" else p.y for points in self.points.values() for p in points]
        return [v for v in drawn if v is not None] + ([self.budgets[name]] if name in self.budgets else [])

    def steps(self) -> list[tuple[float, float]]:
        """Return the corners of the front's step line: its members that no other dominates in this pair, by x."""
        best, corners = float("inf"), []
        members = (*self.points["front"], *self.points.get("foretold", ()))
        for x, y in sorted((p.x, p.y) for p in members if p.y is not None):
            if y < best:
                corners.append((x, y))
                best = y
        return corners


def panels(tables: RunTables) -> list[Panel]:
    """Return one panel for each pair of objectives, the pairs with error first."""
    costs = [name for name in tables.summary.objectives if name != "error"]
    pairs = [(name, "error") for name in costs] if "error" in tables.summary.objectives else []
    return [_panel(tables, x, y) for x, y in [*pairs, *combinations(costs, 2)]]


def _panel(tables: RunTables, x: str, y: str) -> Panel:
    summary = tables.summary
    on_front = {row.trial for row in tables.front}
    trained = [row for row in tables.trials if row.outcome == "trained" and row.trial not in on_front]
    over = [_at_predicted_cost(row) for row in tables.trials if row.outcome == "over_budget"]
    over += [row for row in trained if not row.feasible]
    kinds: dict[str, Sequence[Row]] = {
        "over": over,
        "dominated": [row for row in trained if row.feasible],
        "foretold": [row for row in tables.front if row.is_foretold],
        "front": [row for row in tables.front if not row.is_foretold],
        "dense": [summary.dense],
        "pick": [] if summary.pick is None else [summary.pick],
    }
    points = {kind: _points(members, x, y, kind) for kind, members in kinds.items()}
    budgets = {name: summary.budgets[name] for name in (x, y) if name in summary.budgets}
    return Panel(x, y, points, budgets, len(over) - len(points["over"]))


def _points(members: Iterable[Row], x: str, y: str, kind: str) -> tuple[Point, ...]:
    drawn = []
    for row in members:
        at_x, at_y = objective(row, x), objective(row, y)
        if at_x is not None and (at_y is not None or (kind == "over" and y == "error")):
            drawn.append(Point(at_x, at_y, hover(row)))
    return tuple(drawn)


def objective(row: Row, name: str) -> float | None:
    """Return a row's value of an objective: ``error`` is 1 minus the study's score; None where it is not known."""
    if name != "error":
        return row.number(name)
    scored = row.number("score_val")  # where the study's score is another than accuracy
    score = row.number("accuracy_val") if scored is None else scored
    return None if score is None else 1.0 - score


def _at_predicted_cost(row: TrialRow) -> TrialRow:
    """Return the row with its predicted costs for its measured ones, which it does not have."""
    return row.model_copy(update={name: row.cell(f"{name}_predicted") for name in COST_COLUMNS})


def knobs(row: Row) -> str:
    """Return a candidate's knobs in words; one number a layer is shown as ``50/90/50 %``."""
    parts = []
    if row.cell("sparsity") is not None:
        parts.append(f"{sparsity(row.cell('sparsity'))} removed by {row.cell('granularity')}")
    if row.cell("weight_bits") is not None:
        parts.append(f"{whole(row.cell('weight_bits'))} bits")
    if row.cell("timesteps") is not None:
        parts.append(f"T{_NBSP}={_NBSP}{whole(row.cell('timesteps'))}")
    if row.cell("state_bits") is not None:
        parts.append(f"membranes of {whole(row.cell('state_bits'))} bits")
    if row.cell("network") is not None:
        parts.append(f"of {row.cell('network')}")
    return ", ".join(parts)


def sparsity(value: Cell) -> str:
    """Return ``0.9`` or ``0.5/0.9`` as percentages."""
    try:
        shares = [float(part) for part in str(value).split("/")]
    except ValueError:
        return str(value)
    return "/".join(f"{100 * share:.4g}" for share in shares) + " %"


def whole(value: Cell) -> str:
    """Return a whole number without ``.0``; text as it is."""
    try:
        return f"{float(str(value)):g}"
    except ValueError:
        return str(value)


def hover(row: Row) -> str:
    """Return what a point says about its candidate; unknown costs are left out."""
    ending = "on the front, foretold" if row.cell("evidence") == FORETOLD else "on the front"
    outcome = "dense reference" if isinstance(row, DenseRow) else row.cell("outcome") or ending
    trial = None if row.cell("trial") is None else f"trial {row.cell('trial')}"
    head = " · ".join(str(part).replace("_", " ") for part in (trial, outcome) if part)
    lines = [f"<b>{head}</b>"] + ([knobs(row)] if knobs(row) else [])
    names = {
        "score_val": "score on validation", "score_test": "score on test",
        "accuracy_val": "validation", "accuracy_test": "test", "memory_bytes": "memory",
        "synaptic_ops": "synaptic operations", "energy_j": "energy", "latency_s": "latency",
    }  # fmt: skip
    lines += [
        f"{label} {spell(name, value)}"
        for name, label in names.items()
        if (value := row.number(name)) is not None
    ]
    return "<br>".join(lines)
