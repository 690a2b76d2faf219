"""Which member of a front is handed over."""

from __future__ import annotations

import pandas as pd

from hwsearch.errors import Fault, InputError

_SMALLEST = {"smallest": "memory_bytes", "frugal": "energy_j"}


def pick_row(
    front: pd.DataFrame,
    rule: str,
    dense_accuracy: float,
    within: float | None = None,
    min_accuracy: float | None = None,
) -> pd.Series | None:
    """Return the row that the rule picks, by validation accuracy; None when none is accurate enough.

    Args:
        front: front.csv.
        rule: ``smallest`` (memory), ``frugal`` (energy; memory where that is unknown) or ``accurate``.
        dense_accuracy: Validation accuracy of the dense reference.
        within: Accuracy that may be lost against it.
        min_accuracy: Accuracy needed, instead.

    Raises:
        InputError: The rule is unknown, or neither or both tolerances are given.
    """
    if rule not in ("smallest", "frugal", "accurate"):
        raise InputError([Fault("pick.rule", "a rule must be smallest, frugal or accurate", rule)])
    if (within is None) == (min_accuracy is None):
        law = "exactly one of within and min_accuracy must be given"
        raise InputError([Fault("pick", law, f"within {within}, min_accuracy {min_accuracy}")])
    floor = min_accuracy if min_accuracy is not None else dense_accuracy - (within or 0.0)
    # accuracies are counts over a split: a hair's breadth of rounding must not decide
    fit = front[front["accuracy_val"] >= floor - 1e-9]
    if fit.empty:
        return None
    if rule == "accurate":
        return fit.sort_values(["accuracy_val", "memory_bytes", "trial"], ascending=[False, True, True]).iloc[
            0
        ]
    column = _SMALLEST[rule]
    if fit[column].isna().all():
        column = "memory_bytes"
    return fit.sort_values([column, "accuracy_val", "trial"], ascending=[True, False, True]).iloc[0]
