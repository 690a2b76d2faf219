"""Which member of a front is handed over."""

from __future__ import annotations

import pandas as pd

from hwsearch.errors import Fault, InputError
from hwsearch.records.front import trained_members

_SMALLEST = {"smallest": "memory_bytes", "frugal": "energy_j"}


def pick_row(
    front: pd.DataFrame,
    rule: str,
    dense_score: float,
    within: float | None = None,
    min_score: float | None = None,
) -> pd.Series | None:
    """Return the row that the rule picks, by the study's score on validation; None when none is accurate enough.

    What is foretold is not picked: there is no network of it.

    Args:
        front: front.csv.
        rule: ``smallest`` (memory), ``frugal`` (energy; memory where that is unknown) or ``accurate``.
        dense_score: Of the dense reference, on validation.
        within: Score that may be lost against it.
        min_score: Score needed, instead.

    Raises:
        InputError: The rule is unknown, or neither or both tolerances are given.
    """
    if rule not in ("smallest", "frugal", "accurate"):
        raise InputError([Fault("pick.rule", "a rule must be smallest, frugal or accurate", rule)])
    if (within is None) == (min_score is None):
        law = "exactly one of within and min_accuracy (or min_score) must be given"
        raise InputError([Fault("pick", law, f"within {within}, needed {min_score}")])
    floor = min_score if min_score is not None else dense_score - (within or 0.0)
    score = score_column(front)
    # scores are counts over a split: a hair's breadth of rounding must not decide
    trained = trained_members(front)
    fit = trained[trained[score] >= floor - 1e-9]
    if fit.empty:
        return None
    if rule == "accurate":
        return fit.sort_values([score, "memory_bytes", "trial"], ascending=[False, True, True]).iloc[0]
    column = _SMALLEST[rule]
    if fit[column].isna().all():
        column = "memory_bytes"
    return fit.sort_values([column, score, "trial"], ascending=[True, False, True]).iloc[0]


def score_column(front: pd.DataFrame) -> str:
    """Return the column of the study's score on validation: that of accuracy, where there is no other."""
    return "score_val" if "score_val" in front else "accuracy_val"
