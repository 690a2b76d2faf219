"""What the runs of a world show, as a table: medians over seeds and ratios paired by seed, with bootstrap intervals.

A run that never reached something costs infinitely much there: it stays in every median and every ratio. A ratio is of
one seed's two runs. A rival that never reached it counts with all that it spent, so that the ratio is at most what is
shown; where neither reached it, the ratio is 1 (nothing told them apart).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

TARGETS = {"90": "90 %", "95": "95 %", "model": "model"}
RIVALS = ("tpe", "gp", "tpe_400", "gp_200", "less_early_time")
DRAWS = 4000

Costs = dict[str, dict[int, float]]  # contestant -> seed -> full trainings


def standings(world: str, runs: Sequence[dict[str, Any]], names: Sequence[str] | None = None) -> str:
    """Return a markdown table of the runs of a world; of all contestants or those named (and their rivals)."""
    present = list(dict.fromkeys(own["contestant"] for own in runs))
    shown = [name for name in present if names is None or name in names]
    rivals = [name for name in RIVALS if name in present]
    heads = ["contestant", "seeds", "share at the end", *(f"{label} (never)" for label in TARGETS.values())]
    heads += [f"{label}: / {rival}" for rival in rivals for label in TARGETS.values()]
    costs = {target: _costs(runs, target) for target in TARGETS}
    spent: Costs = {}
    for run in runs:
        spent.setdefault(run["contestant"], {})[run["seed"]] = run["steps"] / run["full_steps"]
    lines = [f"### {world}", "", f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for name in shown:
        own = [run for run in runs if run["contestant"] == name]
        row = [name, str(len(own)), f"{np.median([run['share'] for run in own]):.1f} %"]
        row += [_cost(list(costs[target][name].values())) for target in TARGETS]
        row += [
            "1" if rival == name else _ratio(costs[target], spent, name, rival)
            for rival in rivals
            for target in TARGETS
        ]
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines) + "\n"


def _costs(runs: Sequence[dict[str, Any]], target: str) -> Costs:
    costs: Costs = {}
    for run in runs:
        steps = run["model"] if target == "model" else run["reached"].get(target)
        cost = np.inf if steps is None else steps / run["full_steps"]
        costs.setdefault(run["contestant"], {})[run["seed"]] = cost
    return costs


def _cost(costs: list[float]) -> str:
    never = sum(np.isinf(costs))
    return f"{_interval(costs, 1)} ({never})" if never else _interval(costs, 1)


def _ratio(costs: Costs, spent: Costs, name: str, rival: str) -> str:
    """Return the median over the seeds that both ran."""
    ratios = []
    for seed in sorted(costs[name].keys() & costs[rival].keys()):
        own, other = costs[name][seed], costs[rival][seed]
        if np.isinf(other):
            ratios.append(1.0 if np.isinf(own) else own / spent[rival][seed])
        else:
            ratios.append(own / other)
    return _interval(ratios, 2)


def _interval(values: Sequence[float], digits: int) -> str:
    """Return the median and its 95 % bootstrap interval."""
    if not values:
        return ""
    own = np.array(values)
    drawn = own[np.random.default_rng(0).integers(len(own), size=(DRAWS, len(own)))]
    medians = np.sort(_median(drawn))
    low, high = medians[int(0.025 * DRAWS)], medians[int(0.975 * DRAWS)]
    return f"{_spelt(_median(own[None])[0], digits)} [{_spelt(low, digits)}, {_spelt(high, digits)}]"


def _median(values: np.ndarray) -> np.ndarray:
    """Return the median of each row; infinite where half of it is."""
    own = np.sort(values, 1)
    n = own.shape[1]
    middle: np.ndarray = (own[:, (n - 1) // 2] + own[:, n // 2]) / 2
    return middle


def _spelt(value: float, digits: int) -> str:
    return "never" if np.isinf(value) else f"{value:.{digits}f}"
