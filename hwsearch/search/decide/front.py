"""The Pareto front: which rows are dominated by none. All objectives are minimised.

A search's front is of networks that are of use: a smallest one that hardly knows anything is on every Pareto front, and
would be trained with every fresh seed for nobody.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import moocore
import numpy as np

from hwsearch.plan.fidelity import rung_epochs
from hwsearch.plan.plan import Plan
from hwsearch.records.trials import CostFields, TrialRecord, objective_values
from hwsearch.study.model import Study

_LEAST_COST = 1e-12
SPAN = math.log(1e4)
"""Costs count from a ten-thousandth of the dense network's: less has no candidate that is of use."""


def non_dominated(values: np.ndarray) -> np.ndarray:
    """Return which rows no other row dominates: [n] booleans. Equal rows do not dominate each other.

    Args:
        values: [n, objectives], all to be minimised.

    Raises:
        ValueError: A value is not finite: a failure is never a number, and NaN would dominate nothing and
            be dominated by nothing.
    """
    values = np.asarray(values, float)
    if values.size == 0:
        return np.zeros(len(values), bool)
    if not np.isfinite(values).all():
        rows = np.flatnonzero(~np.isfinite(values).all(1)).tolist()
        raise ValueError(f"a front takes finite values only; rows {rows} are not")
    mask: np.ndarray = moocore.is_nondominated(values, keep_weakly=True)
    return mask


@dataclass(frozen=True, eq=False)
class Box:
    """What hypervolume is counted in: errors, and logarithms of costs (to save a half is worth the same everywhere).

    Attributes:
        worst: The largest error that is of use.
        most: [C] logarithms of the largest costs that are.
        span: How far below these the logarithms reach; what costs less counts as if it cost so much.
    """

    worst: float
    most: np.ndarray
    span: float = SPAN

    @property
    def volume(self) -> float:
        """What networks without error at the least costs dominate: all of it."""
        return float(self.worst * self.span ** len(self.most))


def hypervolume(box: Box, errors: np.ndarray, costs: np.ndarray) -> float:
    """Return the share of a box that networks dominate, in [0, 1]: the one measure of search, summary and benches.

    Args:
        box: What is of use (`box_of`: of a study).
        errors: [n].
        costs: [n, C] logarithms.

    Raises:
        ValueError: A value is not finite.
    """
    values = np.column_stack([errors, np.maximum(costs, box.most - box.span)]).astype(float)
    if not np.isfinite(np.column_stack([errors, costs])).all():
        raise ValueError("a hypervolume takes finite values only")
    inside = values[(values < [box.worst, *box.most]).all(1)]
    if len(inside) == 0:
        return 0.0
    return float(moocore.hypervolume(inside, ref=np.array([box.worst, *box.most]))) / box.volume


_EARLY_SLACK = 0.07
"""Score that a quarter of the epochs may lack to all of them (mixes of the tabular benchmark: 0.05 in the mean)."""


def front_records(plan: Plan, records: Sequence[TrialRecord], dense_error: float) -> list[TrialRecord]:
    """Return the records on the Pareto front: eligible (`TrialRecord`), dominated by none, and of use.

    Where none is of use, all that are dominated by none: the best so far.
    """
    eligible = [r for r in records if r.eligible]
    if not eligible:
        return []
    values = np.array([r.objectives(plan.study.objectives) for r in eligible])
    front = [r for r, on_front in zip(eligible, non_dominated(values), strict=True) if on_front]
    worst = worst_of(plan, dense_error)
    return [r for r in front if 1.0 - (r.score or 0.0) < worst] or front


def on_final_front(plan: Plan, reached: Sequence[tuple[float, CostFields]], dense_error: float) -> list[bool]:
    """Return which networks that were trained in full are of use and dominated by no other.

    Where none is of use, which are dominated by none.

    Args:
        plan: The question.
        reached: Score and costs of each.
        dense_error: Of the dense reference under the same protocol.
    """
    worst, names = worst_of(plan, dense_error, in_full=True), plan.study.objectives
    useful = [1.0 - score < worst for score, _ in reached]
    useful = useful if any(useful) else [True] * len(reached)
    values = [objective_values(names, score, cost) for score, cost in reached]
    dominated = np.ones(len(reached), bool)
    if reached:
        dominated[useful] = ~non_dominated(np.array(values)[useful])
    return (~dominated).tolist()


def worst_of(plan: Plan, dense_error: float, *, in_full: bool = False) -> float:
    """Return the error from which on a network is of no use, by ``search.worth``.

    The pick has no say: it may be changed when the search is over. What is no better than always
    answering the largest class is of no use to any study.

    Args:
        plan: The question.
        dense_error: Of the dense network.
        in_full: Whether of a network that was trained in full, though the search trains in part.
    """
    return min(1.0 - plan.constant_score, worst_error(plan.study, dense_error, in_full=in_full))


def worst_error(study: Study, dense_error: float, *, in_full: bool = False) -> float:
    """Return what `worst_of` does, of a study alone: neither the device nor the data matter."""
    slack = 0.0 if in_full or sum(rung_epochs(study)) == study.train.epochs else _EARLY_SLACK
    return dense_error + study.search.worth + slack


def box_of(plan: Plan, dense_cost: CostFields, dense_error: float, *, in_full: bool = False) -> Box:
    """Return what is of use to a study.

    Args:
        plan: The question.
        dense_cost: Of the dense network, by column.
        dense_error: Of the dense network.
        in_full: Whether of networks that were trained in full, though the search trains in part.
    """
    (most,) = log_costs(plan, [dense_cost])
    return Box(worst_of(plan, dense_error, in_full=in_full), most)


def cost_names(plan: Plan) -> list[str]:
    """Return the objectives that are costs."""
    return [name for name in plan.study.objectives if name != "error"]


def log_costs(plan: Plan, costs: Sequence[CostFields]) -> np.ndarray:
    """Return logarithms [N, C] of the objectives that are costs."""
    names = cost_names(plan)
    rows = np.array([raw_costs(names, fields) for fields in costs])
    return logarithms(rows.reshape(len(costs), len(names)))


def raw_costs(names: Sequence[str], fields: CostFields) -> list[float]:
    """Return the costs of these names."""
    return [float(fields[name] or 0.0) for name in names]


def logarithms(costs: np.ndarray) -> np.ndarray:
    """Return the logarithms of costs, of none that of the least that counts."""
    return np.asarray(np.log(np.maximum(costs, _LEAST_COST)))
