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
EARLY = {
    "50": "50 %",
    "70": "70 %",
    "80": "80 %",
    "85": "85 %",
}  # of the hypervolume, where parts are compared
OURS = ("hwsearch", "less_early")
RIVALS = ("tpe", "tpe_400", "gp", "gp_200")
WHOLE = "less_early_time"  # what the parts are taken from
PARTS = ("less_early", "less_similarity", "placebo", "less_rungs", "less_ranking")
DRAWS = 4000

Run = dict[str, Any]
Costs = dict[str, dict[int, float]]  # contestant -> seed -> full trainings


def standings(world: str, runs: Sequence[Run], names: Sequence[str] | None = None) -> str:
    """Return markdown tables of the runs of a world; of all contestants or those named.

    First what each contestant needs, then ours in ratios to the rivals, then what a part less costs.
    """
    ours = (*OURS, WHOLE, *PARTS)
    present = sorted(
        {own["contestant"] for own in runs},
        key=lambda name: (ours.index(name) if name in ours else len(ours), name),
    )
    shown = [name for name in present if names is None or name in names]
    lines = [f"### {world}", "", *_needs(runs, shown)]
    pairs = [(own, rival) for own in OURS for rival in RIVALS if own in shown and rival in present]
    if pairs:
        lines += ["", *_against("ours / rival", runs, pairs, TARGETS)]
    parts = [(part, WHOLE) for part in PARTS if part in shown and WHOLE in present]
    if parts:
        lines += ["", *_against("less a part / whole", runs, parts, EARLY | TARGETS)]
    return "\n".join(lines) + "\n"


def _needs(runs: Sequence[Run], shown: Sequence[str]) -> list[str]:
    """Return the table of what each contestant needs."""
    heads = ["contestant", "seeds", "share at the end", *(f"{label} (never)" for label in TARGETS.values())]
    lines = _head(heads)
    for name in shown:
        own = [run for run in runs if run["contestant"] == name]
        row = [name, str(len(own)), f"{np.median([run['share'] for run in own]):.1f} %"]
        row += [_cost(list(_costs(own, target)[name].values())) for target in TARGETS]
        lines.append(f"| {' | '.join(row)} |")
    return lines


def _against(
    title: str, runs: Sequence[Run], pairs: Sequence[tuple[str, str]], targets: dict[str, str]
) -> list[str]:
    """Return a table of paired ratios."""
    spent: Costs = {}
    for run in runs:
        spent.setdefault(run["contestant"], {})[run["seed"]] = run["steps"] / run["full_steps"]
    lines = _head([title, "seeds", *targets.values()])
    for name, rival in pairs:
        row = [f"{name} / {rival}", str(len(spent[name].keys() & spent[rival].keys()))]
        row += [_ratio(_costs(runs, target), spent, name, rival) for target in targets]
        lines.append(f"| {' | '.join(row)} |")
    return lines


def _head(heads: Sequence[str]) -> list[str]:
    return [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]


def _costs(runs: Sequence[Run], target: str) -> Costs:
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
