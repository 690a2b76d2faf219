"""How the hypervolume of a search grew with its training (anytime hypervolume), as a line to draw.

By the accuracies of the search, one training a candidate: not those of the final trainings that front.csv has.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hwsearch.records.trial_table import TrialRow
from hwsearch.report.layers import objective
from hwsearch.report.quantities import plain
from hwsearch.report.tables import RunTables
from hwsearch.search.decide.front import Box, hypervolume, non_dominated

_LEAST_COST = 1e-12
_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 640, 220, 46, 34


@dataclass(frozen=True)
class Course:
    """The line.

    Attributes:
        steps: Training spent on candidates when the hypervolume changed, in dense trainings; first 0, last all of it.
        values: The hypervolume from then on, in 0 .. 1.
        path: The same as an SVG path, in a box of ``width`` x ``height``.
        x_marks, y_marks: Labels of the axes with their places.
        words: What there is to see.
    """

    steps: tuple[float, ...]
    values: tuple[float, ...]
    path: str
    x_marks: tuple[tuple[float, str], ...]
    y_marks: tuple[tuple[float, str], ...]
    words: str
    width: int = _WIDTH
    height: int = _HEIGHT
    left: int = _LEFT
    bottom: int = _HEIGHT - _BOTTOM


def course_of(tables: RunTables) -> Course | None:
    """Return the line of a run; None where its summary has no box, or nothing in it was trained."""
    point, unit = tables.summary.reference_point, tables.summary.cost.dense_train_steps
    names = [name for name in point if name != "error"]
    worst = point.get("error")
    costs = [point[name] for name in names]
    if worst is None or worst <= 0 or not unit or any(cost is None or cost <= 0 for cost in costs):
        return None
    box = Box(worst, np.log([float(cost or 0.0) for cost in costs]))
    steps, values = _growth(tables.trials, box, names)
    if values[-1] <= 0:
        return None
    spent = tuple(step / unit for step in steps)
    return Course(
        spent, tuple(values), _path(spent, values), _x_marks(spent), _y_marks(values), _words(spent, values)
    )


def _growth(trials: tuple[TrialRow, ...], box: Box, names: list[str]) -> tuple[list[int], list[float]]:
    """Return train_steps and hypervolume at the begin, whenever it grew, and at the end."""
    front = np.empty((0, 1 + len(names)))
    spent, steps, values = 0, [0], [0.0]
    for row in trials:
        spent += row.train_steps
        reached = _reached(row, names)
        if reached is None:
            continue
        both = np.vstack([front, reached])
        if not non_dominated(both)[-1]:
            continue
        front = both[non_dominated(both)]
        value = hypervolume(box, front[:, 0], front[:, 1:])
        if value > values[-1]:
            steps.append(spent)
            values.append(value)
    return [*steps, spent], [*values, values[-1]]


def _reached(row: TrialRow, names: list[str]) -> list[float] | None:
    """Return error and logarithms of costs of a candidate that may be on the front; None of any other."""
    error, costs = objective(row, "error"), [row.number(name) for name in names]
    if row.outcome != "trained" or not row.feasible or not row.skilled or error is None or None in costs:
        return None
    return [error, *(math.log(max(cost or 0.0, _LEAST_COST)) for cost in costs)]


def _path(steps: tuple[float, ...], values: list[float]) -> str:
    """Return the steps as a path: flat until the next change, then up."""
    parts = [f"M{_x(steps[0], steps):.1f},{_y(values[0], values):.1f}"]
    parts += [f"H{_x(s, steps):.1f}V{_y(v, values):.1f}" for s, v in zip(steps[1:], values[1:], strict=True)]
    return "".join(parts)


def _x(step: float, steps: tuple[float, ...]) -> float:
    return _LEFT + (_WIDTH - _LEFT - 8) * step / (steps[-1] or 1.0)


def _y(value: float, values: list[float]) -> float:
    return (_HEIGHT - _BOTTOM) - (_HEIGHT - _BOTTOM - 12) * value / max(values)


def _x_marks(steps: tuple[float, ...]) -> tuple[tuple[float, str], ...]:
    return tuple((_x(step, steps), plain(step)) for step in _round_marks(steps[-1]))


def _y_marks(values: list[float]) -> tuple[tuple[float, str], ...]:
    return tuple((_y(mark / 100, values), f"{mark:g} %") for mark in _round_marks(100 * max(values)))


def _round_marks(most: float) -> list[float]:
    """Return four to nine round numbers from 0 to ``most``."""
    power = 10.0 ** math.floor(math.log10(most or 1.0))
    size = next(size for size in (0.2, 0.5, 1.0, 2.0) if most / (size * power) < 8) * power
    return [round(k * size, 9) for k in range(int(most / size + 1e-9) + 1)]


def _words(steps: tuple[float, ...], values: list[float]) -> str:
    """Say when most of it was reached."""
    half, most = (
        next(s for s, v in zip(steps, values, strict=True) if v >= share * values[-1]) for share in (0.5, 0.9)
    )
    return (
        f"After {plain(steps[-1])} dense trainings spent on candidates the search had {100 * values[-1]:.1f} %; "
        f"half of that after {plain(half)}, nine tenths after {plain(most)}."
    )
