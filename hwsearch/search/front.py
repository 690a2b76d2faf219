"""The Pareto front: which rows are dominated by none. All objectives are minimised.

A search's front is of networks that are of use: a smallest one that hardly knows anything is on every Pareto front, and
would be trained with every fresh seed for nobody.
"""

from __future__ import annotations

from collections.abc import Sequence

import moocore
import numpy as np

from hwsearch.search.plan import Plan, cycles_of
from hwsearch.search.records import TrialRecord
from hwsearch.study.model import Study


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


def hypervolume(values: np.ndarray, reference: np.ndarray) -> float:
    """Return the share of the box [0, reference] that the rows dominate, in [0, 1].

    Args:
        values: [n, objectives], minimised, not negative.
        reference: [objectives], positive: what a useless candidate costs.

    Raises:
        ValueError: A value is not finite.
    """
    values = np.asarray(values, float) / reference
    if not np.isfinite(values).all():
        raise ValueError("a hypervolume takes finite values only")
    inside = values[(values < 1).all(1)] if len(values) else values
    if len(inside) == 0:
        return 0.0
    return float(moocore.hypervolume(inside, ref=np.ones(values.shape[1])))


_EARLY_SLACK = 0.07
"""Accuracy that a quarter of the epochs may lack to all of them (mixes of the tabular benchmark: 0.05 in the mean)."""


def front_records(plan: Plan, records: Sequence[TrialRecord], dense_error: float) -> list[TrialRecord]:
    """Return the records on the Pareto front: trained, within every budget, dominated by none, and of use.

    Where none is of use, all that are dominated by none: the best so far.
    """
    eligible = [r for r in records if r.outcome == "trained" and r.feasible]
    if not eligible:
        return []
    values = np.array([r.objectives(plan.study.objectives) for r in eligible])
    front = [r for r, on_front in zip(eligible, non_dominated(values), strict=True) if on_front]
    worst = worst_of(plan, dense_error)
    return [r for r in front if 1.0 - (r.accuracy_val or 0.0) < worst] or front


def worst_of(plan: Plan, dense_error: float, *, in_full: bool = False) -> float:
    """Return the error from which on a network is of no use: by ``search.worth``, or the pick's if that takes more.

    Args:
        plan: The question.
        dense_error: Of the dense network.
        in_full: Whether of a network that was trained in full, though the search trains in part.
    """
    return worst_error(plan.study, dense_error, in_full=in_full)


def worst_error(study: Study, dense_error: float, *, in_full: bool = False) -> float:
    """Return what `worst_of` does, of a study: the device does not matter."""
    pick = study.pick
    lost = max(study.search.worth, pick.within or 0.0)
    wanted = 0.0 if pick.min_accuracy is None else 1.0 - pick.min_accuracy
    slack = 0.0 if in_full or sum(cycles_of(study)) == study.train.epochs else _EARLY_SLACK
    return min(1.0, max(dense_error + lost, wanted) + slack)
