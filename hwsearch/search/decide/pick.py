"""Which member of a front is handed over."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from hwsearch.errors import Fault, InputError
from hwsearch.predict.surrogate import chances_below
from hwsearch.records.front import trained_members

_SMALLEST = {"smallest": "memory_bytes", "frugal": "energy_j"}


def pick_row(
    front: pd.DataFrame,
    rule: str,
    dense_score: float,
    within: float | None = None,
    min_score: float | None = None,
    chance: float | None = None,
) -> pd.Series | None:
    """Return the row that the rule picks, by the study's score on validation; None when none is accurate enough.

    What is foretold is not picked: there is no network of it.

    Args:
        front: front.csv.
        rule: ``smallest`` (memory), ``frugal`` (energy; memory where that is unknown) or ``accurate``.
        dense_score: Of the dense reference, on validation.
        within: Score that may be lost against it.
        min_score: Score needed, instead.
        chance: That its score is below that, by what all trainings tell: at most; None: its mean decides.

    Raises:
        InputError: The rule is unknown, neither or both tolerances are given, or a chance where none was told.
    """
    if rule not in ("smallest", "frugal", "accurate"):
        raise InputError([Fault("pick.rule", "a rule must be smallest, frugal or accurate", rule)])
    if (within is None) == (min_score is None):
        law = "exactly one of within and min_accuracy (or min_score) must be given"
        raise InputError([Fault("pick", law, f"within {within}, needed {min_score}")])
    floor = min_score if min_score is not None else dense_score - (within or 0.0)
    (row,) = picked_rows(front, rule, [floor], chance)
    return row


def picked_rows(
    front: pd.DataFrame, rule: str, floors: Sequence[float], chance: float | None
) -> list[pd.Series | None]:
    """Return what `pick_row` picks at each of several scores that are needed.

    Raises:
        InputError: A chance is asked where none was told.
    """
    trained = trained_members(front)
    if trained.empty:
        return [None] * len(floors)
    score = score_column(front)
    scores, known = trained[score].to_numpy(float), np.ones(len(trained), bool)
    best = smallest = _order(trained, ["memory_bytes", score, "trial"], [True, False, True])
    if rule == "accurate":
        best = _order(trained, [score, "memory_bytes", "trial"], [False, True, True])
    elif trained[_SMALLEST[rule]].notna().any():
        known = trained[_SMALLEST[rule]].notna().to_numpy()
        best = _order(trained, [_SMALLEST[rule], score, "trial"], [True, False, True])
    picked: list[pd.Series | None] = []
    for floor in floors:
        # scores are counts over a split: a hair's breadth of rounding must not decide
        fit = scores >= floor - 1e-9 if chance is None else chances_of(trained, floor).to_numpy() <= chance
        order = best if (fit & known).any() else smallest
        places = order[fit[order]]
        picked.append(trained.iloc[places[0]] if len(places) else None)
    return picked


def _order(trained: pd.DataFrame, columns: list[str], ascending: list[bool]) -> np.ndarray:
    """Return the places of rows, the best first."""
    return np.asarray(trained.reset_index(drop=True).sort_values(columns, ascending=ascending).index)


def chances_of(front: pd.DataFrame, floor: float) -> pd.Series:
    """Return the chance of each row that its recipe's score, in the mean over fresh splits and seeds, is below a floor.

    Args:
        front: front.csv.
        floor: The score needed.

    Raises:
        InputError: The run did not tell what it knows of its recipes.
    """
    if "believed" not in front or front["believed"].isna().all():
        law, todo = (
            "a chance can be asked of a run that tells what it knows of its recipes",
            "run the study anew",
        )
        raise InputError([Fault("pick.chance", law, "a front.csv without the column believed", todo)])
    chances = chances_below(front["believed"].to_numpy(float), front["believed_sd"].to_numpy(float), floor)
    return pd.Series(chances, front.index).fillna(1.0)


def score_column(front: pd.DataFrame) -> str:
    """Return the column of the study's score on validation: that of accuracy, where there is no other."""
    return "score_val" if "score_val" in front else "accuracy_val"
