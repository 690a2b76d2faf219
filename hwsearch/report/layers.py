"""What is drawn where: a run's candidates sorted into layers, for any pair of objectives. Draws nothing itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations

from hwsearch.report.quantities import spell
from hwsearch.report.tables import Row, RunTables, number, rows

_NBSP = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Look:
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


LOOKS = {
    "over": Look("over a budget", "#d55e00", "x-thin-open", "x", 7),
    "dominated": Look("trained, off the front", "#8b8b8b", "square-open", "s", 7),
    "front": Look("Pareto front", "#2b83c6", "circle", "o", 10),
    "dense": Look("dense reference", "#c2599b", "star", "*", 17),
    "pick": Look("the pick", "#00936b", "circle-open", "o", 20),
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
        points: By kind of LOOKS.
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
        best, kept = float("inf"), []
        for x, y in sorted((p.x, p.y) for p in self.points["front"] if p.y is not None):
            if y < best:
                kept.append((x, y))
                best = y
        return kept


def panels(tables: RunTables) -> list[Panel]:
    """Return one panel for each pair of objectives, the pairs with error first."""
    costs = [name for name in tables.summary.objectives if name != "error"]
    pairs = [(name, "error") for name in costs] if "error" in tables.summary.objectives else []
    return [_panel(tables, x, y) for x, y in [*pairs, *combinations(costs, 2)]]


def _panel(tables: RunTables, x: str, y: str) -> Panel:
    summary, trials = tables.summary, rows(tables.trials)
    on_front = {row["trial"] for row in rows(tables.front)}
    trained = [r for r in trials if r["outcome"] == "trained" and r["trial"] not in on_front]
    over = [_predicted(r) for r in trials if r["outcome"] == "over_budget"] + [
        r for r in trained if not r["feasible"]
    ]
    kinds: dict[str, list[Row]] = {
        "over": list(over),
        "dominated": [r for r in trained if r["feasible"]],
        "front": list(rows(tables.front)),
        "dense": [{"outcome": "dense reference", **summary.dense}],
        "pick": [] if summary.pick is None else [summary.pick],
    }
    points = {kind: _points(own, x, y, kind) for kind, own in kinds.items()}
    return Panel(
        x,
        y,
        points,
        {name: summary.budgets[name] for name in (x, y) if name in summary.budgets},
        len(over) - len(points["over"]),
    )


def _points(candidates: Iterable[Row], x: str, y: str, kind: str) -> tuple[Point, ...]:
    drawn = []
    for row in candidates:
        at_x, at_y = _objective(row, x), _objective(row, y)
        if at_x is not None and (at_y is not None or (kind == "over" and y == "error")):
            drawn.append(Point(at_x, at_y, hover(row)))
    return tuple(drawn)


def _objective(row: Row, name: str) -> float | None:
    if name != "error":
        return number(row, name)
    accuracy = number(row, "accuracy_val")
    return None if accuracy is None else 1.0 - accuracy


def _predicted(row: Row) -> Row:
    """Return the row with its predicted costs for its measured ones, which it does not have."""
    own = {k: v for k, v in row.items() if not k.endswith("_predicted")}
    return own | {k.removesuffix("_predicted"): v for k, v in row.items() if k.endswith("_predicted")}


def knobs(row: Row) -> str:
    """Return a candidate's knobs in words; one number a layer is shown as ``50/90/50 %``."""
    parts = []
    if row.get("sparsity") is not None:
        parts.append(f"{sparsity(row['sparsity'])} removed by {row.get('granularity')}")
    if row.get("weight_bits") is not None:
        parts.append(f"{whole(row['weight_bits'])} bits")
    if row.get("timesteps") is not None:
        parts.append(f"T{_NBSP}={_NBSP}{whole(row['timesteps'])}")
    return ", ".join(parts)


def sparsity(value: float | str | None) -> str:
    """Return ``0.9`` or ``0.5/0.9`` as percentages."""
    try:
        shares = [float(part) for part in str(value).split("/")]
    except ValueError:
        return str(value)
    return "/".join(f"{100 * share:.4g}" for share in shares) + " %"


def whole(value: float | str | None) -> str:
    """Return a whole number without ``.0``; text as it is."""
    try:
        return f"{float(str(value)):g}"
    except ValueError:
        return str(value)


def hover(row: Row) -> str:
    """Return what a point says about its candidate; unknown costs are left out."""
    outcome = row.get("outcome")
    trial = None if row.get("trial") is None else f"trial {whole(row['trial'])}"
    head = " · ".join(str(v).replace("_", " ") for v in (trial, outcome or "on the front") if v)
    lines = [f"<b>{head}</b>"] + ([knobs(row)] if knobs(row) else [])
    names = {
        "accuracy_val": "validation", "accuracy_test": "test", "memory_bytes": "memory",
        "synaptic_ops": "synaptic operations", "energy_j": "energy", "latency_s": "latency",
    }  # fmt: skip
    lines += [
        f"{label} {spell(name, value)}"
        for name, label in names.items()
        if (value := number(row, name)) is not None
    ]
    return "<br>".join(lines)
